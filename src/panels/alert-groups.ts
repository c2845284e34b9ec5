// The newest alerts, the same one said once: alerts with the same component and message within 60 s of the newest of
// them are one group, shown at its newest time and with its worst level. A message that keeps coming is so shown once
// a minute, not once for ever.
import type { Alert, AlertLevel } from '../snapshot/snapshot.js'

export const SAME_WITHIN_MS = 60_000

export type AlertGroup = Alert & { readonly times: number }

const WORST_FIRST: readonly AlertLevel[] = ['critical', 'warn', 'info']

function worse(a: AlertLevel, b: AlertLevel): AlertLevel {
  return WORST_FIRST.indexOf(a) <= WORST_FIRST.indexOf(b) ? a : b
}

/** Alerts without a time are the same when their text is: nothing says they are apart. */
function together(newest: Alert, older: Alert): boolean {
  if (newest.atMs === null || older.atMs === null) return newest.atMs === older.atMs
  return newest.atMs - older.atMs <= SAME_WITHIN_MS
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
      groups[at] = { ...group, level: worse(group.level, alert.level), times: group.times + 1 }
    } else if (groups.length < max) {
      latest.set(key, groups.length)
      groups.push({ ...alert, times: 1 })
    } else {
      // The next alert of this text would belong to a group that is not shown.
      latest.delete(key)
    }
  }
  return groups
}
