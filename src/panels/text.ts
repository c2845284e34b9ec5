// Text from the status as a person may safely see it: one line, no control characters, no reordering marks, bounded in
// columns. Plain ASCII, the usual case, is told by one pattern and never segmented.
import stringWidth from 'string-width'

/** Columns of a message, and of any other text from the status. */
export const MESSAGE_WIDTH = 200
export const TEXT_WIDTH = 120

/** Code units looked at per column: bounds text without width (piles of combining marks). */
const UNITS_PER_COLUMN = 16

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
/** Every one of these is one column wide by itself and joins with nothing: Latin-1, Latin extended, `—`, `…`, `₹`. */
const ONE_COLUMN_EACH = /^[\x20-\x7e\u00a1-\u00a8\u00aa-\u00ac\u00af-\u024f\u2014\u2026\u20b9]*$/

// Built from text, so that no control character stands in a pattern.
const ESC = '\\u001b'
const CSI = `(?:${ESC}\\[|\\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]`
const OSC = `(?:${ESC}\\]|\\u009d)[^\\u0007\\u001b\\u009c]{0,512}(?:\\u0007|${ESC}\\\\|\\u009c)`
const TERMINAL_SEQUENCES = new RegExp(`${OSC}|${CSI}`, 'g')
const BLANKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g
/** C0, DEL, C1; bidi marks, embeddings, overrides and isolates; invisible characters that hide or split words. */
const INVISIBLE =
  /\p{Cc}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu
const LONE_SURROGATE = /\p{Cs}/gu

/** Without control characters, terminal sequences and reordering marks; line breaks and tabs become one blank. */
export function cleanText(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text
  return text
    .replace(TERMINAL_SEQUENCES, '')
    .replace(BLANKS, ' ')
    .replace(INVISIBLE, '')
    .replace(LONE_SURROGATE, '\ufffd')
}

/** Columns on a terminal. */
export function displayWidth(text: string): number {
  return ONE_COLUMN_EACH.test(text) ? text.length : stringWidth(text)
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

function cutAtUnits(text: string, units: number): string {
  if (text.length <= units) return text
  const last = text.charCodeAt(units - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsPair ? units - 1 : units)
}

/** At most `columns` wide; what was cut ends in `…`. Expects clean text. */
export function clipText(text: string, columns: number): string {
  if (ONE_COLUMN_EACH.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
  const bounded = cutAtUnits(text, columns * UNITS_PER_COLUMN)
  if (bounded.length === text.length && displayWidth(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const { segment } of graphemes.segment(bounded)) {
    const wide = stringWidth(segment)
    if (width + wide > columns - 1) break
    kept += segment
    width += wide
  }
  return `${kept}…`
}

/** Clean and clipped: the only way text from a status gets into a panel. */
export function shownText(text: string, columns: number = TEXT_WIDTH): string {
  // Cut first: cleaning a megabyte to show a line of it is no use. Twice the room, for what cleaning removes.
  const bounded = cutAtUnits(text, columns * UNITS_PER_COLUMN * 2)
  return clipText(cleanText(bounded).trim(), columns)
}
