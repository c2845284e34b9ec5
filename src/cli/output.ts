// How commands write to a terminal: no control character in the data reaches it.
import { printableText } from '../log/printable.js'

export function print(text: string): void {
  process.stdout.write(printableText(text))
}

/** To standard error. */
export function complain(text: string): void {
  process.stderr.write(printableText(text))
}
