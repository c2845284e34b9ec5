// The choices of one answer (`n`, several prompts): each ends by itself, and the answer has when all that began have. Costs nothing for
// the events of an answer with one choice, up to its reason.
import type { JsonObject } from '../../events.js'
import { record } from '../../upstream/values.js'

export class Choices {
  /** By index; null: it goes on. */
  readonly #reasons = new Map<number, string | null>()
  /** Some upstreams give a reason with every chunk: then it does not say that the answer has ended. */
  #hasGoneOn = false

  get haveEnded(): boolean {
    if (this.#hasGoneOn || this.#reasons.size === 0) return false
    for (const reason of this.#reasons.values()) if (reason === null) return false
    return true
  }

  get reasons(): readonly string[] {
    return [...this.#reasons.values()].filter(reason => reason !== null)
  }

  /** The first one had text in a chunk that was not parsed. */
  goOn(): void {
    if (this.#reasons.get(0) !== undefined) this.#hasGoneOn = true
  }

  /** `saysSomething`: the chunk has a word of one of its choices. */
  take({ choices }: JsonObject, saysSomething: boolean): void {
    const all = Array.isArray(choices) ? choices : []
    // Of several in one chunk it is open which one that is.
    const speaks = saysSomething && all.length === 1
    for (const [at, each] of all.entries()) {
      const choice = record(each)
      if (choice === null) continue
      const index = typeof choice.index === 'number' ? choice.index : at
      const { finish_reason: given } = choice
      const reason = typeof given === 'string' && given !== '' ? given : null
      const before = this.#reasons.get(index) ?? null
      if (before !== null && speaks) this.#hasGoneOn = true
      if (this.#reasons.size < MAX_CHOICES || this.#reasons.has(index))
        this.#reasons.set(index, reason ?? before)
    }
  }
}

const MAX_CHOICES = 256
