// A table with messages, such as alerts: mark, time, message. An error is never cut, it wraps; others are one line.
import { notWellFirst } from '../../../display/shape.js'
import { MISSING } from '../../../panels/format.js'
import type { Cell, Column, Tone } from '../../../panels/panel.js'
import { type FieldsContext, gutter } from './fields.js'
import { rowMark } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, type Role, run, wrapText } from './run.js'
import { rowTone, type Table } from './table.js'
import { cellRole, dated } from './values.js'

const GAP = 2
/** From this width on the component has a column of its own. */
const WIDE = 100

const TEXT_ROLES: Readonly<Record<Tone, Role>> = {
  error: 'error',
  warn: 'strong',
  info: 'text',
  ok: 'text',
  muted: 'label',
}

export function hasMessages({ columns }: Table): boolean {
  return columns.some(({ role }) => role === 'message')
}

type Message = {
  readonly tone: Tone | undefined
  readonly time: string
  readonly from: string
  readonly text: string
}

function isTime({ label, unit }: Column): boolean {
  return unit === 'time' || label === 'Time'
}

function messageOf({ columns }: Table, row: readonly Cell[], context: FieldsContext): Message {
  const textOf = (at: number): string => {
    const cell = row[at]
    return cell === undefined || cell.text === MISSING ? '' : cell.text
  }
  const time = columns.findIndex(isTime)
  const others = columns.flatMap(({ role }, at) => (role === undefined && at !== time ? [textOf(at)] : []))
  const at = row[time]
  return {
    tone: rowTone(row),
    time: at === undefined ? '' : dated({ unit: 'time', ...at }, context).text,
    from: others.filter(text => text !== '').join(' '),
    text: textOf(columns.findIndex(({ role }) => role === 'message')),
  }
}

/** `Provider: sign-in has expired`, where the message does not begin with that name. */
function sentence({ from, text }: Message): string {
  const isNamed = from === '' || text.toLowerCase().startsWith(from.toLowerCase())
  return isNamed ? text : text === '' ? from : `${from}: ${text}`
}

/** Lines of at most `width` columns. `isWhole`: no message is cut. */
export function messageLines(table: Table, width: number, context: FieldsContext, isWhole: boolean): Line[] {
  const messages = notWellFirst(
    table.rows.map(row => messageOf(table, row, context)),
    ({ tone }) => tone,
  )
  const times = messages.map(({ time }) => run(time, 'label'))
  const timeRoom = Math.max(0, ...times.map(time => time.width))
  const fromRoom =
    width < WIDE ? 0 : Math.min(24, Math.max(0, ...messages.map(({ from }) => run(from).width)))
  const before = 2 + (timeRoom === 0 ? 0 : timeRoom + GAP)
  const room = Math.max(1, width - before - (fromRoom === 0 ? 0 : fromRoom + GAP))
  return messages.flatMap((message, i) => {
    const { tone } = message
    const role = TEXT_ROLES[tone ?? 'ok']
    const text = fromRoom === 0 ? sentence(message) : message.text
    const parts = isWhole || tone === 'error' ? wrapText(text, room) : [clipRun(run(text), room).text]
    return parts.map((part, at): Line => {
      if (at > 0) return [blank(before), run(part, role)]
      const time = times[i] ?? run('')
      const mark = gutter(
        rowMark(tone),
        tone === 'error' ? 'errorRule' : cellRole({ text: '', ...(tone && { tone }) }),
      )
      const start = [...mark, ...(timeRoom === 0 ? [] : [time, blank(timeRoom - time.width + GAP)])]
      const line = [...start, run(part, role)]
      if (fromRoom === 0) return line
      const from = clipRun(run(message.from, 'label'), fromRoom)
      return [...fitLine(line, width - from.width), from]
    })
  })
}

/** The first message as a piece of a line. */
export function messagePieces(table: Table, context: FieldsContext): readonly Line[] {
  const messages = notWellFirst(
    table.rows.map(row => messageOf(table, row, context)),
    ({ tone }) => tone,
  )
  return messages.map(message => {
    const { tone } = message
    const role = TEXT_ROLES[tone ?? 'ok']
    return [
      ...(rowMark(tone) === '' ? [] : gutter(rowMark(tone), cellRole({ text: '', ...(tone && { tone }) }))),
      run(sentence(message), role),
    ]
  })
}

/** The preferred width, with long texts clipped. */
export function messagesWidth(table: Table, context: FieldsContext): number {
  return messageLines(table, context.clip, { ...context, clip: context.clip }, false).reduce(
    (widest, line) => Math.max(widest, lineWidth(line)),
    0,
  )
}
