// The last 15 minutes of every number of a board, one value a second, keyed by the id of its fact; so memory is bounded whatever
// the update rate. A number is valid until its panel is taken again or the line is interrupted. A missing value is a gap, never a
// zero, and gaps are never joined.
import { factId } from '../panels/facts.js'

export { factId }

export const WINDOW_SEC = 900
/** Enough for 500 rows with a trend, and the fields of a board. */
const MAX_SERIES = 768
/** So that one large table leaves room for the other panels. */
const MAX_OF_PANEL = 512
/** Numbers of a panel that are read: more than have lines, so that a line goes on while rows are added before it. */
const MAX_READ = 2 * MAX_OF_PANEL
/** When the clock is set back by more, everything known is dropped. */
export const MAX_BACK_SEC = 5
/** A longer time without confirmation (the machine slept) is a gap. */
export const MAX_SILENT_SEC = 150
/** A trend is drawn from this long on; less is a dot. */
export const LEAST_SEC = 60

type Line = {
  readonly id: string
  readonly panel: string
  /** By second modulo the window; NaN = unknown. */
  readonly values: Float64Array
  /** The current value; NaN = unknown. */
  now: number
}

export type Trend = {
  /** One a second, ending now; null where it is not known. */
  readonly values: readonly (number | null)[]
  /** The second of the last value, epoch seconds. */
  readonly endSec: number
  /** Seconds from the first known value to the end; 0 without any. */
  readonly knownSec: number
  /** The second of the newest known value; null without any. */
  readonly lastSec: number | null
}

/** Values of earlier times, from a server: the last one of each step, the newest last. */
export type Past = {
  readonly id: string
  readonly fromSec: number
  readonly stepSec: number
  readonly values: readonly (number | null)[]
}

/** Of some seconds: how many of them have a value, and which. */
export type Extent = {
  readonly min: number
  readonly max: number
  readonly last: number
  readonly count: number
}

export type Series = {
  /** The facts of a panel now; a number that is missing is a gap from here on. `undefined`: the panel is not on the board. */
  take(panel: string, facts: unknown, atMs: number): void
  /** All values are still valid at this moment. */
  confirm(atMs: number): void
  /**
   * From here on all values are unknown until they are taken again: the connection is lost, or the document is stale. What was
   * confirmed after this moment is forgotten.
   */
  interrupt(atMs: number): void
  /** The line of a fact; every value null for one that is not known. */
  values(id: string, nowMs: number): Trend
  /** About the last `spanSec` seconds in `count` equal parts, the mean of each; for trends, which have few points. */
  points(id: string, nowMs: number, spanSec: number, count: number): readonly (number | null)[]
  /** The last known value of each step from `fromSec` to `toSec`. Cost: a look for each step whose last second is known. */
  steps(id: string, fromSec: number, toSec: number, stepSec: number): readonly (number | null)[]
  /** What is known of these seconds; null: nothing. */
  over(id: string, fromSec: number, toSec: number): Extent | null
  /**
   * Puts these values where nothing is known, each in all seconds of its step, up to the second `toSec`. A line that had no value
   * yet goes on with the last one.
   */
  fill(past: Past, toSec: number): void
  /** Ids that have a line, in the order first seen. */
  ids(): readonly string[]
  /** Numbers of the newest facts that have no line, because others took all the room; `first`: the id of one of them. */
  leftOut(): { readonly count: number; readonly first: string | null }
}

/** The key of the panel whose fact has this id. */
const panelOf = (id: string): string => (id.split('.')[0] ?? '').replace(/%2[CEF5]/g, decodeURIComponent)

const secondOf = (atMs: number): number => Math.floor(atMs / 1000)

/** Facts come from any server. */
const MAX_DEPTH = 4

type Found = { readonly within: string; readonly name: string; readonly value: number }

const idOf = (within: string, name: string): string => `${within}.${factId(name)}`

/** Ids that are kept, so that the numbers of a board that changes every second do not cost a text each. */
const MAX_IDS = 8_192

function keptIds(): (within: string, name: string) => string {
  const places = new Map<string, Map<string, string>>()
  let count = 0
  return (within, name) => {
    const known = places.get(within)?.get(name)
    if (known !== undefined) return known
    if (++count > MAX_IDS) {
      places.clear()
      count = 1
    }
    const id = idOf(within, name)
    const names = places.get(within) ?? new Map<string, string>()
    places.set(within, names.set(name, id))
    return id
  }
}

