// Follow-up alerts in one form, `{time, level, component, message}`, newest first and bounded.
import type { FollowupAlert } from '../protocol/status-events.js'

export type FollowUp = {
  /** As the producer sent it (epoch seconds or ISO text), else when it was received, epoch seconds. */
  readonly time: number | string
  readonly level: string
  readonly component: string
  readonly message: string
}

export const MAX_FOLLOW_UPS = 50

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** The time of the alert inside the event. */
export function alertTime({ alert }: FollowupAlert): number | string | undefined {
  const ts = alert?.ts
  return typeof ts === 'number' || typeof ts === 'string' ? ts : undefined
}

/** Members of the event have precedence over those of the alert inside it. */
export function followUp(event: FollowupAlert, nowMs: number): FollowUp {
  const { alert = {} } = event
  const of = [event.type ?? textOf(alert.type), event.index ?? textOf(alert.index)]
  return Object.freeze({
    time: event.ts ?? alertTime(event) ?? nowMs / 1000,
    level: (event.severity ?? textOf(alert.severity) ?? textOf(alert.level) ?? 'info').toLowerCase(),
    component: of.filter(Boolean).join(' ') || textOf(alert.component) || 'followup',
    message: event.message ?? textOf(alert.message) ?? '',
  })
}

/** Returns the same list when it contains `newest`: a restarted producer sends its history again. */
export function withFollowUp(followUps: readonly FollowUp[], newest: FollowUp): readonly FollowUp[] {
  if (followUps.some(known => isSame(known, newest))) return followUps
  return [newest, ...followUps.slice(0, MAX_FOLLOW_UPS - 1)]
}

function isSame(a: FollowUp, b: FollowUp): boolean {
  return a.time === b.time && a.message === b.message && a.component === b.component && a.level === b.level
}
