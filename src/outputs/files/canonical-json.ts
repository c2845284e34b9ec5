// The canonical JSON that panel data is hashed over: the bytes of Python's `json.dumps(data, sort_keys=True,
// separators=(",", ":"))`. Names are sorted by code point, there are no blanks, every character outside printable ASCII is
// `\uXXXX` (`ensure_ascii`), and numbers are written as Python writes them.
import { createHash } from 'node:crypto'

const PLAIN_TEXT = /^[ !#-[\]-~]*$/

/** `\uXXXX` by code unit, as far as seen. */
const escapes: string[] = []

function escapedUnit(unit: number): string {
  const known = escapes[unit]
  if (known !== undefined) return known
  const made = `\\u${unit.toString(16).padStart(4, '0')}`
  escapes[unit] = made
  return made
}

/** One pass: a replacement of each character by a function takes ten times as long. */
function textOf(text: string): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`
  const json = JSON.stringify(text)
  let escaped = ''
  let from = 0
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at)
    if (unit >= 0x20 && unit <= 0x7e) continue
    escaped += json.slice(from, at) + escapedUnit(unit)
    from = at + 1
  }
  return escaped + json.slice(from)
}

/** A fraction below this has an exponent in Python; in JavaScript only below 1e-6. */
const SMALLEST_WITHOUT_EXPONENT = 1e-4

/**
 * A number as Python writes it after reading it from JSON: whole numbers keep their digits (100, not 100.0), others are the
 * shortest digits that give the same number, with an exponent of at least two digits.
 */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  const text = String(value)
  const isSmall = value !== 0 && Math.abs(value) < SMALLEST_WITHOUT_EXPONENT
  if (!isSmall && !text.includes('e')) return text
  return value.toExponential().replace(/([+-])(\d)$/, '$10$2')
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** Python sorts by code point, JavaScript by UTF-16 unit: the two differ above U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  let at = 0
  while (at < shorter && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === shorter) return a.length - b.length
  const pointsAt = (i: number): number => (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0)
  // If they differ only in the second half of a surrogate pair, compare the whole character.
  const inPair = at > 0 && isHighSurrogate(a.charCodeAt(at - 1)) ? pointsAt(at - 1) : 0
  return inPair === 0 ? pointsAt(at) : inPair
}

/** Omits members that are undefined, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return textOf(value)
    case 'number':
      return numberText(value)
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([name, member]) => `${textOf(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** SHA-256 over the canonical form, 64 hex digits. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
