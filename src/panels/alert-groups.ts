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

const WORST_FIRST: readonly AlertLevel[] = ['critical', 'warn', 'info']

/** Alerts without a time are the same when their text is: nothing says they are apart. */
function together(newest: Alert, older: Alert): boolean {
  if (newest.atMs === null || older.atMs === null) return newest.atMs === older.atMs
  return newest.atMs - older.atMs <= SAME_WITHIN_MS
}

/** A group while it grows. */
type Growing = { readonly newest: Alert; times: number; readonly levels: Record<AlertLevel, number> }

function grown({ newest, times, levels }: Growing): AlertGroup {
  const { atMs, component, message } = newest
  const level = WORST_FIRST.find(known => levels[known] > 0) ?? newest.level
  return { atMs, level, component, message, times, levels }
}

/** Groups by message, then by component: no text is joined to make a key of both. */
type Latest = Map<string, Map<string, Growing>>

/** At most `max` groups, newest first, of alerts that are newest first. */
export function alertGroups(alerts: readonly Alert[], max: number): readonly AlertGroup[] {
  const groups: Growing[] = []
  const latest: Latest = new Map()
  for (const alert of alerts) {
    const { message, level } = alert
    const component = alert.component ?? ''
    let ofMessage = latest.get(message)
    const group = ofMessage?.get(component)
    if (group !== undefined && together(group.newest, alert)) {
      group.times++
      group.levels[level]++
    } else if (groups.length < max) {
      const opened = { newest: alert, times: 1, levels: { critical: 0, warn: 0, info: 0 } }
      opened.levels[level] = 1
      groups.push(opened)
      if (ofMessage === undefined) {
        ofMessage = new Map()
        latest.set(message, ofMessage)
      }
      ofMessage.set(component, opened)
    }
  }
  return groups.map(grown)
}
