// Looks through an event's JSON without parsing it: whether it says a word, has counts or a reason, or may be an error.
//
// The hot path of every event that is passed on. Cost: one step of a small loop for each byte; no text is made, and nothing is
// allocated. (Searches in a text and regular expressions took several times as long, most of it in a busy server, where other
// work has emptied the processor's caches: little code is fast code.)
const QUOTE = 34
const COLON = 58
const BACKSLASH = 92
const OPEN_BRACE = 123
const ZERO = 48
const NINE = 57
const SPACE = 32

/** Valid until the next event is looked through. */
export type Scanned = {
  /** Bytes of the first text, not empty, under one of the names. 0: there is none. */
  readonly wordBytes: number
  /** That text is a refusal. */
  readonly isRefusal: boolean
  /** It has a `"finish_reason"` that is a text, not empty, or an `"index"` beyond 0. */
  readonly ofChoices: boolean
  /** It has `"usage"` with an object. */
  readonly hasUsage: boolean
  /** It has `"error"` as a name or as a value; only parsing shows what it means. */
  readonly mayFail: boolean
}

/** `words`: the names under which an answer says something. */
export function createScan(words: readonly string[]): (event: Uint8Array) => Scanned {
  const byLength = namesByLength(words)
  const scanned = { wordBytes: 0, isRefusal: false, ofChoices: false, hasUsage: false, mayFail: false }

  return event => {
    scanned.wordBytes = 0
    scanned.isRefusal = false
    scanned.ofChoices = false
    scanned.hasUsage = false
    scanned.mayFail = false
    for (let at = 0; at < event.length; ) {
      if (event[at] !== QUOTE) {
        at++
        continue
      }
      const from = at + 1
      const to = endOfText(event, from)
      at = to + 1
      const name = nameAt(event, from, byLength[to - from])
      if (name === null) continue
      if (name === ERROR) scanned.mayFail = true
      const colon = skipSpace(event, at)
      if (event[colon] !== COLON) continue
      const value = skipSpace(event, colon + 1)
      const first = event[value]
      if (name === USAGE) scanned.hasUsage ||= first === OPEN_BRACE
      else if (name === INDEX) scanned.ofChoices ||= first !== undefined && first > ZERO && first <= NINE
      else if (name === REASON) scanned.ofChoices ||= first === QUOTE && event[value + 1] !== QUOTE
      else if (name !== ERROR && scanned.wordBytes === 0 && first === QUOTE) {
        const end = endOfText(event, value + 1)
        if (end === event.length) continue
        scanned.wordBytes = end - value - 1
        scanned.isRefusal = name === REFUSAL && scanned.wordBytes > 0
      }
    }
    return scanned
  }
}

const USAGE = Buffer.from('usage')
const ERROR = Buffer.from('error')
const INDEX = Buffer.from('index')
const REASON = Buffer.from('finish_reason')
const REFUSAL = Buffer.from('refusal')

function namesByLength(words: readonly string[]): (readonly Uint8Array[] | undefined)[] {
  const own = words.map(word => (word === 'refusal' ? REFUSAL : Buffer.from(word)))
  const names = [USAGE, ERROR, INDEX, REASON, ...own]
  const longest = Math.max(...names.map(({ length }) => length))
  return Array.from({ length: longest + 1 }, (_, length) => {
    const found = names.filter(name => name.length === length)
    return found.length === 0 ? undefined : found
  })
}

/** Where the text ends that begins at `from`: its closing quote, or the end of the event. */
function endOfText(event: Uint8Array, from: number): number {
  let at = from
  for (; at < event.length; at++) {
    const byte = event[at]
    if (byte === QUOTE) break
    if (byte === BACKSLASH) at++
  }
  return Math.min(at, event.length)
}

function nameAt(
  event: Uint8Array,
  from: number,
  names: readonly Uint8Array[] | undefined,
): Uint8Array | null {
  if (names === undefined) return null
  for (const name of names) {
    let same = 0
    while (same < name.length && event[from + same] === name[same]) same++
    if (same === name.length) return name
  }
  return null
}

function skipSpace(event: Uint8Array, from: number): number {
  let at = from
  // Of what JSON counts as space only this and tabs can be inside a line.
  while (event[at] === SPACE || event[at] === 9) at++
  return at
}
