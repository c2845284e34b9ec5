// Whether a run of `g6 bench cycle` is within its bounds.
//
// A cycle is too long when it takes too long and has the processor for too long. Time alone proves nothing: on a busy
// machine a cycle waits for its turn. Processor time alone has the compiler in it, which works on other cores.
import type { CycleFigures } from './run.js'

type Judged = Pick<CycleFigures, 'p95_ms' | 'cycle_cpu_p95_ms' | 'hit_ratio'>
type Bounds = { readonly benchMaxP95Ms: number; readonly benchMinHitRatio: number }

/** What is over or under its bound, in words; empty when nothing is. */
export function cycleComplaints(report: Judged, bounds: Bounds): readonly string[] {
  const { p95_ms, cycle_cpu_p95_ms, hit_ratio } = report
  const { benchMaxP95Ms, benchMinHitRatio } = bounds
  const times = `${p95_ms.toFixed(2)} ms, ${cycle_cpu_p95_ms.toFixed(2)} ms of them on the processor`
  return [
    ...(Math.min(p95_ms, cycle_cpu_p95_ms) > benchMaxP95Ms
      ? [`p95 is ${times}, the bound is ${benchMaxP95Ms} ms`]
      : []),
    ...(hit_ratio < benchMinHitRatio
      ? [`the hit ratio is ${hit_ratio.toFixed(2)}, the bound is ${benchMinHitRatio}`]
      : []),
  ]
}
