// A series as the paths of an SVG, in a box of 100 by 100 that is stretched to its place. Pure.

/** One value a second, the newest last; null = not known. */
export type Values = readonly (number | null)[]

export type Span = { readonly low: number; readonly high: number }

export type DrawnLine = {
  /** Stops at gaps. */
  readonly line: string
  /** Between the line and the bottom of the box. */
  readonly area: string
  /** The newest known value; null without values. */
  readonly end: { readonly x: number; readonly y: number } | null
}

const BOX = 100

/** Two decimals: less than a pixel on any screen. */
const short = (value: number): number => Math.round(value * 100) / 100

/** How far below the top of the box a value is. What is outside the span is at its border. */
export function depthOf(value: number, { low, high }: Span): number {
  const share = high > low ? (value - low) / (high - low) : 0.5
  return short(BOX * (1 - Math.min(1, Math.max(0, share))))
}

/** Seconds in a row that are known, as places in `values`; of each part only its first, lowest, highest and last one. */
function runsOf(values: Values, firstSec: number, partSec: number): readonly (readonly number[])[] {
  const runs: number[][] = []
  let run: Set<number> | null = null
  let lowest = -1
  let highest = -1
  const take = (): void => {
    if (lowest >= 0) for (const i of [Math.min(lowest, highest), Math.max(lowest, highest)]) run?.add(i)
    lowest = -1
    highest = -1
  }
  const close = (lastKnown: number): void => {
    if (run === null) return
    take()
    run.add(lastKnown)
    runs.push([...run])
    run = null
  }
  values.forEach((value, i) => {
    if (value === null) {
      close(i - 1)
      return
    }
    // Parts begin at multiples of their length in the time of the clock: a line that moves to the left does not tremble.
    if ((firstSec + i) % partSec === 0) take()
    run ??= new Set([i])
    if (lowest < 0 || value < (values[lowest] ?? value)) lowest = i
    if (highest < 0 || value > (values[highest] ?? value)) highest = i
  })
  close(values.length - 1)
  return runs
}

/**
 * The line of `values`, the first of which is of the second `firstSec`. `parts`: how many steps the line needs at most; each keeps its
 * lowest and highest value, so no peak is lost.
 */
export function lineOf(values: Values, firstSec: number, span: Span, parts: number): DrawnLine {
  const last = Math.max(1, values.length - 1)
  const partSec = Math.max(1, Math.ceil(values.length / parts))
  let line = ''
  let area = ''
  let end: DrawnLine['end'] = null
  for (const run of runsOf(values, firstSec, partSec)) {
    const points = run.map(i => ({ x: short((BOX * i) / last), y: depthOf(values[i] ?? 0, span) }))
    const [first] = points
    end = points.at(-1) ?? end
    if (first === undefined || end === null) continue
    const path = points.map(({ x, y }) => `${x} ${y}`).join('L')
    // A value between two gaps has no length: with round ends it is a point.
    line += points.length === 1 ? `M${path}h.01` : `M${path}`
    area += `M${first.x} ${BOX}L${path}L${end.x} ${BOX}Z`
  }
  return { line, area, end }
}
