// History: the numbers that are kept, and the file of G6_HISTORY_DB.
import { counter, gauge } from '../declare.js'

const absent = { absentAtFirst: true } as const

export const historyMetrics = {
  g6_history_series: gauge(
    'Numbers of the board that history keeps; absent where nothing is served.',
    absent,
  ),
  g6_history_db_bytes: gauge('The size of G6_HISTORY_DB; absent without one.', absent),
  g6_history_db_limit_bytes: gauge('G6_HISTORY_MAX_BYTES; absent without G6_HISTORY_DB.', absent),
  g6_history_lag_seconds: gauge(
    'Since minutes were stored in G6_HISTORY_DB: about 60 at most while it can be written; absent without one.',
    absent,
  ),
  g6_history_errors_total: counter('Failures of G6_HISTORY_DB, by what was tried.', {
    labels: { what: ['open', 'write', 'read'] },
  }),
  g6_history_lost_total: counter('Minutes that could not be stored in time.'),
} as const
