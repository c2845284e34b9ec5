// Log lines while the screen is taken: the last of them are kept and given out when the screen is free again, so that no line
// falls into the picture and none of the last ones is lost.
import { Writable } from 'node:stream'

/** Lines kept; older ones are counted. */
const MAX_LINES = 200

export class HeldLog extends Writable {
  #lines: string[] = []
  #lost = 0
  #held = true

  constructor(private readonly target: { write(text: string): unknown }) {
    super({ decodeStrings: false })
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString()
    if (!this.#held) this.target.write(text)
    else {
      this.#lines.push(text)
      if (this.#lines.length > MAX_LINES) {
        this.#lines.shift()
        this.#lost++
      }
    }
    done()
  }

  /** Gives out what was held; from now on lines go through. Idempotent. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    if (this.#lost > 0) this.target.write(`(${this.#lost} earlier log lines are not shown)\n`)
    for (const line of this.#lines) this.target.write(line)
    this.#lines = []
  }
}
