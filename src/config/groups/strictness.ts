// How strictly settings are checked.
import { bool } from '../kinds/words.js'
import { group } from '../setting.js'

export const strictness = group('strictness', 'How strictly settings are checked.', {
  G6_CONFIG_LENIENT: bool(false, {
    failsOpen: true,
    about:
      'Uses the default, with a warning, when a value cannot be used; never for secrets and allow lists.',
  }),
  G6_STRICT_DEPRECATIONS: bool(false, {
    failsOpen: true,
    about: 'Makes every warning about a deprecated or retired name an error at start.',
  }),
})
