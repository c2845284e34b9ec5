// The last 15 minutes of every number worth a line, one value a second: memory is bounded whatever the update rate.
// A number holds until its panel is received again or the connection is lost; what nobody said is a gap, never a zero.
import type { Group, Sample } from './numbers.js'

export const WINDOW_SEC = 900
/** Lines kept: two for each of 200 indices, and some. */
const MAX_SERIES = 512
/** A clock set back by more makes what is kept worthless. */
const MAX_BACK_SEC = 5

type Series = {
  readonly group: Group
  readonly label: string
  /** Which panel says it. */
  readonly source: string
  /** By second modulo the window; NaN: not known. */
  readonly values: Float64Array
  /** What holds now; NaN: nothing. */
  now: number
}

export type Line = { readonly label: string; readonly values: readonly (number | null)[] }
export type Lines = {
  /** Epoch seconds, rising by one. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

export type History = {
  /** What a panel says now; a number it said before and not now is a gap from here on. */
  take(panel: string, samples: readonly Sample[], atMs: number): void
  /** All that was taken still held at this moment. */
  confirm(atMs: number): void
  /** From here on nothing is known until it is taken again. */
  interrupt(atMs: number): void
  /** Labels of a group, in the order they were first seen. */
  labels(group: Group): readonly string[]
  /** The window that ends now: the lines with these labels, or all of the group. */
  lines(group: Group, nowMs: number, labels?: readonly string[]): Lines
}

const secondOf = (atMs: number): number => Math.floor(atMs / 1000)

export function createHistory(maxSeries = MAX_SERIES): History {
  const kept = new Map<string, Series>()
  /** The newest second that is filled; -1 before the first. */
  let newest = -1

  /** Brings every series up to this second: what held, holds. */
  function reach(second: number): void {
    if (newest < 0 || newest - second > MAX_BACK_SEC) {
      for (const series of kept.values()) series.values.fill(Number.NaN)
      newest = second
      return
    }
    if (second <= newest) return
    const from = Math.max(newest + 1, second - WINDOW_SEC + 1)
    for (const { values, now } of kept.values())
      for (let at = from; at <= second; at++) values[at % WINDOW_SEC] = now
    newest = second
  }

  /** Makes room by forgetting what has been a gap for the whole window. */
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
      return [...kept.values()].filter(series => series.group === group).map(({ label }) => label)
    },
    lines(group, nowMs, labels) {
      const last = secondOf(nowMs)
      const times = Array.from({ length: WINDOW_SEC }, (_, i) => last - WINDOW_SEC + 1 + i)
      const lines: Line[] = []
      for (const { group: of, label, values } of kept.values()) {
        if (of !== group || labels?.includes(label) === false) continue
        const shown = times.map(second => {
          if (second > newest || second <= newest - WINDOW_SEC) return null
          const value = values[second % WINDOW_SEC] ?? Number.NaN
          return Number.isNaN(value) ? null : value
        })
        lines.push({ label, values: shown })
      }
      return { times, lines }
    },
  }
}
