// Whether the market is open, and when it opens next: from the status, else from the hours of the Indian exchanges, Monday to Friday,
// 09:15 to 15:30 IST. Holidays are not known, so surfaces mark computed values.
import type { MarketState, Snapshot } from './snapshot.js'

const IST_OFFSET_MS = 5.5 * 3_600_000
const DAY_MS = 86_400_000
const OPENS_MS = (9 * 60 + 15) * 60_000
const CLOSES_MS = (15 * 60 + 30) * 60_000

/** `day`: days since 1 January 1970, a Thursday, in India. */
function isTradingDay(day: number): boolean {
  const weekday = (day + 4) % 7
  return weekday !== 0 && weekday !== 6
}

function dayOf(atMs: number): number {
  return Math.floor((atMs + IST_OFFSET_MS) / DAY_MS)
}

function isTradingTime(atMs: number): boolean {
  const timeMs = atMs + IST_OFFSET_MS - dayOf(atMs) * DAY_MS
  return isTradingDay(dayOf(atMs)) && timeMs >= OPENS_MS && timeMs < CLOSES_MS
}

/** When this time of a trading day comes next, after now. */
function next(nowMs: number, timeOfDayMs: number): number {
  for (let day = dayOf(nowMs); ; day++) {
    const atMs = day * DAY_MS + timeOfDayMs - IST_OFFSET_MS
    if (isTradingDay(day) && atMs > nowMs) return atMs
  }
}

export type MarketNow = {
  readonly state: MarketState
  readonly isStateComputed: boolean
  /** Null while the market is open, or when nothing is known of a market. */
  readonly nextOpenMs: number | null
  readonly isNextOpenComputed: boolean
  /** When this changes by time alone; Infinity = never. */
  readonly untilMs: number
}

/** The market at a moment. */
export function marketAt(market: Snapshot['market'], nowMs: number): MarketNow {
  const { nextOpenMs, keepsTradingHours } = market
  const state = keepsTradingHours ? (isTradingTime(nowMs) ? 'open' : 'closed') : market.state
  const isNextOpenComputed = nextOpenMs === null && state === 'closed'
  const opens = isNextOpenComputed ? next(nowMs, OPENS_MS) : nextOpenMs
  const changesMs = Math.min(next(nowMs, OPENS_MS), next(nowMs, CLOSES_MS))
  const untilMs = keepsTradingHours || isNextOpenComputed ? changesMs : Number.POSITIVE_INFINITY
  return { state, isStateComputed: keepsTradingHours, nextOpenMs: opens, isNextOpenComputed, untilMs }
}

/** Longer than any gap between two openings; older data is overdue in any case. */
const LONGEST_COUNTED_DAYS = 7

/** Milliseconds of trading hours between two moments, within the last 7 days of that time. */
export function tradingMsBetween(fromMs: number, toMs: number): number {
  const lastDay = dayOf(toMs)
  let sumMs = 0
  for (let day = Math.max(dayOf(fromMs), lastDay - LONGEST_COUNTED_DAYS); day <= lastDay; day++) {
    if (!isTradingDay(day)) continue
    const startMs = day * DAY_MS - IST_OFFSET_MS
    sumMs += Math.max(0, Math.min(toMs, startMs + CLOSES_MS) - Math.max(fromMs, startMs + OPENS_MS))
  }
  return sumMs
}

/** When a market that is closed in a document opens after it was written: from the document, else from trading hours. */
export function opensAfter({ nextOpenMs }: Snapshot['market'], writtenAtMs: number): number {
  return nextOpenMs !== null && nextOpenMs > writtenAtMs ? nextOpenMs : next(writtenAtMs, OPENS_MS)
}
