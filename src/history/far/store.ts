// Far history as a database. Synchronous; the server runs it in a thread (calls.ts). What it throws changed nothing.
//
// Cost, 512 series: a minute is a row of 15 KB; the first minute of an hour also puts the hour before into 512 rows, a few ms. A day of
// a series is read from 24 rows and up to 60 minutes. A day is 20 MB.
import type { Database } from '../../files/sqlite.js'
import type { FarValues, MinuteBatch, NumberedRow, ReadCall, StoreState, WriteCall } from './messages.js'
import {
  type Blob,
  HOUR_MINUTES,
  type HourNumbers,
  type MinuteNumbers,
  merged,
  packHour,
  packMinute,
  unpackHour,
  unpackMinute,
} from './minutes.js'

/** Of the verdict log; the oldest goes first. */
export const MAX_VERDICTS = 10_000
/** In `hours`, the key of a row is the hour times this, and the number of its series: the rows of an hour are neighbours. */
const PLACES = 2 ** 24
/** Hours that are removed at once where the file is too large. */
const REMOVED_HOURS = 6
const MOST_ROUNDS = 100
/** The share of the limit above which there is no room for an hour and the log of SQLite. */
const FULL_AT = 0.95
/** More than the minutes of an hour leave, which the next hour uses. */
const MOST_FREE_PAGES = 1_000

type Bytes = { readonly data: Blob }
type Row = {
  readonly no: number
  readonly word: NumberedRow['word']
  readonly reasons: string
  readonly from_ms: number
  readonly to_ms: number | null
  readonly lasted_ms: number
}

type Numbered = { readonly no: number; readonly hour: number }

const hourOf = (minute: number): number => Math.floor(minute / HOUR_MINUTES)

export class FarStore {
  readonly #database: Database
  readonly #maxBytes: number
  /** The number of each series, and the hour that it was last used in. */
  readonly #numbers = new Map<string, Numbered>()
  readonly #minuteAt
  readonly #putMinute
  readonly #minutesOf
  readonly #hourAt
  readonly #putHour
  readonly #addSeries
  readonly #seriesOf
  readonly #usedIn
  readonly #putVerdict

