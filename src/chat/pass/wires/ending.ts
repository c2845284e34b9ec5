// How an answer that is passed on has ended, for audit and metrics: gathered from the few frames of a body that are parsed.
import { endKind } from '../../../protocol/end-reasons.js'
import { endWord } from '../../upstream/end-word.js'
import type { Remark } from '../../upstream/remark.js'
import { DONE, FAILED, type Seen } from './seen.js'

export class Ending {
  readonly #reasons: string[] = []
  #hasText = false
  #hasRefusal = false
  #hasTool = false
  #hasFailed = false

  /** The upstream has given the reason of its end. */
  get hasReason(): boolean {
    return this.#reasons.length > 0
  }

  /** It sent something, whatever that was. */
  spoke(): void {
    this.#hasText = true
  }

  refused(): void {
    this.#hasRefusal = true
  }

  take(remarks: readonly Remark[]): void {
    for (const remark of remarks) {
      switch (remark.type) {
        case 'reason':
        case 'end':
          if (remark.word !== null) this.#reasons.push(remark.word)
          break
        case 'failure':
          this.#hasFailed = true
          break
        case 'refusal':
          this.#hasRefusal = true
          break
        case 'tool':
          this.#hasTool = true
          break
        case 'whole':
          this.take(remark.remarks)
          break
        case 'usage':
          // Of what else it sent there may be no word here: an image, a sound.
          if ((remark.data.outputTokens ?? 0) > 0) this.#hasText = true
          break
        case 'model':
        case 'metadata':
        case 'left_out':
          break
        default:
          this.#hasText = true
      }
    }
  }

  /** Of several choices the first that is not complete says how the answer ended. */
  get seen(): Seen {
    const reason = this.#reasons.find(word => endKind(word) !== 'complete') ?? this.#reasons[0] ?? null
    const end = endWord(reason, {
      hasText: this.#hasText,
      hasRefusal: this.#hasRefusal,
      hasTool: this.#hasTool,
    })
    if (this.#hasFailed || end.kind === 'failure') return FAILED
    return { ...DONE, reason: end.kind === 'done' ? end.reason : 'empty' }
  }
}
