// A value as runs: the number in ink or in its tone, the unit quiet.
import type { NumberFormat, NumberText } from '../../../display/number-text.js'
import { MISSING } from '../../../panels/format.js'
import type { Cell } from '../../../panels/panel.js'
import { dayBefore } from './clock.js'
import { TONE_MARKS } from './glyphs.js'
import { blank, clipRun, type Line, lineWidth, type Role, run } from './run.js'

/** How values are written. */
export type Writing = {
  readonly format: NumberFormat
  readonly timezone: string
  readonly nowMs: number
  /** The widest text, columns. */
  readonly clip: number
}

export function cellRole({ text, tone }: Cell): Role {
  if (text === MISSING) return 'muted'
  return tone === undefined || tone === 'ok' ? 'text' : tone
}

/** A time of another day has its day before it. */
function timeText({ text, value }: Cell, { timezone, nowMs }: Writing): string {
  const day = value === undefined || !/^\d\d:\d\d/.test(text) ? '' : dayBefore(value, nowMs, timezone)
  return day === '' ? text : `${day} ${text}`
}

/** A cell with the day of its time. */
export function dated<T extends Cell>(cell: T, writing: Writing): T {
  return cell.unit === 'time' ? { ...cell, text: timeText(cell, writing) } : cell
}

/** A word that says that something is well has a green dot. */
function dot({ tone, value, text }: Cell): Line {
  return tone === 'ok' && value === undefined && text !== MISSING ? [run(TONE_MARKS.ok, 'ok'), blank(1)] : []
}

/** At most `width` columns; the unit is kept, the text is cut. */
export function valueRuns(cell: Cell, { number, unit }: NumberText, clip: number, width: number): Line {
  const before = dot(cell)
  const after = unit === '' ? [] : [blank(1), run(unit, 'label')]
  const room = width - lineWidth(before) - lineWidth(after)
  return [...before, clipRun(run(number, cellRole(cell)), Math.max(1, Math.min(room, clip))), ...after]
}
