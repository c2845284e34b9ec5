// How settings themselves are judged.
import { bool } from '../kinds/words.js'
import { group } from '../setting.js'

export const strictness = group('strictness', 'How settings themselves are judged.', {
  G6_CONFIG_LENIENT: bool(false, {
    failsOpen: true,
    about:
      'Takes the default, with a warning, where a value cannot be used; never for secrets and allow lists.',
  }),
  G6_STRICT_DEPRECATIONS: bool(false, {
    failsOpen: true,
    about: 'Makes an error at start of every warning about a deprecated or retired name.',
  }),
})
