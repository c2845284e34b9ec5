// `[METADATA]{json}` inside the text of tokens, as some backends send it. The marker and its object may be split anywhere
// between tokens, so what may still become one is held back, up to a limit.
import type { JsonObject } from '../events.js'
import { parsedObject } from './values.js'

const MARKER = '[METADATA]'
/** A longer marker with its object is text. */
const MAX_HELD_CHARS = 16 * 1024

export type Split = {
  /** Texts and objects in order; no text is empty. */
  readonly parts: readonly (string | JsonObject)[]
  /** Undecided; goes in front of the next text. */
  readonly held: string
}

/** How many characters at the end could begin a marker. */
function beginningAtEnd(text: string): number {
  const from = Math.max(0, text.length - MARKER.length + 1)
  for (let at = text.indexOf('[', from); at !== -1; at = text.indexOf('[', at + 1)) {
    if (MARKER.startsWith(text.slice(at))) return text.length - at
  }
  return 0
}

/** The end of the object that begins at `from`; -1: not complete within the limit. */
function objectEnd(text: string, from: number): number {
  let depth = 0
  let isString = false
  const end = Math.min(text.length, MAX_HELD_CHARS)
  for (let i = from; i < end; i++) {
    const char = text[i]
    if (isString) {
      if (char === '\\') i++
      else if (char === '"') isString = false
    } else if (char === '"') isString = true
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return i + 1
  }
  return -1
}

export function splitMetadata(held: string, text: string): Split {
  const parts: (string | JsonObject)[] = []
  let plain = ''
  let rest = held + text
  const pass = (upTo: number): void => {
    plain += rest.slice(0, upTo)
    rest = rest.slice(upTo)
  }
  for (;;) {
    const at = rest.indexOf(MARKER)
    if (at === -1) {
      pass(rest.length - beginningAtEnd(rest))
      break
    }
    pass(at)
    const body = MARKER.length
    if (rest.length === body) break
    const ends = rest[body] === '{' ? objectEnd(rest, body) : 0
    if (ends === -1 && rest.length < MAX_HELD_CHARS) break
    const object = ends > 0 ? parsedObject(rest.slice(body, ends)) : null
    if (object === null) {
      // Everything scanned is text, other markers in it too, so nothing is scanned twice.
      pass(ends === -1 ? MAX_HELD_CHARS : Math.max(body, ends))
      continue
    }
    if (plain !== '') parts.push(plain)
    plain = ''
    parts.push(object)
    rest = rest.slice(ends)
  }
  if (plain !== '') parts.push(plain)
  return { parts, held: rest }
}
