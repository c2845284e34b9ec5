// The verdict log: when the system was how, and why; from it the uptime of each day. A row begins when the word changes. How long it
// lasted is measured by the steady clock, so that setting the wall clock moves the times and not the lengths.
import type { Moment } from '../clock/moment.js'
import { agoMs } from '../clock/moment.js'
import type { Verdict } from '../protocol/events.js'

export type VerdictRow = {
  readonly word: Verdict['word']
  /** When it began. */
  readonly reasons: readonly string[]
  readonly fromMs: number
  /** Null: it lasts. */
  readonly toMs: number | null
  readonly lastedMs: number
}

export type Day = {
  /** `2026-11-30` */
  readonly day: string
  readonly ms: Readonly<Record<Verdict['word'], number>>
}

/** Rows that are kept; the oldest goes first. */
const MAX_ROWS = 1_000
/** No answer has more days. */
const MAX_DAYS = 400
const DAY_MS = 86_400_000

type Open = { readonly word: Verdict['word']; readonly reasons: readonly string[]; readonly at: Moment }

export class VerdictLog {
  readonly #rows: VerdictRow[] = []
  readonly #maxRows: number
  #open: Open | null = null

  constructor(maxRows = MAX_ROWS) {
    this.#maxRows = maxRows
  }

  /** The verdict from now on. */
  take({ word, reasons }: Pick<Verdict, 'word' | 'reasons'>, now: Moment): void {
    if (this.#open?.word === word) return
    if (this.#open !== null) this.#rows.push(closed(this.#open, now))
    if (this.#rows.length > this.#maxRows) this.#rows.shift()
    this.#open = { word, reasons, at: now }
  }

  /** The oldest first; the last one lasts. */
  rows(now: Moment): readonly VerdictRow[] {
    if (this.#open === null) return this.#rows
    return [...this.#rows, { ...closed(this.#open, now), toMs: null }]
  }
}

function closed({ word, reasons, at }: Open, now: Moment): VerdictRow {
  return { word, reasons, fromMs: at.wallMs, toMs: now.wallMs, lastedMs: agoMs(at, now) }
}

/** `2026-11-30` of a local time, as if it were UTC. */
export const dayOf = (localMs: number): string => new Date(localMs).toISOString().slice(0, 10)

/** How the system was on each day; a row that lasts over midnight counts for both. `offsetMs`: local time minus UTC, at a moment. */
export function daysOf(rows: readonly VerdictRow[], offsetMs: (atMs: number) => number): readonly Day[] {
  const days = new Map<string, Record<Verdict['word'], number>>()
  for (const { word, fromMs, lastedMs } of rows) {
    const endMs = fromMs + lastedMs
    for (let atMs = fromMs, parts = 0; atMs < endMs && parts < MAX_DAYS; parts++) {
      const localMs = atMs + offsetMs(atMs)
      const nextMs = Math.min(endMs, atMs + DAY_MS - (((localMs % DAY_MS) + DAY_MS) % DAY_MS))
      const day = dayOf(localMs)
      const ms = days.get(day) ?? { healthy: 0, attention: 0, failing: 0, unknown: 0 }
      ms[word] += nextMs - atMs
      days.set(day, ms)
      atMs = nextMs
    }
  }
  return [...days].slice(-MAX_DAYS).map(([day, ms]) => ({ day, ms }))
}

/** The part of the known time in which the system did not fail, %; null when nothing is known. */
export function uptimePct({ ms }: Day): number | null {
  const known = ms.healthy + ms.attention + ms.failing
  return known === 0 ? null : (100 * (ms.healthy + ms.attention)) / known
}
