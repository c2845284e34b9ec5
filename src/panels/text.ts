// Text from the status as a person may safely see it: one line, no control characters, no reordering marks, bounded in
// columns. Plain ASCII, the usual case, is told by one pattern and never segmented.
import stringWidth from 'string-width'

/** Columns of a message, and of any other text from the status. */
export const MESSAGE_WIDTH = 200
export const TEXT_WIDTH = 120

/** Code units looked at per column: bounds text without width (piles of combining marks). */
const UNITS_PER_COLUMN = 16

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

/** Anything that one of the patterns above may find. */
const UNCLEAN = new RegExp(`${BLANKS.source}|${INVISIBLE.source}|${LONE_SURROGATE.source}`, 'u')

/** Without control characters, terminal sequences and reordering marks; line breaks and tabs become one blank. */
export function cleanText(text: string): string {
  if (ONE_COLUMN_EACH.test(text) || !UNCLEAN.test(text)) return text
  return text
    .replace(TERMINAL_SEQUENCES, '')
    .replace(BLANKS, ' ')
    .replace(INVISIBLE, '')
    .replace(LONE_SURROGATE, '\ufffd')
}

/** Widths of other texts, which are slow to find and mostly the same in every cycle; when full, it starts afresh. */
const widths = new Map<string, number>()
const MAX_WIDTHS = 8192
/** A longer text is not kept. */
const MAX_KEPT_LENGTH = 128

/** Columns on a terminal. */
export function displayWidth(text: string): number {
  if (ONE_COLUMN_EACH.test(text)) return text.length
  const known = widths.get(text)
  if (known !== undefined) return known
  const width = stringWidth(text)
  if (text.length <= MAX_KEPT_LENGTH) {
    if (widths.size === MAX_WIDTHS) widths.clear()
    widths.set(text, width)
  }
  return width
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

function cutAtUnits(text: string, units: number): string {
  if (text.length <= units) return text
  const last = text.charCodeAt(units - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsPair ? units - 1 : units)
}

/** Of text that is as wide as it is long. */
function clipPlain(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
}

/** At most `columns` wide; what was cut ends in `…`. Expects clean text. */
export function clipText(text: string, columns: number): string {
  if (ONE_COLUMN_EACH.test(text)) return clipPlain(text, columns)
  // No code unit is wider than two columns.
  if (text.length * 2 <= columns) return text
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
  if (ONE_COLUMN_EACH.test(bounded)) return clipPlain(bounded.trim(), columns)
  return clipText(cleanText(bounded).trim(), columns)
}
