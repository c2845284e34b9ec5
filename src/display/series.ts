// The last 15 minutes of every number of a board, one value a second, keyed by the id of its fact; so memory is bounded whatever
// the update rate. A number is valid until its panel is taken again or the line is interrupted. A missing value is a gap, never a
// zero, and gaps are never joined.
import { factId } from '../panels/facts.js'
import { type Copy, copyOf } from './numbers.js'
import { Ring } from './ring.js'

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
/** How often numbers without a line are tried again: the room that they need comes slowly. */
const RETRY_SEC = 60
/** A trend is drawn from this long on; less is a dot. */
export const LEAST_SEC = 60

type Line = {
  readonly id: string
  readonly panel: string
  readonly slot: number
}

/** A shape of a panel's facts, whose numbers have slots. */
type Shaped = {
  readonly copy: Copy
  /** When it was made; null: all its numbers have lines. */
  readonly partSinceSec: number | null
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
  /** The same of every line of which something is known: least, greatest, last and count of each. Cost: a look for each second. */
  overAll(fromSec: number, toSec: number): { readonly ids: readonly string[]; readonly numbers: Float64Array }
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

export function createSeries(maxSeries = MAX_SERIES): Series {
  const kept = new Map<string, Line>()
  const ring = new Ring(WINDOW_SEC, maxSeries)
  const byPanel = new Map<string, Line[]>()
  const shapes = new Map<string, Shaped>()
  /** Facts of this second that are not in the lines yet: those of a busy panel are read once a second. */
  const waiting = new Map<string, unknown>()
  /** By panel: how many of its newest facts found no room, and the id of the first. */
  const leftOut = new Map<string, { readonly count: number; readonly first: string }>()
  /** The newest filled second; -1 before the first. */
  let newest = -1

  function forget(line: Line): void {
    kept.delete(line.id)
    ring.giveBack(line.slot)
    shapes.delete(line.panel)
    const rest = (byPanel.get(line.panel) ?? []).filter(other => other !== line)
    if (rest.length === 0) byPanel.delete(line.panel)
    else byPanel.set(line.panel, rest)
  }

  /** Makes room: drops lines that were a gap for the whole window. */
  function forgetEmpty(): void {
    for (const line of kept.values())
      if (Number.isNaN(ring.now[line.slot]) && ring.isEmpty(line.slot)) forget(line)
  }

  function lineFor(panel: string, id: string): Line | null {
    const known = kept.get(id)
    if (known !== undefined) return known
    const hasRoom = () => kept.size < maxSeries && (byPanel.get(panel)?.length ?? 0) < MAX_OF_PANEL
    if (!hasRoom()) forgetEmpty()
    if (!hasRoom()) return null
    const made = { id, panel, slot: ring.take() }
    kept.set(id, made)
    // Its number may be in a shape, as one without a line.
    shapes.delete(panel)
    const lines = byPanel.get(panel)
    if (lines === undefined) byPanel.set(panel, [made])
    else lines.push(made)
    return made
  }

  /** Facts of the shape that the panel had before. */
  function isCopied(panel: string, facts: unknown): boolean {
    const shaped = shapes.get(panel)
    if (shaped === undefined) return false
    if (shaped.partSinceSec !== null && newest - shaped.partSinceSec >= RETRY_SEC) return false
    return shaped.copy(facts, ring.now)
  }

  function copyShape(panel: string, facts: unknown): void {
    let count = 0
    let first: string | null = null
    const copy = copyOf(panel, facts, MAX_READ, (id, value) => {
      const line = count > 0 ? (kept.get(id) ?? null) : lineFor(panel, id)
      if (line === null) {
        count++
        first ??= id
        return null
      }
      ring.now[line.slot] = value
      return line.slot
    })
    if (first === null) leftOut.delete(panel)
    else leftOut.set(panel, { count, first })
    if (copy !== null) shapes.set(panel, { copy, partSinceSec: first === null ? null : newest })
  }

  /** Puts the waiting facts into the lines, as values of the newest second. */
  function settle(): void {
    if (waiting.size === 0) return
    const others = [...waiting].filter(([panel, facts]) => !isCopied(panel, facts))
    // New lines may need the room of lines that end here.
    for (const [panel] of others) {
      shapes.delete(panel)
      for (const { slot } of byPanel.get(panel) ?? []) ring.now[slot] = Number.NaN
    }
    for (const [panel, facts] of others) copyShape(panel, facts)
    for (const panel of waiting.keys())
      for (const { slot } of byPanel.get(panel) ?? []) ring.put(slot, newest, ring.now[slot] ?? Number.NaN)
    waiting.clear()
  }

  /** Extends every line to this second with its current value. */
  function reach(second: number): void {
    if (newest < 0 || newest - second > MAX_BACK_SEC) {
      ring.clearAll()
      shapes.clear()
      newest = second
      return
    }
    if (second <= newest) return
    settle()
    const isSilent = second - newest > MAX_SILENT_SEC
    for (let at = Math.max(newest + 1, second - WINDOW_SEC + 1); at < second; at++)
      if (isSilent) ring.clear(at)
      else ring.putNow(at)
    ring.putNow(second)
    newest = second
  }

  /** NaN = not known. */
  function valueAt(line: Line, second: number): number {
    const isKept = second <= newest && second > newest - WINDOW_SEC
    return isKept ? ring.at(line.slot, second) : Number.NaN
  }

  function extents(lines: readonly Line[], fromSec: number, toSec: number): Float64Array {
    const slots = Int32Array.from(lines, ({ slot }) => slot)
    return ring.extents(slots, Math.max(fromSec, newest - WINDOW_SEC + 1), Math.min(toSec, newest))
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
      for (let at = from; at <= newest; at++) ring.clear(at)
      ring.now.fill(Number.NaN)
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
          const value = ring.at(line.slot, second)
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
      const [min = 0, max = 0, last = 0, count = 0] = extents([line], fromSec, toSec)
      return count === 0 ? null : { min, max, last, count }
    },
    overAll(fromSec, toSec) {
      settle()
      const lines = [...kept.values()]
      const numbers = extents(lines, fromSec, toSec)
      const isKnown = (i: number) => (numbers[4 * i + 3] ?? 0) > 0
      return {
        ids: lines.filter((_, i) => isKnown(i)).map(({ id }) => id),
        numbers: numbers.filter((_, at) => isKnown(Math.floor(at / 4))),
      }
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
        if (value !== null && Number.isNaN(ring.at(line.slot, second))) ring.put(line.slot, second, value)
      }
      if (isNew && toSec === newest) ring.now[line.slot] = values.at(-1) ?? Number.NaN
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
