// Removes from logs what must not reach a terminal: characters that control it, forge a line or mislead a person. They are written as
// `\uXXXX`, so that a line of JSON keeps its meaning.
import { Writable } from 'node:stream'

// Controls (C0 without the line feed, DEL, C1), line separators, marks that reorder text. JSON already escapes C0, but not the rest.
const RISKY = /(?!\n)\p{Cc}|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const RISKY_OR_BREAK = new RegExp(`\\n|${RISKY.source}`, 'gu')

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Always one line. */
export function printableMessage(text: string): string {
  return text.replace(RISKY_OR_BREAK, escaped)
}

/** Lines stay lines. */
export function printableText(text: string): string {
  return text.replace(RISKY, escaped)
}

/** Passes lines on, made printable. */
export function printableLines(to: Writable): Writable {
  return new Writable({
    decodeStrings: false,
    write: (lines: string | Buffer, _encoding, done) => {
      to.write(printableText(String(lines)))
      done()
    },
  })
}
