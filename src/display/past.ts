// What a server remembers, put into the series of a surface: the answer of GET /summary/history, or an event `history`. It may come
// from any server, so nothing is taken for granted.
import { type Series, WINDOW_SEC } from './series.js'

/** The clocks of both sides may differ by this much: an answer takes its time, and seconds are cut. */
const SAME_CLOCK_SEC = 3
/** More than a surface keeps. */
const MAX_SERIES = 1_024

export type Filled = {
  /** From when the server has numbers, by the clock of this side, epoch ms; null without any. */
  readonly sinceMs: number | null
  /** The second of the newest numbers, by the same clock. */
  readonly endSec: number
}

type Json = Readonly<Record<string, unknown>>

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** Null for a document that says nothing. `nowMs`: when it came; its newest second is this one, whatever the server's clock says. */
export function fillFrom(document: unknown, series: Pick<Series, 'fill'>, nowMs: number): Filled | null {
  const { from, to, step_sec: stepSec, since, series: given }: Json = Object(document)
  if (!isNumber(from) || !isNumber(to) || !isNumber(stepSec) || stepSec < 1) return null
  const aheadSec = Math.floor(nowMs / 1000) - Math.floor(to / 1000)
  const shiftSec = Math.abs(aheadSec) <= SAME_CLOCK_SEC ? 0 : aheadSec
  const endSec = Math.floor(to / 1000) + shiftSec
  const fromSec = Math.floor(from / 1000) + shiftSec
  for (const each of asList(given).slice(0, MAX_SERIES)) {
    const { id, values }: Json = Object(each)
    if (typeof id !== 'string') continue
    const numbers = asList(values)
      .slice(0, WINDOW_SEC)
      .map(value => (isNumber(value) ? value : null))
    series.fill({ id, fromSec, stepSec: Math.floor(stepSec), values: numbers }, endSec)
  }
  return { sinceMs: isNumber(since) ? since + shiftSec * 1000 : null, endSec }
}
