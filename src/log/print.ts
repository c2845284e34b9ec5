// How commands write to standard output and standard error: no control character in the data or in an argument reaches a terminal.
// The text of JSON keeps its meaning: such characters are written as `\uXXXX`.
import { printableText } from './printable.js'

export function print(text: string): void {
  process.stdout.write(printableText(text))
}

/** To standard error. */
export function complain(text: string): void {
  process.stderr.write(printableText(text))
}
