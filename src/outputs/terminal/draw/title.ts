// The thin line with a panel's title; a panel has no other frame. The tone is in the line, the mark and the title.
import type { Tone } from '../../../panels/panel.js'
import { HEAVY, rowMark, THIN } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, narrowRun, type Role, type Run, run } from './run.js'

/** Columns before the content: the mark of a row and a blank. */
export const GUTTER = 2
/** The line with the title, and the blank line below a panel. */
export const FRAME_ROWS = 2

export type Title = {
  readonly title: string
  readonly tone: Tone
  readonly focused: boolean
  /** At the right end; empty = nothing. */
  readonly remark: string
}

const LINE_ROLES: Readonly<Record<Tone, Role>> = {
  error: 'errorRule',
  warn: 'warnRule',
  info: 'rule',
  ok: 'rule',
  muted: 'rule',
}

function isBad(tone: Tone): tone is 'error' | 'warn' {
  return tone === 'error' || tone === 'warn'
}

function titleRole({ tone, focused }: Pick<Title, 'tone' | 'focused'>): Role {
  return isBad(tone) ? tone : focused ? 'focus' : 'strong'
}

/** The mark of a panel that is not well, with a blank. */
function markRuns(tone: Tone): readonly Run[] {
  return isBad(tone) ? [run(rowMark(tone), LINE_ROLES[tone]), blank(1)] : []
}

/** `─ ■ Indices ─────── 2 of 4 not well ─`, exactly `width` columns. */
export function titleLine(of: Title, width: number): Line {
  const role = of.focused ? 'focus' : LINE_ROLES[of.tone]
  const sign = of.focused ? HEAVY : THIN
  const head: Run[] = [narrowRun(sign, role), blank(1), ...markRuns(of.tone)]
  head.push(clipRun(run(of.title, titleRole(of)), Math.max(0, width - lineWidth(head) - 2)), blank(1))
  const rest = width - lineWidth(head)
  if (rest <= 0) return fitLine(head, width)
  const remark = run(of.remark, 'label')
  const room = rest - remark.width - 3
  if (of.remark === '' || room < 1) return [...head, narrowRun(sign.repeat(rest), role)]
  return [...head, narrowRun(sign.repeat(room), role), blank(1), remark, blank(1), narrowRun(sign, role)]
}

/** Columns of the names of panels that are one line each. */
const NAME_COLUMNS = 11

/** One line for a panel without room for more: mark, title, and as much content as fits. */
export function oneLine(of: Title, summary: (width: number) => Line, width: number): Line {
  const mark = isBad(of.tone) ? markRuns(of.tone) : of.focused ? [run(HEAVY, 'focus'), blank(1)] : [blank(2)]
  const title = clipRun(run(of.title, titleRole(of)), width - GUTTER)
  const head = [...mark, title, blank(Math.max(0, NAME_COLUMNS - title.width) + 2)]
  const left = width - lineWidth(head)
  return fitLine(left > 0 ? [...head, ...summary(left)] : head, width)
}
