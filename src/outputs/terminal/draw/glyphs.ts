// Drawing characters, and their ASCII forms for terminals without UTF-8. The painter always draws Unicode; folding to ASCII is the
// last step and keeps every width, so the layout does not depend on it.
import type { Tone } from '../../../panels/panel.js'
import { displayWidth } from '../../../panels/text.js'

export type Border = {
  readonly topLeft: string
  readonly topRight: string
  readonly bottomLeft: string
  readonly bottomRight: string
  readonly horizontal: string
  readonly vertical: string
}

export const BORDER: Border = {
  topLeft: '╭',
  topRight: '╮',
  bottomLeft: '╰',
  bottomRight: '╯',
  horizontal: '─',
  vertical: '│',
}

/** Heavy lines, so that the focus is visible without colour. */
export const FOCUS_BORDER: Border = {
  topLeft: '┏',
  topRight: '┓',
  bottomLeft: '┗',
  bottomRight: '┛',
  horizontal: '━',
  vertical: '┃',
}

/** Tones that must be visible without colour. */
export const TONE_MARKS: Readonly<Record<Tone, string>> = {
  error: '✖',
  warn: '!',
  info: '',
  ok: '',
  muted: '',
}

export function toneMark(tone: Tone | undefined): string {
  return tone === undefined ? '' : TONE_MARKS[tone]
}

const ASCII_OF: ReadonlyMap<string, string> = new Map([
  ...[...'╭╮╰╯'].map(corner => [corner, '+'] as const),
  ...[...'┏┓┗┛'].map(corner => [corner, '#'] as const),
  ['─', '-'],
  ['│', '|'],
  ['━', '='],
  ['┃', '#'],
  ['✖', 'x'],
  ['×', 'x'],
  ['—', '-'],
  ['–', '-'],
  ['…', '~'],
  ['·', '-'],
  ['●', '*'],
  ['▏', '_'],
  ['↑', '^'],
  ['↓', 'v'],
  ['’', "'"],
])

const ASCII_ONLY = /^[\x20-\x7e]*$/
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** ASCII of the same width; characters without a counterpart become `?`. */
export function foldToAscii(text: string): string {
  if (ASCII_ONLY.test(text)) return text
  let folded = ''
  for (const { segment } of graphemes.segment(text)) {
    const bare = segment.normalize('NFD').charAt(0)
    const like = ASCII_OF.get(segment) ?? (ASCII_ONLY.test(bare) ? bare : '?')
    folded += like.padEnd(displayWidth(segment), '?').slice(0, displayWidth(segment))
  }
  return folded
}
