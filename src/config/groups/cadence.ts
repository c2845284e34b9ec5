// How often the board is refreshed, and when the program ends by itself.
import { int, seconds } from '../kinds/numbers.js'
import { group } from '../setting.js'

export const cadence = group(
  'cadence',
  'How often the board is refreshed, and when the program ends by itself.',
  {
    G6_SUMMARY_REFRESH_SEC: seconds(1, {
      flag: '--refresh',
      alias: [{ name: 'G6_MASTER_REFRESH_SEC', deprecated: 'use G6_SUMMARY_REFRESH_SEC' }],
      about: 'The longest time between two cycles; a changed status starts one at once.',
    }),
    G6_SUMMARY_META_REFRESH_SEC: seconds(15, {
      about: 'The shortest time between two changes of the links and metadata panels.',
    }),
    G6_SUMMARY_RES_REFRESH_SEC: seconds(15, {
      about: 'The shortest time between two changes of the resources panel.',
    }),
    G6_SUMMARY_MAX_CYCLES: int(0, {
      min: 0,
      max: 1_000_000_000,
      unit: 'intervals',
      flag: '--cycles',
      about:
        'Ends after this many refresh intervals (a busy status starts several cycles in one); 0 = no end.',
    }),
    G6_SUMMARY_MAX_SECONDS: seconds(0, {
      min: 0,
      max: 315_360_000,
      flag: '--max-seconds',
      about: 'Ends after this many seconds; 0 = no end.',
    }),
  },
)
