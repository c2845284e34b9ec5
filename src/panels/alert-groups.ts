// The newest alerts, the same one said once: alerts with the same component and message within 60 s of the newest of
// them are one group, shown at its newest time and with its worst level. A message that keeps coming is so shown once
// a minute, not once for ever.
import type { Alert, AlertLevel } from '../snapshot/snapshot.js'

export const SAME_WITHIN_MS = 60_000

export type AlertGroup = Alert & {
  readonly times: number
  /** How many of each level are in it. */
  readonly levels: Readonly<Record<AlertLevel, number>>
}

const NONE = { critical: 0, warn: 0, info: 0 }
const WORST_FIRST: readonly AlertLevel[] = ['critical', 'warn', 'info']

/** Alerts without a time are the same when their text is: nothing says they are apart. */
function together(newest: Alert, older: Alert): boolean {
  if (newest.atMs === null || older.atMs === null) return newest.atMs === older.atMs
  return newest.atMs - older.atMs <= SAME_WITHIN_MS
}

function joined(group: AlertGroup, { level }: Alert): AlertGroup {
  const levels = { ...group.levels, [level]: group.levels[level] + 1 }
  const worst = WORST_FIRST.find(known => levels[known] > 0) ?? group.level
  return { ...group, level: worst, levels, times: group.times + 1 }
}

/** At most `max` groups, newest first, of alerts that are newest first. */
export function alertGroups(alerts: readonly Alert[], max: number): readonly AlertGroup[] {
  const groups: AlertGroup[] = []
  const latest = new Map<string, number>()
  for (const alert of alerts) {
    const key = `${alert.component ?? ''}\u0000${alert.message}`
    const at = latest.get(key)
    const group = at === undefined ? undefined : groups[at]
    if (at !== undefined && group !== undefined && together(group, alert)) {
      groups[at] = joined(group, alert)
    } else if (groups.length < max) {
      latest.set(key, groups.length)
      groups.push({ ...alert, times: 1, levels: { ...NONE, [alert.level]: 1 } })
    }
  }
  return groups
}
