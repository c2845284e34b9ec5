// What an evaluation may cost. Expressions come with a board file, which may be somebody else's, and documents come from anywhere:
// `items[].[$.items]` takes the square of a list, `[@,@][]` doubles one with each repetition. So everything an expression does is
// counted in steps, and the count has a limit. Steps and not a clock: the same document gives the same board everywhere.

/** About a visit of one value. 5 million take about 100 ms. */
export const BOARD_STEPS = 5_000_000
/** No expression may use up what the whole board has. */
export const EXPRESSION_STEPS = 2_000_000
/** Characters of text in one value. */
export const MAX_CHARS = 1024 ** 2

/** An expression cannot be evaluated for this input; the message is for the author of the board. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError'
}

/** Names and values of larger objects are kept: listing 16 000 takes milliseconds, and several panels list the same object. */
const LARGE = 256

export class Budget {
  #left: number
  #boardLeft: number
  readonly #names = new Map<object, readonly string[]>()
  readonly #values = new Map<object, readonly unknown[]>()

  constructor(boardSteps: number = BOARD_STEPS) {
    this.#boardLeft = boardSteps
    this.#left = 0
  }

  /** Whether nothing is left for further expressions. */
  get isUsedUp(): boolean {
    return this.#boardLeft <= 0
  }

  /** The next expression begins. */
  begin(): void {
    this.#left = Math.min(EXPRESSION_STEPS, this.#boardLeft)
  }

  /** Throws when the expression or the board has taken too long. */
  spend(steps: number): void {
    this.#left -= steps
    this.#boardLeft -= steps
    if (this.#left < 0) throw new EvaluationError('it takes too long')
  }

  /** For a text that is a result: one step, whatever its length. */
  spendResult(chars: number): void {
    this.spend(1)
    if (chars + 2 > MAX_CHARS) throw new EvaluationError('its result is larger than 1 MiB')
  }

  namesOf(object: object): readonly string[] {
    const known = this.#names.get(object)
    if (known !== undefined) return known
    const names = Object.keys(object)
    if (names.length >= LARGE) this.#names.set(object, names)
    return names
  }

  /** Faster than Object.values where an object has thousands of members; kept as the names are. */
  valuesOf(object: Readonly<Record<string, unknown>>): readonly unknown[] {
    const known = this.#values.get(object)
    if (known !== undefined) return known
    const values = this.namesOf(object).map(name => object[name])
    if (values.length >= LARGE) this.#values.set(object, values)
    return values
  }

  /** For text that is read or made. */
  spendChars(chars: number): void {
    if (chars > MAX_CHARS) throw new EvaluationError('its result is larger than 1 MiB')
    this.spend(1 + (chars >> 4))
  }
}
