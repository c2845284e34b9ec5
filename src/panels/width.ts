// How many columns a text takes on a terminal, in one pass. The rule is that of `string-width`; this file is only faster: it looks
// up the width of each character and segments a text only if a character changes its neighbours. The time is linear in the text.
import stringWidth from 'string-width'

/** The width of a text, measured to its end or to the first character past the limit. */
export type Measured = {
  /** Columns measured. */
  readonly width: number
  /** Code units of the longest prefix of at most `limit - 1` columns, so that `…` fits behind it. */
  readonly kept: number
  /** Columns of that prefix. */
  readonly keptWidth: number
  /** Whether the whole text fits. */
  readonly fits: boolean
}

// Classes of code points; 0 is not known yet, 1 and 2 are that many columns wide and join nothing.
const WIDE = 2
/** Invisible; joins nothing. */
const NO_WIDTH = 3
/** Part of the character before it; adds no column. */
const EXTENDS = 4
const JOINER = 5
/** A picture, narrow or wide: a joiner makes two of them one. */
const NARROW_PICTURE = 6
const WIDE_PICTURE = 7
/** Colours the skin of a picture. */
const SKIN = 8
/** Two of them are a flag. From here on nothing may follow. */
const REGIONAL = 9
/** Turns a character that may be text into a picture. */
const SELECTOR = 10
/** Needs the segmenter. */
const OTHER = 11

const ZERO_WIDTH_JOINER = 0x200d
const PICTURE_SELECTOR = 0xfe0f
/** The text selector, the keycap, the parts of Hangul syllables. */
const CHANGES_ITS_NEIGHBOUR = /[\ufe0e\u20e3\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u
const SKIN_TONE = /\p{Emoji_Modifier}/u
const REGIONAL_INDICATOR = /\p{Regional_Indicator}/u
const PICTURE = /\p{Extended_Pictographic}/u
/** Combining marks without a script: those of a script may join letters. */
const COMMON_MARK = /\p{Script=Inherited}/u
let segmenter: Intl.Segmenter | null = null

/** The characters of a text as people see them. The segmenter is made for the first text that needs it: that takes 10 ms. */
export function segmentsOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

function countOf(segments: Iterable<unknown>): number {
  let count = 0
  for (const _ of segments) count++
  return count
}

/**
 * Whatever may join or change its neighbours: marks, formats, pictures, and the letters that the segmenter joins to the next one.
 * All others are one or two columns wide.
 */
const MAY_JOIN =
  /[\p{M}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Grapheme_Extend}\p{Emoji_Modifier}\p{Regional_Indicator}\p{Extended_Pictographic}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\u0e33\u0eb3\u0d4e\u{111c2}\u{111c3}\u{113d1}\u{1193f}\u{11941}\u{11a84}-\u{11a89}\u{11d46}\u{11f02}]/u

/** The wide characters among those: pairs of first and last. Asking `string-width` for each takes 50 times as long. */
// biome-ignore format: a table
const WIDE_RANGES: readonly number[] = [
  0x2329, 0x232a, 0x2630, 0x2637, 0x268a, 0x268f, 0x2e80, 0x2e99, 0x2e9b, 0x2ef3, 0x2f00, 0x2fd5, 0x2ff0, 0x303e,
  0x3041, 0x3096, 0x309b, 0x30ff, 0x3105, 0x312f, 0x3131, 0x318e, 0x3190, 0x31e5, 0x31ef, 0x321e, 0x3220, 0x3247,
  0x3250, 0xa48c, 0xa490, 0xa4c6, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe52, 0xfe54, 0xfe66,
  0xfe68, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x16fe3, 0x16ff2, 0x16ff6, 0x17000, 0x18cda, 0x18cff, 0x18d20,
  0x18d80, 0x18df2, 0x18e00, 0x19191, 0x191a0, 0x191d2, 0x1aff0, 0x1aff3, 0x1aff5, 0x1affb, 0x1affd, 0x1affe,
  0x1b000, 0x1b128, 0x1b132, 0x1b132, 0x1b150, 0x1b152, 0x1b155, 0x1b155, 0x1b164, 0x1b168, 0x1b170, 0x1b2fb,
  0x1d300, 0x1d356, 0x1d360, 0x1d376, 0x1f200, 0x1f265, 0x20000, 0x2fffd, 0x30000, 0x3fffd,
]

function isWide(code: number): boolean {
  for (let at = 0; at < WIDE_RANGES.length; at += 2) {
    if (code < (WIDE_RANGES[at] ?? 0)) return false
    if (code <= (WIDE_RANGES[at + 1] ?? 0)) return true
  }
  return false
}

function classify(code: number): number {
  const char = String.fromCodePoint(code)
  const isLone = code >= 0xd800 && code <= 0xdfff
  if (!isLone && !MAY_JOIN.test(char)) return isWide(code) ? WIDE : 1
  if (code === ZERO_WIDTH_JOINER) return JOINER
  if (code === PICTURE_SELECTOR) return SELECTOR
  if (CHANGES_ITS_NEIGHBOUR.test(char)) return OTHER
  if (SKIN_TONE.test(char)) return SKIN
  if (REGIONAL_INDICATOR.test(char)) return REGIONAL
  if (PICTURE.test(char)) return stringWidth(char) === 1 ? NARROW_PICTURE : WIDE_PICTURE
  if (countOf(segmentsOf(`a${char}a`)) === 3) return stringWidth(char) || NO_WIDTH
  return COMMON_MARK.test(char) ? EXTENDS : OTHER
}

