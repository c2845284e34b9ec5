// Holds log lines while the dashboard has the screen: none disturbs the picture, and the last ones are printed when the screen
// is free again.
import { Writable } from 'node:stream'

/** Lines held; older ones are only counted. */
const MAX_LINES = 200

export class HeldLog extends Writable {
  #lines: string[] = []
  #lost = 0
  #state: 'hold' | 'pass' | 'discard' = 'hold'

  constructor(private readonly target: { write(text: string): unknown }) {
    super({ decodeStrings: false })
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString()
    if (this.#state === 'pass') this.target.write(text)
    else if (this.#state === 'hold') {
      this.#lines.push(text)
      if (this.#lines.length > MAX_LINES) {
        this.#lines.shift()
        this.#lost++
      }
    }
    done()
  }

  /** Returns and drops the lines held so far. */
  take(): string {
    const more = this.#lost > 0 ? [`(${this.#lost} earlier log lines are not shown)\n`] : []
    const text = [...more, ...this.#lines].join('')
    this.#lines = []
    this.#lost = 0
    return text
  }

  /** Writes further lines to the target. */
  pass(): void {
    this.#state = 'pass'
  }

  /** Discards further lines: writing to a terminal that nobody reads would block the program. */
  silence(): void {
    this.#state = 'discard'
  }
}
