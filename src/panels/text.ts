// Makes text from the status safe to show: one line, no control characters, no reordering marks, bounded in columns. One pattern
// recognises plain ASCII, the usual case. All work is linear in the part of the text that is read, which the columns bound.
import { isAttached, measure } from './width.js'

/** Columns of a message, and of any other text from the status. */
export const MESSAGE_WIDTH = 200
export const TEXT_WIDTH = 120

/** Code units read per column: bounds text without width (piles of combining marks). The longest emoji have 8. */
const UNITS_PER_COLUMN = 8

/** Characters that are one column wide and join nothing: Latin-1, Latin extended, `—`, `…`, `₹`. */
const ONE_COLUMN_EACH = /^[\x20-\x7e\u00a1-\u00a8\u00aa-\u00ac\u00af-\u024f\u2014\u2026\u20b9]*$/

/** Marks and joiners kept behind one character; no writing system needs more. A pile of them is many characters and no column. */
const MAX_ATTACHED = 8
/** No mark is before this. */
const FIRST_MARK = 0x300

const [TAB, CARRIAGE_RETURN, ESCAPE, NEXT_LINE] = [0x09, 0x0d, 0x1b, 0x85]
const [CSI, OSC, STRING_END, BELL] = [0x9b, 0x9d, 0x9c, 0x07]
const INVISIBLE: ReadonlySet<number> = new Set([0x61c, 0x180e, 0x200b, 0x200e, 0x200f, 0xfeff])
/** Longer sequences are not terminal sequences. */
const [MAX_CSI, MAX_OSC] = [72, 512]

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

function isBlank(code: number): boolean {
  return (code >= TAB && code <= CARRIAGE_RETURN) || code === NEXT_LINE || code === 0x2028 || code === 0x2029
}

/** Controls; bidi marks, embeddings, overrides and isolates; invisible characters that hide or split words; tags. */
function isInvisible(code: number): boolean {
  if (code < 0x61c) return isControl(code) || code === 0xad
  if (code >= 0x2_0000) return code >= 0xe_0000 && code <= 0xe_007f
  return (
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x2069) ||
    (code >= 0xfff9 && code <= 0xfffb) ||
    INVISIBLE.has(code)
  )
}

/** Where a colour or a cursor move ends: parameters, then one letter or sign. */
function endOfCsi(text: string, from: number): number | null {
  let at = from
  const end = Math.min(text.length, from + MAX_CSI)
  while (at < end && text.charCodeAt(at) >= 0x20 && text.charCodeAt(at) <= 0x3f) at++
  const last = text.charCodeAt(at)
  return at < end && last >= 0x40 && last <= 0x7e ? at + 1 : null
}

/** Where a title or a link ends. Every control ends it, so many beginnings do not scan the same text again. */
function endOfOsc(text: string, from: number): number | null {
  let at = from
  const end = Math.min(text.length, from + MAX_OSC)
  while (at < end && !isControl(text.charCodeAt(at))) at++
  const last = text.charCodeAt(at)
  if (last === BELL || last === STRING_END) return at + 1
  return last === ESCAPE && text[at + 1] === '\\' ? at + 2 : null
}

/** The end of the terminal sequence that begins here; null when none does. */
function endOfSequence(text: string, at: number, code: number): number | null {
  if (code === CSI || (code === ESCAPE && text[at + 1] === '[')) {
    return endOfCsi(text, code === CSI ? at + 1 : at + 2)
  }
  if (code === OSC || (code === ESCAPE && text[at + 1] === ']')) {
    return endOfOsc(text, code === OSC ? at + 1 : at + 2)
  }
  return null
}

/**
 * Removes control characters, terminal sequences, reordering marks and piles of combining marks; line breaks and tabs become one
 * blank. One pass, which reads no character more than twice.
 */
