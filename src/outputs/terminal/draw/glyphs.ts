// Drawing characters, and their ASCII forms for terminals without UTF-8. The painter always draws Unicode; folding to ASCII is the
// last step and keeps every width, so the layout does not depend on it.
import type { Tone } from '../../../panels/panel.js'
import { displayWidth } from '../../../panels/text.js'
import { segmentsOf } from '../../../panels/width.js'

/** Every tone is a shape and a colour. */
export const TONE_MARKS: Readonly<Record<Tone, string>> = {
  ok: '●',
  info: '◆',
  warn: '▲',
  error: '■',
  muted: '○',
}

/** The mark before a row: what is well has none. */
export function rowMark(tone: Tone | undefined): string {
  return tone === 'error' || tone === 'warn' || tone === 'info' ? TONE_MARKS[tone] : ''
}

export const THIN = '─'
/** So that the focus is visible without colour. */
export const HEAVY = '━'
export const GAUGE = { full: '━', empty: '╌' } as const

const ASCII_OF: ReadonlyMap<string, string> = new Map([
  ['─', '-'],
  ['━', '='],
  ['╌', '.'],
  ['■', 'x'],
  ['▲', '!'],
  ['◆', 'i'],
  ['●', '*'],
  ['○', '?'],
  ['▁', '_'],
  ['▂', '.'],
  ['▃', '-'],
  ['▄', '-'],
  ['▅', '='],
  ['▆', '+'],
  ['▇', '*'],
  ['█', '#'],
  ['−', '-'],
  ['×', 'x'],
  ['—', '-'],
  ['–', '-'],
  ['…', '~'],
  ['·', '-'],
  ['▏', '_'],
  ['↑', '^'],
  ['↓', 'v'],
  ['’', "'"],
])

const ASCII_ONLY = /^[\x20-\x7e]*$/

/** ASCII of the same width; characters without a counterpart become `?`. */
export function foldToAscii(text: string): string {
  if (ASCII_ONLY.test(text)) return text
  let folded = ''
  for (const { segment } of segmentsOf(text)) {
    const bare = segment.normalize('NFD').charAt(0)
    const like = ASCII_OF.get(segment) ?? (ASCII_ONLY.test(bare) ? bare : '?')
    folded += like.padEnd(displayWidth(segment), '?').slice(0, displayWidth(segment))
  }
  return folded
}
