// Follow-up alerts in one form, `{time, level, component, message}`, newest first and bounded.
import type { FollowupAlert } from '../protocol/status-events.js'

export type FollowUp = {
  /** As the producer said it (epoch seconds or ISO text), else when it came, epoch seconds. */
  readonly time: number | string
  readonly level: string
  readonly component: string
  readonly message: string
}

export const MAX_FOLLOW_UPS = 50

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** What the event says itself wins over what the alert inside it says. */
export function followUp(event: FollowupAlert, nowMs: number): FollowUp {
  const { alert = {} } = event
  const alertTime = typeof alert.ts === 'number' || typeof alert.ts === 'string' ? alert.ts : null
  const of = [event.type ?? textOf(alert.type), event.index ?? textOf(alert.index)]
  return Object.freeze({
    time: event.ts ?? alertTime ?? nowMs / 1000,
    level: (event.severity ?? textOf(alert.severity) ?? textOf(alert.level) ?? 'info').toLowerCase(),
    component: of.filter(Boolean).join(' ') || textOf(alert.component) || 'followup',
    message: event.message ?? textOf(alert.message) ?? '',
  })
}

export function withFollowUp(followUps: readonly FollowUp[], newest: FollowUp): readonly FollowUp[] {
  return [newest, ...followUps.slice(0, MAX_FOLLOW_UPS - 1)]
}
