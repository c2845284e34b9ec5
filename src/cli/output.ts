// How commands write to a terminal: whatever stands in the data, no control character of it drives the terminal.
import { printableText } from '../log/printable.js'

export function print(text: string): void {
  process.stdout.write(printableText(text))
}

/** To standard error. */
export function complain(text: string): void {
  process.stderr.write(printableText(text))
}
