// The last 15 minutes of every plotted number, one value a second, so memory is bounded whatever the update rate. A number is valid
// until its panel is received again or the connection is lost. A missing value is a gap, never a zero.
import type { Group, Sample } from './numbers.js'

export const WINDOW_SEC = 900
/** Enough for 500 indices and a few more. */
const MAX_SERIES = 512
/** When the clock is set back by more, the history is cleared. */
const MAX_BACK_SEC = 5
/** A longer time without confirmation (the machine slept) is a gap. */
export const MAX_SILENT_SEC = 150

type Series = {
  readonly group: Group
  readonly label: string
  /** The panel it comes from. */
  readonly source: string
  /** By second modulo the window; NaN = unknown. */
  readonly values: Float64Array
  /** The current value; NaN = unknown. */
  now: number
}

export type Line = { readonly label: string; readonly values: readonly (number | null)[] }
export type Lines = {
  /** Epoch seconds, rising by one. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

export type History = {
  /** The current numbers of a panel; a number that is missing now is a gap from here on. */
  take(panel: string, samples: readonly Sample[], atMs: number): void
  /** All values are still valid at this moment. */
  confirm(atMs: number): void
  /** From here on all values are unknown until they are taken again. */
  interrupt(atMs: number): void
  /** Labels of a group, in the order they were first seen. */
  labels(group: Group): readonly string[]
  /** The lines with these labels that exist, in the window that ends now. */
  lines(group: Group, labels: readonly string[], nowMs: number): Lines
}

const secondOf = (atMs: number): number => Math.floor(atMs / 1000)
const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

function timesUntil(nowMs: number): readonly number[] {
  const last = secondOf(nowMs)
  return Array.from({ length: WINDOW_SEC }, (_, i) => last - WINDOW_SEC + 1 + i)
}

export function createHistory(maxSeries = MAX_SERIES): History {
  const kept = new Map<string, Series>()
  /** The newest filled second; -1 before the first. */
  let newest = -1

  /** Extends every series to this second with its current value. */
  function reach(second: number): void {
    if (newest < 0 || newest - second > MAX_BACK_SEC) {
      for (const series of kept.values()) series.values.fill(Number.NaN)
      newest = second
      return
    }
    if (second <= newest) return
    const isSilent = second - newest > MAX_SILENT_SEC
    const from = Math.max(newest + 1, second - WINDOW_SEC + 1)
    for (const { values, now } of kept.values()) {
      for (let at = from; at <= second; at++) values[at % WINDOW_SEC] = isSilent ? Number.NaN : now
      values[second % WINDOW_SEC] = now
    }
    newest = second
  }

  /** Makes room: deletes series that were a gap for the whole window. */
  function forgetEmpty(): void {
    for (const [name, series] of kept)
      if (Number.isNaN(series.now) && series.values.every(Number.isNaN)) kept.delete(name)
  }

  function seriesFor(source: string, { group, label }: Sample): Series | null {
    const name = `${group} ${label}`
    const known = kept.get(name)
    if (known !== undefined) return known
    if (kept.size >= maxSeries) forgetEmpty()
    if (kept.size >= maxSeries) return null
    const values = new Float64Array(WINDOW_SEC).fill(Number.NaN)
    const made = { group, label, source, values, now: Number.NaN }
    kept.set(name, made)
    return made
  }

  const of = (group: Group): readonly Series[] => [...kept.values()].filter(series => series.group === group)

  function valueAt(values: Float64Array, second: number): number {
    const isKept = second <= newest && second > newest - WINDOW_SEC
    return isKept ? (values[second % WINDOW_SEC] ?? Number.NaN) : Number.NaN
  }

  return {
    take(panel, samples, atMs) {
      reach(secondOf(atMs))
      for (const series of kept.values()) if (series.source === panel) series.now = Number.NaN
      for (const sample of samples) {
        const series = seriesFor(panel, sample)
        if (series !== null) series.now = sample.value ?? Number.NaN
      }
      for (const { source, values, now } of kept.values())
        if (source === panel) values[newest % WINDOW_SEC] = now
    },
    confirm(atMs) {
      if (newest >= 0) reach(secondOf(atMs))
    },
    interrupt(atMs) {
      if (newest >= 0) reach(secondOf(atMs))
      for (const series of kept.values()) series.now = Number.NaN
    },
    labels(group) {
      return of(group).map(({ label }) => label)
    },
    lines(group, labels, nowMs) {
      const times = timesUntil(nowMs)
      const lines = of(group).filter(({ label }) => labels.includes(label))
      return {
        times,
        lines: lines.map(({ label, values }) => ({
          label,
          values: times.map(second => numberOrNull(valueAt(values, second))),
        })),
      }
    },
  }
}
