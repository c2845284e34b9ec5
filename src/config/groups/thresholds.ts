// The values from which something is a warning or an error.
import { numbersByName } from '../kinds/json.js'
import { millis, number } from '../kinds/numbers.js'
import { choice } from '../kinds/words.js'
import { group } from '../setting.js'

const percent = { min: 0, max: 100, unit: '%', reload: true } as const
const megabytes = { min: 0, max: 1_000_000_000, unit: 'MB', reload: true } as const

export const thresholds = group('thresholds', 'The values from which something is a warning or an error.', {
  G6_SUMMARY_THRESH_OVERRIDES: numbersByName({
    reload: true,
    about: 'Thresholds by name, as a JSON object; they override all other settings.',
  }),
  G6_DQ_WARN_THRESHOLD: number(85, { ...percent, about: 'Data quality below this is a warning.' }),
  G6_DQ_ERROR_THRESHOLD: number(70, { ...percent, about: 'Data quality below this is an error.' }),
  G6_MEMORY_LEVEL1_MB: number(200, { ...megabytes, about: 'Memory from here on is level 1.' }),
  G6_MEMORY_LEVEL2_MB: number(300, { ...megabytes, about: 'Memory from here on is level 2.' }),
  G6_MEMORY_LEVEL3_MB: number(500, { ...megabytes, about: 'Memory from here on is level 3.' }),
  G6_PROVIDER_LAT_WARN_MS: number(400, {
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    reload: true,
    about: 'Provider latency from here on is a warning.',
  }),
  G6_PROVIDER_LAT_ERR_MS: number(800, {
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    reload: true,
    about: 'Provider latency from here on is an error.',
  }),
  G6_SUMMARY_BACKOFF_BADGE_MS: millis(120_000, {
    min: 0,
    reload: true,
    about: 'How long after a provider’s last backoff its badge is shown.',
  }),
  G6_STALENESS: choice('market', {
    of: ['market', 'always'],
    reload: true,
    about: 'When an old status is stale: market = not while the market is closed, always = at any time.',
  }),
  G6_SUMMARY_CHURN_WARN_RATIO: number(0.4, {
    min: 0,
    max: 1,
    reload: true,
    about: 'A cycle in which at least this share of the panels changed counts as high churn.',
  }),
})
