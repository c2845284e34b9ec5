// What a log may not carry to a terminal, whoever wrote it: what would drive the terminal, forge a line, or mislead a person
// about what stands there. It is written as `\uXXXX`; a line of JSON says the same as before.
import { Writable } from 'node:stream'

// Controls (C0 but the line feed, DEL, C1), separators of lines, marks that reorder text. In JSON the first are escaped
// already, the rest is not.
const RISKY = /(?!\n)\p{Cc}|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const RISKY_OR_BREAK = new RegExp(`\\n|${RISKY.source}`, 'gu')

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** One line, whatever came in. */
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
