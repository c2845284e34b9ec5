// What is in the middle of the screen instead of panels: messages, and the help with all keys.
import { cleanText, displayWidth } from '../../../panels/text.js'
import type { Size } from '../layout/layout.js'
import { centred, type Frame, frameOf } from './frame.js'
import { blank, fitLine, type Line, lineWidth, run } from './run.js'
import { GUTTER, titleLine } from './title.js'

function block(lines: readonly Line[], size: Size): readonly Line[] {
  const width = Math.min(size.width, Math.max(...lines.map(lineWidth)))
  return centred(
    lines.map(line => fitLine(line, width)),
    width,
    size,
  )
}

export function tooSmall(size: Size, smallest: Size): Frame {
  const parts = [`${size.width}×${size.height} is too small,`, `${smallest.width}×${smallest.height} needed`]
  const whole = parts.join(' ')
  // On two lines where one does not fit, so that the needed size is not cut off.
  const lines = displayWidth(whole) <= size.width || size.height < 2 ? [whole] : parts
  return frameOf(size, size.width === 0 ? [] : lines.map(line => fitLine([run(line, 'warn')], size.width)))
}

const KEYS: readonly (readonly [string, string])[] = [
  ['q, ctrl+c', 'quit'],
  ['p, space', 'pause: the screen stays, the loop goes on'],
  ['tab, arrows', 'focus a panel; also h j k l'],
  ['enter', 'the focused panel full screen, and back'],
  ['up, down', 'scroll the panel that is full screen'],
  ['page up/down', 'scroll the focused panel; also the wheel'],
  ['home, end', 'its first and last lines; also g G'],
  ['/', 'only lines with a text; esc clears it'],
  ['r', 'read the status now'],
  ['w', "write the screen's text to a file"],
  ['t', 'dark or light theme'],
  ['ctrl+l', 'draw everything again'],
  ['ctrl+z', 'suspend; fg comes back'],
  ['?', 'this help; ?, esc or q closes it'],
]

const KEY_COLUMNS = 14

function helpLines(): readonly Line[] {
  return KEYS.map(([keys, what]) => [run(keys, 'key'), blank(KEY_COLUMNS - keys.length), run(what)])
}

export function helpBody(size: Size): readonly Line[] {
  const lines = helpLines()
  const width = Math.min(size.width, Math.max(...lines.map(lineWidth)) + GUTTER)
  const title = titleLine({ title: 'Keys', tone: 'info', focused: false, remark: '' }, width)
  const content = lines.map(line => fitLine([blank(GUTTER), ...line], width))
  return centred([title, ...content].slice(0, size.height), width, size)
}

/** Before the first status: the source, and what is wrong with it. */
export function waiting(sourceName: string, reason: string | null, size: Size): readonly Line[] {
  const lines: Line[] = [[run('waiting for ', 'label'), run(cleanText(sourceName), 'strong')]]
  if (reason !== null) lines.push([run(cleanText(reason), 'warn')])
  return block(lines, size)
}

export function nothingFound(filter: string, size: Size): readonly Line[] {
  return block([[run('no line contains ', 'label'), run(filter, 'input')]], size)
}
