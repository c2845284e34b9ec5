// What goes wrong in the scenario `faults`, and when: a timetable that repeats every 32 steps, so that whoever waits for a
// fault knows how long. Every fault lasts long enough to be seen, and a good document follows it.

const PERIOD_STEPS = 32

export type FaultKind = 'half_written' | 'pause' | 'delete' | 'restart'

/** Step of the period → what happens in it; `pause` is also how long a fault stays. */
const TIMETABLE: ReadonlyMap<number, FaultKind> = new Map([
  [6, 'half_written'],
  [7, 'pause'],
  [12, 'pause'],
  [13, 'pause'],
  [14, 'pause'],
  [15, 'pause'],
  [16, 'pause'],
  [22, 'delete'],
  [23, 'pause'],
  [28, 'restart'],
])

/** The fault of step `n` (from 0), or null. */
export function faultAt(n: number): FaultKind | null {
  return TIMETABLE.get(n % PERIOD_STEPS) ?? null
}
