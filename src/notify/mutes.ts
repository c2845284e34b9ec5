// When rules send nothing: windows of the settings, by the time of day where the board is, and mutes that a person made.
import type { MuteWindow, Weekday } from '../config/notify-tables.js'
import { offsetMs } from '../snapshot/zone.js'

/** What a person made: until a moment, for all rules or some. */
export type Mute = {
  readonly id: string
  readonly fromMs: number
  readonly untilMs: number
  readonly reason: string
  /** Null: all rules. */
  readonly rules: readonly string[] | null
}

export const MAX_MUTES = 50
const DAY_MIN = 24 * 60
const MINUTE_MS = 60_000
/** As Date counts them. */
const DAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const isOf = (rules: readonly string[] | null, rule: string): boolean =>
  rules === null || rules.includes(rule)

/** Epoch ms at which this window ends, if it is open now; null: it is not. */
export function windowEndMs(window: MuteWindow, timezone: string, nowMs: number): number | null {
  const local = new Date(nowMs + offsetMs(timezone, nowMs))
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes()
  const lengthMin = (window.toMin - window.fromMin + DAY_MIN) % DAY_MIN || DAY_MIN
  const intoMin = (minute - window.fromMin + DAY_MIN) % DAY_MIN
  if (intoMin >= lengthMin) return null
  // It began on this day, or on the day before.
  const day = (local.getUTCDay() + (minute < window.fromMin ? 6 : 0)) % 7
  if (!window.days.some(name => name === DAYS[day])) return null
  const leftMs = (lengthMin - intoMin) * MINUTE_MS - (local.getTime() % MINUTE_MS)
  return nowMs + leftMs
}

/** The reason and the end of what mutes this rule now, the longest one; null: nothing does. */
export function mutedUntil(
  rule: string,
  mutes: readonly Mute[],
  windows: readonly MuteWindow[],
  timezone: string,
  nowMs: number,
): { readonly untilMs: number; readonly reason: string } | null {
  const all = [
    ...mutes.filter(({ rules, untilMs }) => isOf(rules, rule) && untilMs > nowMs),
    ...windows.flatMap(window => {
      const untilMs = isOf(window.rules, rule) ? windowEndMs(window, timezone, nowMs) : null
      return untilMs === null ? [] : [{ untilMs, reason: window.reason }]
    }),
  ]
  return all.reduce<(typeof all)[number] | null>(
    (best, each) => (best === null || each.untilMs > best.untilMs ? each : best),
    null,
  )
}