/** Classes of all code points seen so far. */
const classes = new Uint8Array(0x11_0000)

function classOf(code: number): number {
  const known = classes[code] ?? OTHER
  if (known !== 0) return known
  const found = classify(code)
  classes[code] = found
  return found
}

const MARK = /\p{M}/u
/** Of the characters that need the segmenter: some thousands. */
const marks = new Map<number, boolean>()

function isMark(code: number): boolean {
  const known = marks.get(code)
  if (known !== undefined) return known
  const found = MARK.test(String.fromCodePoint(code))
  marks.set(code, found)
  return found
}

/** Cached widths of flags and of clusters that need the segmenter; a full cache is emptied. */
const clusters = new Map<string, number>()
const MAX_CLUSTERS = 8192
/** Longer clusters are not cached. */
const MAX_KEPT_LENGTH = 64

function clusterWidth(cluster: string): number {
  const known = clusters.get(cluster)
  if (known !== undefined) return known
  const width = stringWidth(cluster)
  if (cluster.length <= MAX_KEPT_LENGTH) {
    if (clusters.size === MAX_CLUSTERS) clusters.clear()
    clusters.set(cluster, width)
  }
  return width
}

/** Each step of the segmenter takes time proportional to a long text, so long texts are segmented in pieces. */
const MAX_PIECE = 4096

/** A character that spans two pieces counts as two. */
function* piecesOf(text: string): Generator<{ readonly piece: string; readonly from: number }> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + MAX_PIECE)
    if (to < text.length && (text.codePointAt(to - 1) ?? 0) > 0xffff) to++
    yield { piece: text.slice(from, to), from }
    from = to
  }
}

function measureSegments(text: string, limit: number): Measured {
  let width = 0
  let kept = 0
  let keptWidth = 0
  for (const { piece, from } of piecesOf(text)) {
    for (const { segment, index } of segmentsOf(piece)) {
      width += clusterWidth(segment)
      if (width > limit) return { width, kept, keptWidth, fits: false }
      if (width < limit) {
        kept = from + index + segment.length
        keptWidth = width
      }
    }
  }
  return { width, kept, keptWidth, fits: true }
}

/**
 * The columns that a code point of class `now` adds after a character of class `before`; null where the segmenter is needed.
 * `isJoined`: a joiner is between them.
 */
function added(now: number, before: number, isJoined: boolean): number | null {
  if (now <= WIDE) return now
  if (now === NO_WIDTH) return 0
  if (now === WIDE_PICTURE) return isJoined ? 0 : 2
  if (now === NARROW_PICTURE) return isJoined ? null : 1
  if (now === SKIN) return before === WIDE_PICTURE ? 0 : null
  if (now === JOINER && (isJoined || before === NARROW_PICTURE)) return null
  // A flag or a selected picture with a joined code point behind it needs the segmenter.
  return now >= REGIONAL || before >= REGIONAL ? null : 0
}

/** The class of a flag or of a picture with its selector (two code points, one character); 0 for others. */
function pairOf(now: number, second: number | undefined): number {
  if (second === undefined || (now !== REGIONAL && now !== NARROW_PICTURE && now !== WIDE_PICTURE)) return 0
  const then = classOf(second)
  if (now === REGIONAL) return then === REGIONAL ? REGIONAL : 0
  return then === SELECTOR ? SELECTOR : 0
}

/** Whether it is drawn onto the character before it, or joins it to the next one. */
export function isAttached(code: number): boolean {
  const found = classOf(code)
  return found === EXTENDS || found === JOINER || found === SELECTOR || (found === OTHER && isMark(code))
}

function unitsOf(code: number): number {
  return code > 0xffff ? 2 : 1
}

/** Measures a text until it is wider than `limit` columns. */
export function measure(text: string, limit = Number.POSITIVE_INFINITY): Measured {
  let width = 0
  let kept = 0
  let keptWidth = 0
  let before = 0
  let isJoined = false
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0
    let now = classOf(code)
    let next = at + unitsOf(code)
    const second = text.codePointAt(next)
    const pair = isJoined ? 0 : pairOf(now, second)
    if (pair !== 0) {
      now = pair
      next += unitsOf(second ?? 0)
    }
    const isKnown = pair !== 0 || now === REGIONAL
    const columns = isKnown ? clusterWidth(text.slice(at, next)) : added(now, before, isJoined)
    if (columns === null) return measureSegments(text, limit)
    width += columns
    if (width > limit) return { width, kept, keptWidth, fits: false }
    if (width < limit) {
      kept = next
      keptWidth = width
    }
    isJoined = now === JOINER && before === WIDE_PICTURE
    if (now !== EXTENDS && now !== JOINER && now !== SKIN) before = now
    at = next
  }
  return { width, kept, keptWidth, fits: true }
}
