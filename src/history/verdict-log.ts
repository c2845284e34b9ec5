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
const MAX_ROWS = 10_000
/** No answer has more days. */
const MAX_DAYS = 400
const DAY_MS = 86_400_000

type Open = { readonly word: Verdict['word']; readonly reasons: readonly string[]; readonly at: Moment }

/** Local time minus UTC, at a moment. */
export type OffsetMs = (atMs: number) => number

export class VerdictLog {
  #rows: VerdictRow[] = []
  readonly #maxRows: number
  #open: Open | null = null
  /** Rows that have ended since this log began. */
  #ended = 0
  /** The days of the rows that have ended, in the zone asked for last: a log of months is not counted for each question. */
  #known: {
    readonly zone: string
    readonly rows: readonly VerdictRow[]
    readonly days: readonly Day[]
  } | null = null

  constructor(maxRows = MAX_ROWS) {
    this.#maxRows = maxRows
  }

  /** The verdict from now on. */
  take({ word, reasons }: Pick<Verdict, 'word' | 'reasons'>, now: Moment): void {
    if (this.#open?.word === word) return
    if (this.#open !== null) {
      this.#rows = [...this.#rows, closed(this.#open, now)].slice(-this.#maxRows)
      this.#ended++
    }
    this.#open = { word, reasons, at: now }
  }

  /** The rows of earlier servers, the oldest first. */
  restore(rows: readonly VerdictRow[]): void {
    this.#rows = [...rows, ...this.#rows].slice(-this.#maxRows)
  }

  /** How many rows have ended since this log began. */
  get ended(): number {
    return this.#ended
  }

  /** The oldest first; the last one lasts. */
  rows(now: Moment): readonly VerdictRow[] {
    if (this.#open === null) return this.#rows
    return [...this.#rows, { ...closed(this.#open, now), toMs: null }]
  }

  /** How each day was; `zone` names the time zone that `offsetMs` is of. */
  days(now: Moment, zone: string, offsetMs: OffsetMs): readonly Day[] {
    if (this.#known?.zone !== zone || this.#known.rows !== this.#rows)
      this.#known = { zone, rows: this.#rows, days: daysOf(this.#rows, offsetMs) }
    const open = this.#open === null ? [] : daysOf([closed(this.#open, now)], offsetMs)
    return summed([...this.#known.days, ...open], ({ day }) => day).slice(-MAX_DAYS)
  }
}

function closed({ word, reasons, at }: Open, now: Moment): VerdictRow {
  return { word, reasons, fromMs: at.wallMs, toMs: now.wallMs, lastedMs: agoMs(at, now) }
}

/** `2026-11-30` of a local time, as if it were UTC. */
export const dayOf = (localMs: number): string => new Date(localMs).toISOString().slice(0, 10)

/** How the system was on each day; a row that lasts over midnight counts for both. */
export function daysOf(rows: readonly VerdictRow[], offsetMs: OffsetMs): readonly Day[] {
  const parts = rows.flatMap(({ word, fromMs, lastedMs }) => {
    const found: Day[] = []
    const endMs = fromMs + lastedMs
    for (let atMs = fromMs; atMs < endMs && found.length < MAX_DAYS; ) {
      const localMs = atMs + offsetMs(atMs)
      const midnightMs = atMs + DAY_MS - (((localMs % DAY_MS) + DAY_MS) % DAY_MS)
      // A day that an hour is left out of ends earlier; one with an hour more is taken in two parts.
      const shorterMs = Math.max(0, offsetMs(midnightMs) - offsetMs(atMs))
      const nextMs = Math.min(endMs, Math.max(atMs + 1, midnightMs - shorterMs))
      found.push({ day: dayOf(localMs), ms: { ...NOTHING, [word]: nextMs - atMs } })
      atMs = nextMs
    }
    return found
  })
  return summed(parts, ({ day }) => day).slice(-MAX_DAYS)
}

/** The same by weeks, which begin on Monday: `day` is that Monday. */
export function weeksOf(days: readonly Day[]): readonly Day[] {
  return summed(days, ({ day }) => mondayOf(day))
}

const NOTHING = { healthy: 0, attention: 0, failing: 0, unknown: 0 } as const

function mondayOf(day: string): string {
  const atMs = Date.parse(day)
  return dayOf(atMs - ((new Date(atMs).getUTCDay() + 6) % 7) * DAY_MS)
}

/** Those with the same name are one; in the order of the names. */
function summed(parts: readonly Day[], nameOf: (day: Day) => string): readonly Day[] {
  const days = new Map<string, Record<Verdict['word'], number>>()
  for (const part of parts) {
    const name = nameOf(part)
    const ms = days.get(name) ?? { ...NOTHING }
    ms.healthy += part.ms.healthy
    ms.attention += part.ms.attention
    ms.failing += part.ms.failing
    ms.unknown += part.ms.unknown
    days.set(name, ms)
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, ms]) => ({ day, ms }))
}

/** The part of the known time in which the system did not fail, %; null when nothing is known. */
export function uptimePct({ ms }: Day): number | null {
  const known = ms.healthy + ms.attention + ms.failing
  return known === 0 ? null : (100 * (ms.healthy + ms.attention)) / known
}
