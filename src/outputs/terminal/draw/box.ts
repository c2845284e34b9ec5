// The frame around a panel's content: title and worst tone above, how much is hidden below.
import type { Tone } from '../../../panels/panel.js'
import { BORDER, FOCUS_BORDER, toneMark } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, narrowRun, type Run, run } from './run.js'

/** Columns and rows of the frame. */
export const BOX_COLUMNS = 4
export const BOX_ROWS = 2

export type Box = {
  readonly title: string
  readonly tone: Tone
  readonly focused: boolean
  /** The whole content; every line is `width - BOX_COLUMNS` wide. */
  readonly content: readonly Line[]
  /** Content lines above the first one shown. */
  readonly scroll: number
}

function titleRuns(title: string, tone: Tone, focused: boolean, width: number): Run[] {
  const mark = toneMark(tone)
  const shown = clipRun(run(title, focused ? 'focus' : 'title'), Math.max(0, width - (mark === '' ? 0 : 2)))
  return mark === '' ? [shown] : [shown, run(` ${mark}`, tone)]
}

function rule(left: string, inner: readonly Run[], right: string, width: number, focused: boolean): Line {
  const role = focused ? 'focus' : 'border'
  const { horizontal } = focused ? FOCUS_BORDER : BORDER
  const used = lineWidth(inner) + 2
  return [
    narrowRun(left, role),
    ...inner,
    narrowRun(horizontal.repeat(Math.max(0, width - used)), role),
    narrowRun(right, role),
  ]
}

function notShown({ content, scroll }: Box, rows: number): string {
  if (content.length <= rows) return ''
  if (scroll === 0) return `${content.length - rows} more`
  return `${scroll + 1}–${Math.min(content.length, scroll + rows)} of ${content.length}`
}

/** Exactly `height` lines of exactly `width` columns; both at least 3. */
export function boxLines(box: Box, width: number, height: number): readonly Line[] {
  const border = box.focused ? FOCUS_BORDER : BORDER
  const role = box.focused ? 'focus' : 'border'
  const rows = height - BOX_ROWS
  const inner = width - BOX_COLUMNS
  const title = titleRuns(box.title, box.tone, box.focused, inner - 2)
  const head = [narrowRun(`${border.horizontal} `, role), ...title, narrowRun(' ', role)]
  const side = narrowRun(border.vertical, role)
  const left = [side, blank(1)]
  const right = [blank(1), side]
  const lines: Line[] = [rule(border.topLeft, inner >= 4 ? head : [], border.topRight, width, box.focused)]
  for (let i = 0; i < rows; i++) {
    const line = box.content[box.scroll + i]
    if (inner <= 0) lines.push([side, blank(width - 2), side])
    else lines.push([...left, ...(line ?? [blank(inner)]), ...right])
  }
  const hidden = notShown(box, rows)
  const foot =
    hidden === '' || inner < hidden.length + 2
      ? []
      : [run(` ${hidden} `, 'muted'), narrowRun(border.horizontal, role)]
  const fill = width - 2 - lineWidth(foot)
  lines.push([
    narrowRun(border.bottomLeft, role),
    narrowRun(border.horizontal.repeat(fill), role),
    ...foot,
    narrowRun(border.bottomRight, role),
  ])
  return lines
}

/** One line for a panel without room for a box: title, mark, and as much content as fits. */
export function collapsedLine(
  title: string,
  tone: Tone,
  focused: boolean,
  summary: (width: number) => Line,
  width: number,
): Line {
  const role = focused ? 'focus' : 'border'
  const { horizontal } = focused ? FOCUS_BORDER : BORDER
  const head: Run[] = [
    narrowRun(`${horizontal}${horizontal} `, role),
    ...titleRuns(title, tone, focused, width - 4),
    blank(2),
  ]
  const left = width - lineWidth(head)
  return fitLine(left > 0 ? [...head, ...summary(left)] : head, width)
}

/** The heading of a section without a frame. */
export function sectionLine(title: string, tone: Tone, focused: boolean, width: number): Line {
  const role = focused ? 'focus' : 'border'
  const { horizontal } = focused ? FOCUS_BORDER : BORDER
  const head: Run[] = [
    narrowRun(`${horizontal}${horizontal} `, role),
    ...titleRuns(title, tone, focused, width - 4),
    blank(1),
  ]
  const rest = width - lineWidth(head)
  return fitLine(rest > 0 ? [...head, narrowRun(horizontal.repeat(rest), role)] : head, width)
}
