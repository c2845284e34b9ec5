// What the relay reads of a request's JSON, without parsing it: the members `model`, `stream` and `background` at its top, and where the
// model's value is, so that it alone can be replaced and every other byte goes on as it came. A body may have 32 MiB of images, so text is
// skipped by native search.
const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93

export type BodyFacts = {
  /** Null: it names none, or not as text. */
  readonly model: string | null
  /** The bytes of the model's value, quotes included. */
  readonly modelSpan: readonly [from: number, to: number] | null
  readonly stream: boolean
  /** Of the responses API: the backend goes on although the connection closes. */
  readonly background: boolean
}

/** `twice`: upstreams differ in which of two members they take, so what is checked could be another than what is asked. */
export type BodyFault = 'not_an_object' | 'twice'

class Broken extends Error {}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9
}

function skipSpace(bytes: Buffer, at: number): number {
  let next = at
  while (isSpace(bytes[next])) next++
  return next
}

/** Behind the closing quote of the text that begins at `at`. */
function endOfText(bytes: Buffer, at: number): number {
  let from = at + 1
  for (;;) {
    const quote = bytes.indexOf(QUOTE, from)
    if (quote === -1) throw new Broken()
    let backslashes = 0
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote + 1
    from = quote + 1
  }
}

function endOfValue(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === QUOTE) return endOfText(bytes, at)
  let next = at
  for (let depth = 0; next < bytes.length; ) {
    const byte = bytes[next]
    if (byte === QUOTE) {
      next = endOfText(bytes, next)
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return next
      if (--depth === 0) return next + 1
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return next
    next++
  }
  throw new Broken()
}

function textAt(bytes: Buffer, from: number, to: number): string | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', from, to))
    return typeof value === 'string' ? value : null
  } catch {
    throw new Broken()
  }
}

function isTrue(bytes: Buffer, from: number, to: number): boolean {
  return bytes.toString('latin1', from, to) === 'true'
}

/** A longer name is none of ours, escapes included. */
const LONGEST_NAME_BYTES = 64

export function readBody(bytes: Buffer): BodyFacts | BodyFault {
  try {
    return read(bytes)
  } catch (error) {
    if (error instanceof Broken) return 'not_an_object'
    throw error
  }
}

function read(bytes: Buffer): BodyFacts | BodyFault {
  let at = skipSpace(bytes, 0)
  if (bytes[at] !== OPEN_BRACE) return 'not_an_object'
  const seen = new Set<string>()
  let model: string | null = null
  let modelSpan: BodyFacts['modelSpan'] = null
  let stream = false
  let background = false
  at = skipSpace(bytes, at + 1)
  while (bytes[at] !== CLOSE_BRACE) {
    if (bytes[at] !== QUOTE) return 'not_an_object'
    const nameEnd = endOfText(bytes, at)
    const name = nameEnd - at > LONGEST_NAME_BYTES ? null : textAt(bytes, at, nameEnd)
    const colon = skipSpace(bytes, nameEnd)
    if (bytes[colon] !== COLON) return 'not_an_object'
    const from = skipSpace(bytes, colon + 1)
    const to = endOfValue(bytes, from)
    if (to === from) return 'not_an_object'
    if (name === 'model' || name === 'stream') {
      if (seen.has(name)) return 'twice'
      seen.add(name)
      if (name === 'stream') stream = isTrue(bytes, from, to)
      else if (bytes[from] === QUOTE) {
        model = textAt(bytes, from, to)
        modelSpan = [from, to]
      }
    } else if (name === 'background') background ||= isTrue(bytes, from, to)
    at = skipSpace(bytes, to)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
    else if (bytes[at] !== CLOSE_BRACE) return 'not_an_object'
  }
  return skipSpace(bytes, at + 1) === bytes.length
    ? { model, modelSpan, stream, background }
    : 'not_an_object'
}

/** The same bytes with another model. */
export function withModel(bytes: Buffer, { modelSpan }: BodyFacts, model: string): Buffer {
  if (modelSpan === null) return bytes
  const [from, to] = modelSpan
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(JSON.stringify(model)), bytes.subarray(to)])
}
