// Computes the output that turns the screen from one frame into the next: only the parts of lines that differ.
//
// Both lines are compared by column. Where both have the same run at the same column they are equal; everything between two
// such places is a span. Spans a few columns apart are sent as one, since moving the cursor costs as much. Terminals disagree
// about the width of some text (emoji, combining marks). A line with such text is sent as a whole; each such text is sent
// after erasing its columns and followed by an absolute move, so that the text after it is in place on every terminal.
// Sources: ECMA-48 (CUP, CHA, ECH), xterm's ctlseqs.
import type { Frame } from '../draw/frame.js'
import { foldToAscii } from '../draw/glyphs.js'
import type { Line, Run } from '../draw/run.js'
import { blanksShow, type Looks } from './sgr.js'

export type Pen = {
  readonly looks: Looks
  /** Without UTF-8 everything is folded to ASCII. */
  readonly utf8: boolean
}

/** Fewer unchanged columns than this are sent again instead of moving the cursor. */
const MIN_JUMP = 8

const CSI = '\u001b['
const RESET = `${CSI}m`

/** One column each on every terminal: ASCII, Latin-1, Latin extended, dashes, ellipsis, arrows, minus, lines and blocks, our marks, braille. */
const PLAIN =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u024f\u2013\u2014\u2019\u2026\u20b9\u2190-\u2193\u2212\u2500-\u259f\u25a0\u25b2\u25c6\u25cb\u25cf\u2800-\u28ff]*$/

function isPlain(part: Run): boolean {
  return part.text.length === part.width && PLAIN.test(part.text)
}

const allPlain = (line: Line): boolean => line.every(isPlain)

type Span = { readonly column: number; readonly width: number; readonly runs: readonly Run[] }

const sameRun = (a: Run, b: Run): boolean =>
  a === b || (a.text === b.text && a.role === b.role && a.width === b.width)

/** The part where two plain texts of the same role differ. */
function trimmed(before: Run, after: Run, column: number): Span {
  const [a, b] = [before.text, after.text]
  let start = 0
  while (start < b.length && a.charAt(start) === b.charAt(start)) start++
  let end = b.length
  while (end > start && a.charAt(end - 1) === b.charAt(end - 1)) end--
  const text = b.slice(start, end)
  return {
    column: column + start,
    width: text.length,
    runs: [{ text, width: text.length, role: after.role }],
  }
}

/** Both lines have the same width and are plain. */
function spansBetween(before: Line, after: Line): Span[] {
  const spans: Span[] = []
  let [i, j, columnBefore, columnAfter] = [0, 0, 0, 0]
  while (j < after.length) {
    const [a, b] = [before[i], after[j]]
    if (a === undefined || b === undefined) break
    if (columnBefore === columnAfter && sameRun(a, b)) {
      columnBefore += a.width
      columnAfter += b.width
      i++
      j++
      continue
    }
    const [fromI, fromJ, column] = [i, j, columnAfter]
    columnBefore += a.width
    columnAfter += b.width
    i++
    j++
    while (columnBefore !== columnAfter) {
      if (columnBefore < columnAfter) columnBefore += before[i++]?.width ?? Number.POSITIVE_INFINITY
      else columnAfter += after[j++]?.width ?? Number.POSITIVE_INFINITY
    }
    const single = i - fromI === 1 && j - fromJ === 1 && a.role === b.role
    spans.push(
      single ? trimmed(a, b, column) : { column, width: columnAfter - column, runs: after.slice(fromJ, j) },
    )
  }
  return spans
}

/** The runs of a line between two columns, which are boundaries of runs or inside plain ones. */
function runsBetween(line: Line, from: number, to: number): Run[] {
  const runs: Run[] = []
  let column = 0
  for (const part of line) {
    const [start, end] = [Math.max(from, column), Math.min(to, column + part.width)]
    if (start < end) {
      const text = part.text.slice(start - column, end - column)
      runs.push(end - start === part.width ? part : { text, width: end - start, role: part.role })
    }
    column += part.width
    if (column >= to) break
  }
  return runs
}

function joinNear(spans: readonly Span[], line: Line): readonly Span[] {
  const joined: Span[] = []
  for (const span of spans) {
    const last = joined.at(-1)
    if (last !== undefined && span.column - (last.column + last.width) < MIN_JUMP) {
      const width = span.column + span.width - last.column
      joined[joined.length - 1] = {
        column: last.column,
        width,
        runs: runsBetween(line, last.column, last.column + width),
      }
    } else joined.push(span)
  }
  return joined
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== 32) return false
  return true
}

/** Collects the output; remembers the current look to avoid setting it twice. */
class Output {
  text = ''
  #look = RESET

  constructor(private readonly pen: Pen) {}

  moveTo(row: number, column: number): void {
    this.text += `${CSI}${row + 1};${column + 1}H`
  }

  runs(runs: readonly Run[], from: number): void {
    let column = from
    for (const part of runs) {
      this.#setLook(part)
      const text = this.pen.utf8 ? part.text : foldToAscii(part.text)
      const sure = !this.pen.utf8 || isPlain(part)
      column += part.width
      // Erase first: a terminal that draws the text narrower would keep old characters behind it.
      this.text += sure ? text : `${CSI}${part.width}X${text}${CSI}${column + 1}G`
    }
  }

  end(): string {
    if (this.#look !== RESET) this.text += RESET
    return this.text
  }

  #setLook({ role, text }: Run): void {
    const look = this.pen.looks[role]
    if (look === this.#look || (isBlank(text) && !blanksShow(role) && this.#blanksDoNotShow())) return
    this.text += look
    this.#look = look
  }

  #blanksDoNotShow(): boolean {
    const { attention, failing, input } = this.pen.looks
    return this.#look !== attention && this.#look !== failing && this.#look !== input
  }
}

/** The whole frame, for a screen with unknown content. */
export function wholeFrame(frame: Frame, pen: Pen): string {
  const output = new Output(pen)
  output.text = `${RESET}${CSI}2J`
  frame.lines.forEach((line, row) => {
    output.moveTo(row, 0)
    output.runs(line, 0)
  })
  return output.end()
}

/** From `before`, which is on the screen, to `after` of the same size; empty when they are equal. */
export function frameDiff(before: Frame, after: Frame, pen: Pen): string {
  const output = new Output(pen)
  after.lines.forEach((line, row) => {
    const old = before.lines[row] ?? []
    if (old === line) return
    if (old.length === line.length && line.every((part, i) => sameRun(part, old[i] ?? part))) return
    if (!allPlain(line) || !allPlain(old)) {
      output.moveTo(row, 0)
      output.runs(line, 0)
      return
    }
    for (const { column, runs } of joinNear(spansBetween(old, line), line)) {
      output.moveTo(row, column)
      output.runs(runs, column)
    }
  })
  return output.text === '' ? '' : output.end()
}
