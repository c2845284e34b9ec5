// Joins characters that were cut between two texts: JSON can hold half of one (`"\ud83d"`), which no UTF-8 can.

/** The first half of a character outside the basic plane. */
const isFirstHalf = (code: number): boolean => (code & 0xfc00) === 0xd800

/** With the `u` flag only halves without their other one match. */
const HALF = /\p{Surrogate}/u
const HALVES = /\p{Surrogate}/gu
const REPLACEMENT = '\ufffd'

export class WholeCharacters {
  #held = ''

  /** The text that is whole so far; a half without its other one becomes U+FFFD. */
  take(text: string): string {
    // Nearly every text: nothing is held, and nothing to hold.
    if (this.#held === '' && !HALF.test(text)) return text
    const all = this.#held + text
    const isCut = isFirstHalf(all.charCodeAt(all.length - 1))
    this.#held = isCut ? all.slice(-1) : ''
    return (isCut ? all.slice(0, -1) : all).replace(HALVES, REPLACEMENT)
  }

  /** What is left at the end. */
  rest(): string {
    const isCut = this.#held !== ''
    this.#held = ''
    return isCut ? REPLACEMENT : ''
  }
}
