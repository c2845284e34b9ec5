// The limits of `g6 bench cycle`.
//
// A cycle is too long when both its time and its processor time are. Time alone proves nothing: on a busy machine a cycle waits
// for the processor. Processor time alone includes the compiler, which works on other cores.
import { complaintsOf } from '../output.js'
import type { CycleFigures } from './run.js'

type Judged = Pick<CycleFigures, 'p95_ms' | 'cycle_cpu_p95_ms' | 'hit_ratio'>
type Bounds = { readonly benchMaxP95Ms: number; readonly benchMinHitRatio: number }

export function cycleComplaints(report: Judged, bounds: Bounds): readonly string[] {
  const p95Ms = Math.min(report.p95_ms, report.cycle_cpu_p95_ms)
  return complaintsOf([
    {
      name: 'p95, the less of time and processor time',
      value: p95Ms,
      limit: bounds.benchMaxP95Ms,
      unit: 'ms',
    },
    { name: 'hit ratio', value: report.hit_ratio, limit: bounds.benchMinHitRatio, isLeast: true },
  ])
}
