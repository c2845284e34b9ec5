// Log lines while the screen is taken: the last of them are kept and given out when the screen is free again, so that no line
// falls into the picture and none of the last ones is lost.
import { Writable } from 'node:stream'

/** Lines kept; older ones are counted. */
const MAX_LINES = 200

export class HeldLog extends Writable {
  #lines: string[] = []
  #lost = 0
  #state: 'held' | 'through' | 'silent' = 'held'

  constructor(private readonly target: { write(text: string): unknown }) {
    super({ decodeStrings: false })
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString()
    if (this.#state === 'through') this.target.write(text)
    else if (this.#state === 'held') {
      this.#lines.push(text)
      if (this.#lines.length > MAX_LINES) {
        this.#lines.shift()
        this.#lost++
      }
    }
    done()
  }

  /** What was held so far; it is held no longer. */
  take(): string {
    const more = this.#lost > 0 ? [`(${this.#lost} earlier log lines are not shown)\n`] : []
    const text = [...more, ...this.#lines].join('')
    this.#lines = []
    this.#lost = 0
    return text
  }

  /** From now on lines go to the target. */
  pass(): void {
    this.#state = 'through'
  }

  /** From now on lines go nowhere: writing to a terminal that nobody reads would hold up the program. */
  silence(): void {
    this.#state = 'silent'
  }
}
