// Styled text without a terminal: a line is a list of runs, a run is text of one role. Runs instead of cells, because a screen of
// 400×120 has 48 000 cells but a few thousand runs. A run has its width, so no text is measured twice.

import type { Tone } from '../../../panels/panel.js'
import { clipText, displayWidth } from '../../../panels/text.js'
import { measure } from '../../../panels/width.js'

/** What a piece of text is; the theme gives its style. */
export type Role =
  | Tone
  | 'text'
  | 'label'
  | 'strong'
  /** Thin lines and the empty part of a gauge. */
  | 'rule'
  /** Lines of panels that are not well, and marks. */
  | 'warnRule'
  | 'errorRule'
  | 'focus'
  | 'key'
  | 'note'
  | 'input'
  | 'trend'
  /** The word of the verdict; nothing else has a ground of its own. */
  | 'attention'
  | 'failing'

export type Run = {
  readonly text: string
  /** Width in columns. */
  readonly width: number
  readonly role: Role
}

export type Line = readonly Run[]

export function run(text: string, role: Role = 'text'): Run {
  return { text, width: displayWidth(text), role }
}

/** A run of characters that are one column each, such as borders; does not measure them. */
export function narrowRun(text: string, role: Role): Run {
  return { text, width: text.length, role }
}

const BLANKS: Run[] = []
/** Blank runs up to this width are cached. */
const KEPT_BLANKS = 512

export function blank(width: number): Run {
  if (width >= KEPT_BLANKS) return { text: ' '.repeat(width), width, role: 'text' }
  BLANKS[width] ??= { text: ' '.repeat(width), width, role: 'text' }
  return BLANKS[width]
}

export function lineWidth(line: Line): number {
  let width = 0
  for (const part of line) width += part.width
  return width
}

/** At most `width` columns; cut text ends in `…`. */
export function clipRun(part: Run, width: number): Run {
  if (part.width <= width) return part
  return width <= 0 ? { text: '', width: 0, role: part.role } : run(clipText(part.text, width), part.role)
}

/** A text in lines of at most `width` columns, broken at blanks where there are some. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (displayWidth(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (displayWidth(line) > width) {
      const { kept } = measure(line, width + 1)
      // One character at least: it may be wider than the line.
      const length = kept > 0 ? kept : (line.codePointAt(0) ?? 0) > 0xffff ? 2 : 1
      lines.push(line.slice(0, length))
      line = line.slice(length)
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}

/** Exactly `width` columns: cut with `…` or padded. */
export function fitLine(line: Line, width: number): Line {
  const fitted: Run[] = []
  let left = width
  for (const part of line) {
    if (part.width > left) {
      const cut = clipRun(part, left)
      if (cut.width > 0) fitted.push(cut)
      left -= cut.width
      break
    }
    if (part.width > 0) fitted.push(part)
    left -= part.width
  }
  if (left > 0) fitted.push(blank(left))
  return fitted
}

export function lineText(line: Line): string {
  return line.map(part => part.text).join('')
}