/**
 * The numbers of facts. The first of each row come before the second of each row, so that a limit cuts columns, not rows. Lists
 * have no ids that stay, so they have no numbers.
 */
export function numbersOf(
  panel: string,
  facts: unknown,
  limit = Number.POSITIVE_INFINITY,
  id = idOf,
): readonly (readonly [id: string, value: number])[] {
  const ranks: Found[][] = []
  const walk = (given: unknown, path: string, isRoot: boolean, depth: number): void => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return
    Object.entries(given).forEach(([name, value], i) => {
      if (typeof value !== 'number') {
        if (depth < MAX_DEPTH) walk(value, `${path}.${factId(name)}`, false, depth + 1)
        return
      }
      const rank = isRoot ? 0 : i
      const found = ranks[rank] ?? []
      ranks[rank] = found
      if (Number.isFinite(value)) found.push({ within: path, name, value })
    })
  }
  walk(facts, factId(panel), true, 1)
  // Sparse where a rank has no number. Ids are made of those that count only.
  const first = ranks.flat().slice(0, limit)
  return first.map(({ within, name, value }) => [id(within, name), value])
}

export function createSeries(maxSeries = MAX_SERIES): Series {
  const kept = new Map<string, Line>()
  const ids = keptIds()
  const byPanel = new Map<string, Line[]>()
  /** Facts of this second that are not in the lines yet: those of a busy panel are read once a second. */
  const waiting = new Map<string, unknown>()
  /** By panel: how many of its newest facts found no room, and the id of the first. */
  const leftOut = new Map<string, { readonly count: number; readonly first: string }>()
  /** The newest filled second; -1 before the first. */
  let newest = -1

  function forget(line: Line): void {
    kept.delete(line.id)
    const rest = (byPanel.get(line.panel) ?? []).filter(other => other !== line)
    if (rest.length === 0) byPanel.delete(line.panel)
    else byPanel.set(line.panel, rest)
  }

  /** Makes room: drops lines that were a gap for the whole window. */
  function forgetEmpty(): void {
    for (const line of kept.values())
      if (Number.isNaN(line.now) && line.values.every(Number.isNaN)) forget(line)
  }

  function lineFor(panel: string, id: string): Line | null {
    const known = kept.get(id)
    if (known !== undefined) return known
    const hasRoom = () => kept.size < maxSeries && (byPanel.get(panel)?.length ?? 0) < MAX_OF_PANEL
    if (!hasRoom()) forgetEmpty()
    if (!hasRoom()) return null
    const made = { id, panel, values: new Float64Array(WINDOW_SEC).fill(Number.NaN), now: Number.NaN }
    kept.set(id, made)
    const lines = byPanel.get(panel)
    if (lines === undefined) byPanel.set(panel, [made])
    else lines.push(made)
    return made
  }

  /** Puts the waiting facts into the lines, as values of the newest second. */
  function settle(): void {
    if (waiting.size === 0) return
    // New lines may need the room of lines that end here.
    for (const panel of waiting.keys()) for (const line of byPanel.get(panel) ?? []) line.now = Number.NaN
    for (const [panel, facts] of waiting) {
      let count = 0
      let first: string | null = null
      for (const [id, value] of numbersOf(panel, facts, MAX_READ, ids)) {
        const line = count > 0 ? (kept.get(id) ?? null) : lineFor(panel, id)
        if (line !== null) line.now = value
        else {
          count++
          first ??= id
        }
      }
      if (first === null) leftOut.delete(panel)
      else leftOut.set(panel, { count, first })
      for (const { values, now } of byPanel.get(panel) ?? []) values[newest % WINDOW_SEC] = now
    }
    waiting.clear()
  }

  /** Extends every line to this second with its current value. */
  function reach(second: number): void {
    if (newest < 0 || newest - second > MAX_BACK_SEC) {
      for (const { values } of kept.values()) values.fill(Number.NaN)
      newest = second
      return
    }
    if (second <= newest) return
    settle()
    const isSilent = second - newest > MAX_SILENT_SEC
    const from = Math.max(newest + 1, second - WINDOW_SEC + 1)
    for (const { values, now } of kept.values()) {
      for (let at = from; at <= second; at++) values[at % WINDOW_SEC] = isSilent ? Number.NaN : now
      values[second % WINDOW_SEC] = now
    }
    newest = second
  }

  /** NaN = not known. */
  function valueAt(line: Line, second: number): number {
    const isKept = second <= newest && second > newest - WINDOW_SEC
    return isKept ? (line.values[second % WINDOW_SEC] ?? Number.NaN) : Number.NaN
  }

  return {
    take(panel, facts, atMs) {
      reach(secondOf(atMs))
      waiting.set(panel, facts)
    },
    confirm(atMs) {
      if (newest >= 0) reach(secondOf(atMs))
    },
    interrupt(atMs) {
      const second = secondOf(atMs)
      if (newest >= 0) reach(Math.max(second, newest))
      settle()
      const from = Math.max(second + 1, newest - WINDOW_SEC + 1)
      for (const line of kept.values()) {
        for (let at = from; at <= newest; at++) line.values[at % WINDOW_SEC] = Number.NaN
        line.now = Number.NaN
      }
    },
    values(id, nowMs) {
      settle()
      const line = kept.get(id)
      const endSec = secondOf(nowMs)
      const values: (number | null)[] = []
      let firstSec: number | null = null
      let lastSec: number | null = null
      for (let second = endSec - WINDOW_SEC + 1; second <= endSec; second++) {
        const value = line === undefined ? Number.NaN : valueAt(line, second)
        values.push(Number.isNaN(value) ? null : value)
        if (Number.isNaN(value)) continue
        firstSec ??= second
        lastSec = second
      }
      return { values, endSec, knownSec: firstSec === null ? 0 : endSec - firstSec + 1, lastSec }
    },
    points(id, nowMs, spanSec, count) {
      settle()
      const line = kept.get(id)
      // Parts begin at multiples of their length, so that a line keeps its shape while time passes.
      const length = spanSec / count
      const last = Math.floor(secondOf(nowMs) / length)
      return Array.from({ length: count }, (_, i) => {
        if (line === undefined) return null
        const part = last - count + 1 + i
        let sum = 0
        let known = 0
        const from = Math.max(Math.ceil(part * length), newest - WINDOW_SEC + 1)
        const end = Math.min((part + 1) * length, newest + 1)
        for (let second = from; second < end; second++) {
          const value = line.values[second % WINDOW_SEC] ?? Number.NaN
          if (Number.isNaN(value)) continue
          sum += value
          known++
        }
        return known === 0 ? null : sum / known
      })
    },
    steps(id, fromSec, toSec, stepSec) {
      settle()
      const line = kept.get(id)
      return Array.from({ length: Math.ceil((toSec - fromSec + 1) / stepSec) }, (_, i) => {
        if (line === undefined) return null
        const begin = Math.max(fromSec + i * stepSec, newest - WINDOW_SEC + 1)
        const end = Math.min(fromSec + (i + 1) * stepSec - 1, toSec, newest)
        for (let second = end; second >= begin; second--) {
          const value = valueAt(line, second)
          if (!Number.isNaN(value)) return value
        }
        return null
      })
    },
    over(id, fromSec, toSec) {
      settle()
      const line = kept.get(id)
      if (line === undefined) return null
      let [min, max, last, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0]
      const end = Math.min(toSec, newest)
      for (let second = Math.max(fromSec, newest - WINDOW_SEC + 1); second <= end; second++) {
        const value = line.values[second % WINDOW_SEC] ?? Number.NaN
        if (Number.isNaN(value)) continue
        min = Math.min(min, value)
        max = Math.max(max, value)
        last = value
        count++
      }
      return count === 0 ? null : { min, max, last, count }
    },
    fill({ id, fromSec, stepSec, values }, toSec) {
      if (newest < 0) newest = toSec
      settle()
      const isNew = !kept.has(id)
      const line = lineFor(panelOf(id), id)
      if (line === null) return
      const end = Math.min(fromSec + values.length * stepSec - 1, toSec, newest)
      for (let second = Math.max(fromSec, newest - WINDOW_SEC + 1); second <= end; second++) {
        const value = values[Math.floor((second - fromSec) / stepSec)] ?? null
        const at = second % WINDOW_SEC
        if (value !== null && Number.isNaN(line.values[at])) line.values[at] = value
      }
      if (isNew && toSec === newest) line.now = values.at(-1) ?? Number.NaN
    },
    ids() {
      settle()
      return [...kept.keys()]
    },
    leftOut() {
      const all = [...leftOut.values()]
      return { count: all.reduce((sum, { count }) => sum + count, 0), first: all[0]?.first ?? null }
    },
  }
}
