// What is measured.
import { bool } from '../kinds/words.js'
import { group } from '../setting.js'

export const metrics = group('metrics', 'What is measured.', {
  G6_UNIFIED_METRICS: bool(true, {
    about: 'Keeps metrics and serves /metrics.',
  }),
  G6_SSE_METRICS_EXTENDED: bool(true, {
    about: 'Keeps histograms as well.',
  }),
  G6_FACT_GAUGES: bool(false, {
    about: 'Exports the numbers of the board as g6_fact{id}, at most 512.',
  }),
})
