// The benchmarks: how long they run and what they must reach.
import { int, number } from '../kinds/numbers.js'
import { bool } from '../kinds/words.js'
import { group } from '../setting.js'

export const bench = group('bench', 'The benchmarks: how long they run and what they must reach.', {
  G6_BENCH_SKIP: bool(false, {
    about: 'Skips the benchmarks.',
  }),
  G6_BENCH_WARMUP: int(500, {
    min: 0,
    max: 1_000_000,
    unit: 'cycles',
    about: 'Cycles that `g6 bench cycle` runs before it counts.',
  }),
  G6_BENCH_MEASURE: int(200, {
    min: 1,
    max: 1_000_000,
    unit: 'cycles',
    about: 'Cycles that `g6 bench cycle` counts.',
  }),
  G6_BENCH_MAX_P95_MS: number(150, {
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    about: 'The limit for the 95th percentile of a cycle, in time and in processor time.',
  }),
  G6_BENCH_MIN_HIT_RATIO: number(0.3, {
    min: 0,
    max: 1,
    about: 'The lowest hit ratio.',
  }),
})