  constructor(database: Database, maxBytes: number) {
    this.#database = database
    this.#maxBytes = maxBytes
    this.#minuteAt = database.query<Bytes>('SELECT data FROM minutes WHERE minute = ?')
    this.#putMinute = database.command('INSERT OR REPLACE INTO minutes (minute, data) VALUES (?, ?)')
    this.#minutesOf = database.query<Bytes & { readonly minute: number }>(
      'SELECT minute, data FROM minutes WHERE minute >= ? AND minute < ? ORDER BY minute',
    )
    this.#hourAt = database.query<Bytes>('SELECT data FROM hours WHERE place = ?')
    this.#putHour = database.command('INSERT OR REPLACE INTO hours (place, data) VALUES (?, ?)')
    this.#addSeries = database.command('INSERT INTO series (id, last_hour) VALUES (?, ?)')
    this.#seriesOf = database.query<{ readonly no: number }>('SELECT no FROM series WHERE id = ?')
    this.#usedIn = database.command('UPDATE series SET last_hour = ? WHERE no = ? AND last_hour < ?')
    this.#putVerdict = database.command(
      'INSERT OR REPLACE INTO verdicts (no, word, reasons, from_ms, to_ms, lasted_ms) VALUES (?, ?, ?, ?, ?, ?)',
    )
  }

  /** The verdict log of the servers before; a row that lasted ended when that was last written. */
  verdicts(): readonly NumberedRow[] {
    this.#database.exec('UPDATE verdicts SET to_ms = from_ms + lasted_ms WHERE to_ms IS NULL')
    const rows = this.#database.query<Row>(
      `SELECT * FROM (SELECT * FROM verdicts ORDER BY no DESC LIMIT ${MAX_VERDICTS}) ORDER BY no`,
    )
    return rows.all().map(row => ({
      no: row.no,
      word: row.word,
      // The border: a column that `write` filled.
      reasons: JSON.parse(row.reasons) as string[],
      fromMs: row.from_ms,
      toMs: row.to_ms,
      lastedMs: row.lasted_ms,
    }))
  }

  write({ minutes, verdicts, oldest }: WriteCall): StoreState {
    // First: a write that fails is repeated, so nothing of it may be kept.
    this.#makeRoom()
    const known = new Map(this.#numbers)
    try {
      this.#database.transaction(() => {
        for (const batch of minutes) this.#writeMinute(batch)
        for (const { no, word, reasons, fromMs, toMs, lastedMs } of verdicts)
          this.#putVerdict(no, word, JSON.stringify(reasons), fromMs, toMs, lastedMs)
        const last = verdicts.at(-1)
        if (last !== undefined)
          this.#database.command('DELETE FROM verdicts WHERE no <= ?')(last.no - MAX_VERDICTS)
        if (oldest !== null) this.#removeBefore(oldest)
      })
    } catch (error) {
      // Numbers that were given to series and rolled back.
      this.#numbers.clear()
      for (const [id, no] of known) this.#numbers.set(id, no)
      throw error
    }
    return this.state()
  }

  #writeMinute({ minute, ids, numbers }: MinuteBatch): void {
    if (ids.length === 0) return
    const series = unpackMinute(this.#minuteAt.first(minute)?.data ?? new Uint8Array())
    const hour = hourOf(minute)
    ids.forEach((id, i) => {
      const [min = 0, max = 0, last = 0, count = 0] = numbers.subarray(4 * i, 4 * i + 4)
      const no = this.#numberOf(id, hour)
      series.set(no, merged(series.get(no), { min, max, last, count }))
    })
    this.#putMinute(minute, packMinute(series))
    this.#packHoursBefore(hour)
  }

  #numberOf(id: string, hour: number): number {
    const known = this.#numbers.get(id)
    if (known?.hour === hour) return known.no
    let no = known?.no ?? this.#known(id)
    if (no === null) {
      this.#addSeries(id, hour)
      no = this.#known(id) ?? 0
    } else this.#usedIn(hour, no, hour)
    this.#numbers.set(id, { no, hour })
    return no
  }

  #known(id: string): number | null {
    return this.#numbers.get(id)?.no ?? this.#seriesOf.first(id)?.no ?? null
  }

  /** The oldest hour before this one whose minutes are in rows of their own. Others wait for the next minute. */
  #packHoursBefore(hour: number): void {
    const first = this.#minutesOf.first(0, hour * HOUR_MINUTES)?.minute
    if (first === undefined) return
    const packed = hourOf(first)
    const from = packed * HOUR_MINUTES
    const hours = new Map<number, HourNumbers>()
    for (const { minute, data } of this.#minutesOf.all(from, from + HOUR_MINUTES))
      for (const [no, numbers] of unpackMinute(data)) {
        const of =
          hours.get(no) ?? unpackHour(this.#hourAt.first(packed * PLACES + no)?.data ?? new Uint8Array())
        hours.set(no, of)
        of.set(minute - from, merged(of.get(minute - from), numbers))
      }
    for (const [no, of] of hours) this.#putHour(packed * PLACES + no, packHour(of))
    this.#database.command('DELETE FROM minutes WHERE minute >= ? AND minute < ?')(from, from + HOUR_MINUTES)
  }

  /** Whole hours; the minutes of one that has begun stay with it. */
  #removeBefore(minute: number): void {
    const hour = hourOf(minute)
    this.#database.command('DELETE FROM hours WHERE place < ?')(hour * PLACES)
    this.#database.command('DELETE FROM minutes WHERE minute < ?')(hour * HOUR_MINUTES)
    const gone = this.#database.command('DELETE FROM series WHERE last_hour < ?')(hour)
    if (gone > 0) this.#numbers.clear()
  }

  /** The oldest go first. The pages that they leave are given back to the disk. */
  #makeRoom(): void {
    for (let round = 0; round < MOST_ROUNDS && this.#usedBytes() > this.#maxBytes * FULL_AT; round++) {
      const { oldestMinute } = this.state()
      if (oldestMinute === null) break
      const before = (hourOf(oldestMinute) + REMOVED_HOURS) * HOUR_MINUTES
      this.#database.transaction(() => this.#removeBefore(before))
    }
    if (this.#pragma('freelist_count') > MOST_FREE_PAGES) this.#database.exec('PRAGMA incremental_vacuum')
  }

  #pragma(name: 'page_count' | 'freelist_count' | 'page_size'): number {
    return Number(Object.values(this.#database.query<object>(`PRAGMA ${name}`).first() ?? {})[0] ?? 0)
  }

  #usedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size')
  }

  /** The first and the last hour in rows of their own; none: the first is after the last. */
  #packedHours(): { readonly first: number; readonly last: number } {
    const ends = this.#database.query<{ readonly first: number | null; readonly last: number | null }>(
      'SELECT (SELECT min(place) FROM hours) AS first, (SELECT max(place) FROM hours) AS last',
    )
    const { first, last } = ends.first() ?? { first: null, last: null }
    return {
      first: first === null ? Number.POSITIVE_INFINITY : Math.floor(first / PLACES),
      last: last === null ? Number.NEGATIVE_INFINITY : Math.floor(last / PLACES),
    }
  }

  state(): StoreState {
    const least = this.#database.query<{ readonly minute: number | null }>(
      'SELECT min(minute) AS minute FROM minutes',
    )
    const minute = least.first()?.minute ?? Number.POSITIVE_INFINITY
    const oldest = Math.min(this.#packedHours().first * HOUR_MINUTES, minute)
    return {
      oldestMinute: Number.isFinite(oldest) ? oldest : null,
      bytes: this.#pragma('page_count') * this.#pragma('page_size'),
    }
  }

  /** Every series from this minute on. */
  recent(fromMinute: number): readonly MinuteBatch[] {
    const byMinute = new Map<number, Map<number, MinuteNumbers>>()
    const add = (minute: number, no: number, numbers: MinuteNumbers): void => {
      if (minute < fromMinute) return
      const series = byMinute.get(minute) ?? new Map<number, MinuteNumbers>()
      byMinute.set(minute, series.set(no, merged(series.get(no), numbers)))
    }
    const rows = this.#database.query<Bytes & { readonly place: number }>(
      'SELECT place, data FROM hours WHERE place >= ?',
    )
    for (const { place, data } of rows.all(hourOf(fromMinute) * PLACES))
      for (const [minute, numbers] of unpackHour(data))
        add(Math.floor(place / PLACES) * HOUR_MINUTES + minute, place % PLACES, numbers)
    for (const { minute, data } of this.#minutesOf.all(fromMinute, Number.MAX_SAFE_INTEGER))
      for (const [no, numbers] of unpackMinute(data)) add(minute, no, numbers)
    const names = this.#database.query<{ readonly no: number; readonly id: string }>(
      'SELECT no, id FROM series',
    )
    const ids = new Map(names.all().map(({ no, id }) => [no, id]))
    return [...byMinute]
      .sort(([a], [b]) => a - b)
      .map(([minute, series]) => {
        const known = [...series].filter(([no]) => ids.has(no))
        return {
          minute,
          ids: known.map(([no]) => ids.get(no) ?? ''),
          numbers: Float64Array.from(
            known.flatMap(([, { min, max, last, count }]) => [min, max, last, count]),
          ),
        }
      })
  }

  read({ ids, fromMinute, stepMinutes, steps }: ReadCall): readonly FarValues[] {
    const toMinute = fromMinute + steps * stepMinutes
    const numbers = ids.map(id => this.#known(id))
    const found = numbers.map((no): FarValues => {
      if (no === null) return null
      const empty = (): Float64Array => new Float64Array(steps).fill(Number.NaN)
      return { min: empty(), max: empty(), last: empty() }
    })
    const add = (values: FarValues, minute: number, { min, max, last }: MinuteNumbers): void => {
      if (values === null || minute < fromMinute || minute >= toMinute) return
      const i = Math.floor((minute - fromMinute) / stepMinutes)
      // A comparison with NaN is false.
      if (!((values.min[i] ?? 0) <= min)) values.min[i] = min
      if (!((values.max[i] ?? 0) >= max)) values.max[i] = max
      values.last[i] = last
    }
    const { first, last } = this.#packedHours()
    for (let hour = Math.max(hourOf(fromMinute), first); hour <= Math.min(hourOf(toMinute - 1), last); hour++)
      numbers.forEach((no, i) => {
        const row = no === null ? null : this.#hourAt.first(hour * PLACES + no)
        if (row === null) return
        for (const [minute, numbers] of unpackHour(row.data))
          add(found[i] ?? null, hour * HOUR_MINUTES + minute, numbers)
      })
    const wanted = new Set(numbers.filter(no => no !== null))
    for (const { minute, data } of this.#minutesOf.all(fromMinute, toMinute)) {
      const series = unpackMinute(data, wanted)
      numbers.forEach((no, i) => {
        const of = no === null ? undefined : series.get(no)
        if (of !== undefined) add(found[i] ?? null, minute, of)
      })
    }
    return found
  }

  close(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // With a full disk, for example: SQLite takes its log over when the file is opened again.
    }
    this.#database.close()
  }
}
