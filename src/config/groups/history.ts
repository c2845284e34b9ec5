// What is remembered, and for how long.
import { bytes, int } from '../kinds/numbers.js'
import { path } from '../kinds/words.js'
import { group } from '../setting.js'

export const history = group('history', 'What a server remembers, and for how long.', {
  G6_HISTORY_DB: path(null, {
    about:
      'The file that keeps minutes of all numbers and the verdict log over a restart, one server a file; unset = only 15 minutes, in memory.',
  }),
  G6_HISTORY_DAYS: int(7, {
    min: 1,
    max: 3_650,
    unit: 'days',
    about: 'Minutes that are older are removed from G6_HISTORY_DB.',
  }),
  G6_HISTORY_MAX_BYTES: bytes(256 * 1024 ** 2, {
    min: 4 * 1024 ** 2,
    max: 64 * 1024 ** 3,
    about: 'The largest size of G6_HISTORY_DB; the oldest minutes go first. 512 series take 20 MB a day.',
  }),
})
