// The keys of others that were seen, as digests: a client that sends the same one again guesses nothing.
import { createHmac, randomBytes } from 'node:crypto'

/** Above it the oldest are forgotten, and counted again. */
const MAX_SEEN = 10_000

export class ForeignKeys {
  readonly #secret = randomBytes(32)
  readonly #seen = new Set<string>()

  /** Whether it was not seen before; now it is. */
  isNew(text: string): boolean {
    const mark = createHmac('sha256', this.#secret).update(text).digest('base64')
    const isNew = !this.#seen.delete(mark)
    this.#seen.add(mark)
    for (const oldest of this.#seen) {
      if (this.#seen.size <= MAX_SEEN) break
      this.#seen.delete(oldest)
    }
    return isNew
  }
}
