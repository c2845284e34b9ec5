// How many columns a text takes on a terminal, in one pass. The rule is that of `string-width`; this file is only faster: it looks
// up the width of each character and segments a text only if a character changes its neighbours. The time is linear in the text.
import stringWidth from 'string-width'

/** The width of a text, measured to its end or to the first character past the limit. */
export type Measured = {
  /** Columns measured. */
  readonly width: number
  /** Code units of the longest prefix of at most `limit - 1` columns, so that `…` fits behind it. */
  readonly kept: number
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
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

function countOf(segments: Iterable<unknown>): number {
  let count = 0
  for (const _ of segments) count++
  return count
}

function classify(code: number): number {
  const char = String.fromCodePoint(code)
  if (code === ZERO_WIDTH_JOINER) return JOINER
  if (code === PICTURE_SELECTOR) return SELECTOR
  if (CHANGES_ITS_NEIGHBOUR.test(char)) return OTHER
  if (SKIN_TONE.test(char)) return SKIN
  if (REGIONAL_INDICATOR.test(char)) return REGIONAL
  if (PICTURE.test(char)) return stringWidth(char) === 1 ? NARROW_PICTURE : WIDE_PICTURE
  if (countOf(graphemes.segment(`a${char}a`)) === 3) return stringWidth(char) || NO_WIDTH
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
  for (const { piece, from } of piecesOf(text)) {
    for (const { segment, index } of graphemes.segment(piece)) {
      width += clusterWidth(segment)
      if (width > limit) return { width, kept, fits: false }
      if (width < limit) kept = from + index + segment.length
    }
  }
  return { width, kept, fits: true }
}

/**
 * The columns that a code point of class `now` adds after a character of class `before`; null where the segmenter is needed.
 * `isJoined`: a joiner stands between them.
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

function unitsOf(code: number): number {
  return code > 0xffff ? 2 : 1
}

/** Measures a text until it is wider than `limit` columns. */
export function measure(text: string, limit = Number.POSITIVE_INFINITY): Measured {
  let width = 0
  let kept = 0
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
    if (width > limit) return { width, kept, fits: false }
    if (width < limit) kept = next
    isJoined = now === JOINER && before === WIDE_PICTURE
    if (now !== EXTENDS && now !== JOINER && now !== SKIN) before = now
    at = next
  }
  return { width, kept, fits: true }
}
