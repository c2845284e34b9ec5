// Groups repeated alerts: alerts with the same component and message within 60 s of the newest one form a group, shown with its
// newest time and its worst level. A message that keeps coming is therefore shown once a minute, not once forever.
import type { Alert, AlertLevel } from '../snapshot/snapshot.js'

export const SAME_WITHIN_MS = 60_000

export type AlertGroup = Alert & {
  readonly times: number
  /** Alerts in the group by level. */
  readonly levels: Readonly<Record<AlertLevel, number>>
}

const WORST_FIRST: readonly AlertLevel[] = ['critical', 'warn', 'info']

/** Alerts without a time belong together when their text is equal. */
function together(newest: Alert, older: Alert): boolean {
  if (newest.atMs === null || older.atMs === null) return newest.atMs === older.atMs
  return newest.atMs - older.atMs <= SAME_WITHIN_MS
}

/** A group under construction. */
type Growing = { readonly newest: Alert; times: number; readonly levels: Record<AlertLevel, number> }

function grown({ newest, times, levels }: Growing): AlertGroup {
  const { atMs, component, message } = newest
  const level = WORST_FIRST.find(known => levels[known] > 0) ?? newest.level
  return { atMs, level, component, message, times, levels }
}

/** By message, then by component: saves building a joint key for every alert. */
type Latest = Map<string, Map<string, Growing>>

/** At most `max` groups, newest first; `alerts` must be newest first. */
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
