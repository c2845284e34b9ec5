// Records that wait for the store: in order, bounded in number and in text. What no longer fits is counted as lost.
import type { Draft } from './draft.js'

const MAX_RECORDS = 20_000
/** Of text, in UTF-16 units. */
const MAX_LENGTH = 16 * 1024 * 1024

const lengthOf = ({ secrets }: Draft): number =>
  Object.values(secrets).reduce((sum, text) => sum + text.length, 0)

export class WaitingRecords {
  #drafts: Draft[] = []
  #length = 0
  #lost = 0

  constructor(readonly maxRecords = MAX_RECORDS) {}

  get count(): number {
    return this.#drafts.length
  }
  get lost(): number {
    return this.#lost
  }

  /** False: it does not fit, and is lost. */
  add(draft: Draft): boolean {
    const length = lengthOf(draft)
    if (this.#drafts.length >= this.maxRecords || this.#length + length > MAX_LENGTH) {
      this.lose()
      return false
    }
    this.#drafts.push(draft)
    this.#length += length
    return true
  }

  lose(): void {
    this.#lost++
  }

  /** The oldest; they wait on until they are taken off. */
  oldest(count: number): readonly Draft[] {
    return this.#drafts.slice(0, count)
  }

  /** These, the oldest, are safe, and so is the word of so many lost ones. */
  takeOff(safe: readonly Draft[], told: number): void {
    this.#drafts = this.#drafts.slice(safe.length)
    this.#length -= safe.reduce((sum, draft) => sum + lengthOf(draft), 0)
    this.#lost -= told
  }
}