export function cleanText(text: string): string {
  if (ONE_COLUMN_EACH.test(text)) return text
  let clean = ''
  /** Where the unchanged characters begin. */
  let from = 0
  let isAfterBreak = false
  let attached = 0
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0
    const next = at + (code > 0xffff ? 2 : 1)
    const isLone = code >= 0xd800 && code <= 0xdfff
    const isBreak = isBlank(code)
    if (!isLone && !isBreak && !isInvisible(code)) {
      attached = code >= FIRST_MARK && isAttached(code) ? attached + 1 : 0
      isAfterBreak = false
      if (attached > MAX_ATTACHED) {
        clean += text.slice(from, at)
        from = next
      }
      at = next
      continue
    }
    clean += text.slice(from, at)
    if (isLone || isBreak) attached = 0
    if (isLone) clean += '\ufffd'
    if (isBreak && !isAfterBreak) clean += ' '
    isAfterBreak = isBreak || (isAfterBreak && !isLone)
    at = endOfSequence(text, at, code) ?? next
    from = at
  }
  return from === 0 ? text : clean + text.slice(from)
}

/**
 * What measuring found out, of texts that are not plain: panels show the same name several times, and again with every status. A
 * full cache is emptied. A key has at most 1 600 characters.
 */
const MAX_KNOWN = 4_096
/** Widths asked for: 40, 80, 120, 200 */
const MAX_COLUMNS_KNOWN = 8
const widths = new Map<string, number>()
const shownTexts = new Map<number, Map<string, string>>()

function known<T>(cache: Map<string, T>, text: string, make: () => T): T {
  const found = cache.get(text)
  if (found !== undefined) return found
  const made = make()
  if (cache.size >= MAX_KNOWN) cache.clear()
  cache.set(text, made)
  return made
}

/** What measuring has found out, for another thread: `[text, width]`, and `[columns, [text, shown][]]`. */
export type KnownTexts = {
  readonly widths: readonly (readonly [string, number])[]
  readonly shown: readonly (readonly [number, readonly (readonly [string, string])[]])[]
}

/** Takes it out of this thread. */
export function takeKnownTexts(): KnownTexts {
  const taken = {
    widths: [...widths],
    shown: [...shownTexts].map(([columns, texts]) => [columns, [...texts]] as const),
  }
  widths.clear()
  shownTexts.clear()
  return taken
}

export function addKnownTexts(texts: KnownTexts): void {
  addAll(widths, texts.widths)
  for (const [columns, shown] of texts.shown) addAll(shownOf(columns), shown)
}

function addAll<T>(cache: Map<string, T>, entries: readonly (readonly [string, T])[]): void {
  if (cache.size + entries.length > MAX_KNOWN) cache.clear()
  for (const [text, found] of entries) cache.set(text, found)
}

function shownOf(columns: number): Map<string, string> {
  const found = shownTexts.get(columns)
  if (found !== undefined) return found
  if (shownTexts.size >= MAX_COLUMNS_KNOWN) shownTexts.clear()
  const made = new Map<string, string>()
  shownTexts.set(columns, made)
  return made
}

/** Columns on a terminal. */
export function displayWidth(text: string): number {
  if (ONE_COLUMN_EACH.test(text)) return text.length
  if (text.length > MESSAGE_WIDTH * UNITS_PER_COLUMN) return measure(text).width
  return known(widths, text, () => measure(text).width)
}

function cutAtUnits(text: string, units: number): string {
  if (text.length <= units) return text
  const last = text.charCodeAt(units - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsPair ? units - 1 : units)
}

/** Clips text that is as wide as it is long. */
function clipPlain(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
}

/** At most `columns` wide; cut text ends in `…`. Expects clean text. */
export function clipText(text: string, columns: number): string {
  if (ONE_COLUMN_EACH.test(text)) return clipPlain(text, columns)
  // No code unit is wider than two columns.
  if (text.length * 2 <= columns) return text
  const bounded = cutAtUnits(text, columns * UNITS_PER_COLUMN)
  const { kept, keptWidth, fits } = measure(bounded, columns)
  if (fits && bounded.length === text.length) return text
  const clipped = `${bounded.slice(0, kept)}…`
  known(widths, clipped, () => keptWidth + 1)
  return clipped
}

/** Clean and clipped: the only way text from a status gets into a panel. */
export function shownText(text: string, columns: number = TEXT_WIDTH): string {
  // Cut first, so that a megabyte is not cleaned to show one line of it.
  const bounded = cutAtUnits(text, columns * UNITS_PER_COLUMN)
  if (ONE_COLUMN_EACH.test(bounded)) return clipPlain(bounded.trim(), columns)
  return known(shownOf(columns), bounded, () => clipText(cleanText(bounded).trim(), columns))
}
