// A plot of one or more lines in braille, two by four dots in a column: for the room that is left, never in ASCII. The line stops where
// the data stop, and no axis is drawn without data.
import { type NumberFormat, numberText } from '../../../display/number-text.js'
import { type Axis, axisOf, rangeOf } from '../../../display/range.js'
import { clipText, displayWidth } from '../../../panels/text.js'
import { blank, type Line, narrowRun, type Role, type Run, run } from './run.js'

export type PlotLine = {
  /** Is at its end: `NIFTY +0.25`. */
  readonly label: string
  readonly role: Role
  /** Its values in so many equal parts of the shown time, the newest last; null where it is not known. */
  readonly points: (count: number) => readonly (number | null)[]
}

export type PlotLook = {
  readonly unit: string
  /** Changes: the axis is as far above 0 as below. */
  readonly isChange: boolean
  /** Labels of the time axis at equal distances: `14:01`, `14:09`, `now`. */
  readonly times: readonly string[]
  readonly numberFormat: NumberFormat
  /** Of the lines of the axis. */
  readonly grid: Role
}

/** Less is not readable. */
export const LEAST_PLOT = { columns: 32, rows: 6 } as const

const DOTS_WIDE = 2
const DOTS_HIGH = 4
/** Bits of a braille character by column and row. */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const
const BRAILLE = 0x2800
const GRID = '╌'
/** Of the width, for the labels at the ends. */
const MOST_END = 0.3

/** What is drawn, by cell. */
class Canvas {
  readonly #bits: Uint8Array
  /** One more than the index of the line that the cell belongs to: the first of those in it. */
  readonly #owners: Uint8Array

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.#bits = new Uint8Array(columns * rows)
    this.#owners = new Uint8Array(columns * rows)
  }

  dot(x: number, y: number, line: number): void {
    const cell = Math.floor(y / DOTS_HIGH) * this.columns + Math.floor(x / DOTS_WIDE)
    const bit = BITS[x % DOTS_WIDE === 0 ? 0 : 1][y % DOTS_HIGH] ?? 0
    this.#bits[cell] = (this.#bits[cell] ?? 0) | bit
    const owner = this.#owners[cell] ?? 0
    if (owner === 0 || line + 1 < owner) this.#owners[cell] = line + 1
  }

  /** The runs of a row; `grid`: where no line is, the line of the axis. */
  row(at: number, lines: readonly PlotLine[], grid: Role | null): readonly Run[] {
    const runs: Run[] = []
    let text = ''
    let role: Role | null = null
    const finish = (): void => {
      if (text !== '') runs.push(role === null ? blank(text.length) : narrowRun(text, role))
      text = ''
    }
    for (let column = 0; column < this.columns; column++) {
      const cell = at * this.columns + column
      const bits = this.#bits[cell] ?? 0
      const next = bits === 0 ? grid : (lines[(this.#owners[cell] ?? 0) - 1]?.role ?? null)
      if (next !== role) finish()
      role = next
      text += bits !== 0 ? String.fromCodePoint(BRAILLE + bits) : grid === null ? ' ' : GRID
    }
    finish()
    return runs
  }
}

/** The row of dots of a value, from the top. */
function dotRow(value: number, { low, high }: Axis, rows: number): number {
  const most = rows * DOTS_HIGH - 1
  return Math.min(most, Math.max(0, Math.round(((high - value) / (high - low)) * most)))
}

/** Draws a line; returns the row of its last value. */
function drawLine(
  canvas: Canvas,
  axis: Axis,
  points: readonly (number | null)[],
  line: number,
): number | null {
  let before: number | null = null
  let end: number | null = null
  points.forEach((value, x) => {
    if (value === null) {
      before = null
      return
    }
    const y = dotRow(value, axis, canvas.rows)
    canvas.dot(x, y, line)
    // A steep line is one line, not two.
    if (before !== null)
      for (let between = Math.min(before, y) + 1; between < Math.max(before, y); between++)
        canvas.dot(x, between, line)
    before = y
    end = Math.floor(y / DOTS_HIGH)
  })
  return end
}

/** The nearest free row, below first; null when all are taken. */
function freeRow(wanted: number, taken: ReadonlyMap<number, unknown>, rows: number): number | null {
  for (let away = 0; away < rows; away++)
    for (const row of [wanted + away, wanted - away])
      if (row >= 0 && row < rows && !taken.has(row)) return row
  return null
}

/** Labels of the time axis: the first on the left, the last on the right, and those between that have room. */
function timeLine(times: readonly string[], left: number, columns: number): Line {
  const parts: Run[] = [blank(left)]
  let used = 0
  const last = times.length - 1
  const endWidth = displayWidth(times[last] ?? '')
  times.forEach((text, i) => {
    const width = displayWidth(text)
    const middle = last === 0 ? 0 : (i / last) * columns
    const from = i === last ? columns - width : i === 0 ? 0 : Math.round(middle - width / 2)
    const isLast = i === last
    if (from < used + (used === 0 ? 0 : 1) || (!isLast && from + width >= columns - endWidth)) return
    if (from > used) parts.push(blank(from - used))
    parts.push(run(text, 'label'))
    used = from + width
  })
  return parts
}

/**
 * Exactly `height` rows of at most `width` columns. Empty where it is too small, or nothing is known. The first line is drawn over
 * the others, and has its label first.
 */
export function plotLines(
  lines: readonly PlotLine[],
  look: PlotLook,
  width: number,
  height: number,
): readonly Line[] {
  if (width < LEAST_PLOT.columns || height < LEAST_PLOT.rows) return []
  const range = rangeOf(
    lines.flatMap(line => line.points(width * DOTS_WIDE)),
    look.unit,
    look.isChange,
  )
  if (range === null) return []
  const axis = axisOf(range, look.isChange)
  const labels = axis.ticks.map((tick, i) => {
    const sign = look.isChange && tick > 0 ? '+' : ''
    const unit = i === axis.ticks.length - 1 && look.unit !== '' ? ` ${look.unit}` : ''
    return `${sign}${numberText(tick, tick === 0 ? 0 : axis.decimals, look.numberFormat)}${unit}`
  })
  const left = Math.max(...labels.map(displayWidth)) + 1
  const most = Math.floor(width * MOST_END)
  const ends = lines.map(({ label }) => clipText(label, most))
  const right = Math.max(0, ...ends.map(displayWidth))
  const columns = width - left - (right === 0 ? 0 : right + 1)
  const canvas = new Canvas(columns, height - 1)
  const endRows = new Map<number, Run>()
  lines.forEach((line, i) => {
    const end = drawLine(canvas, axis, line.points(columns * DOTS_WIDE), i)
    const row = end === null ? null : freeRow(end, endRows, canvas.rows)
    if (row !== null) endRows.set(row, run(ends[i] ?? '', line.role))
  })
  const ticks = new Map(
    axis.ticks.map((tick, i) => [Math.floor(dotRow(tick, axis, canvas.rows) / DOTS_HIGH), labels[i] ?? '']),
  )
  const rows = Array.from({ length: canvas.rows }, (_, at): Line => {
    const label = ticks.get(at)
    const end = endRows.get(at)
    const body = canvas.row(at, lines, label === undefined ? null : look.grid)
    const head = label === undefined ? [blank(left)] : [run(`${label.padStart(left - 1)} `, 'label')]
    return [...head, ...body, ...(end === undefined ? [] : [blank(1), end])]
  })
  return [...rows, timeLine(look.times, left, columns)]
}
