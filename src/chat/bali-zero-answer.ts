// The format of the `bali-zero` routes (chat.md 2): numbered events, the first and the last of them its own.
import type { Answer, AnswerCounts, AnswerFormat, Now } from './answer-format.js'
import { encodeNumbered } from './encode.js'
import type { Terminal, UpstreamEvent } from './events.js'
import type { StreamFacts, WritableChatLog } from './log/chat-log.js'
import { type Advance, end, newStream, receive, type StreamState } from './stream-state.js'

export function baliZeroFormat(questionChars: number): AnswerFormat<UpstreamEvent> {
  return (facts, log, now) => new BaliZeroAnswer(facts, log, questionChars, now)
}

class BaliZeroAnswer implements Answer<UpstreamEvent> {
  readonly #streamId: string
  readonly #log: WritableChatLog
  #state: StreamState
  hasBegun = false

  constructor(facts: StreamFacts, log: WritableChatLog, questionChars: number, now: Now) {
    this.#streamId = facts.streamId
    this.#log = log
    const opening = newStream({ ...facts, questionChars }, now)
    this.#state = opening.state
    this.#append(opening, true)
  }

  get counts(): AnswerCounts {
    return this.#state
  }
  get terminal(): Terminal | null {
    return this.#state.terminal
  }

  receive(items: readonly UpstreamEvent[], now: Now): void {
    for (const event of items) {
      if (event.type === 'done') this.end({ type: 'done', reason: event.reason }, now)
      else if (event.type === 'error') this.end({ type: 'error', code: event.code }, now)
      else if (this.#append(receive(this.#state, event, now), false)) this.hasBegun = true
      else this.end({ type: 'error', code: 'too_large' }, now)
      if (this.#state.terminal !== null) return
    }
  }

  end(terminal: Terminal, now: Now): void {
    if (this.#state.terminal !== null) return
    this.#append(end(this.#state, terminal, now), true)
    // The terminal event says how it ended; the body ends in order behind it.
    this.#log.close('whole')
  }

  /** False: the log is full, and nothing was changed. */
  #append({ state, events }: Advance, isLast: boolean): boolean {
    for (const event of events) {
      if (!this.#log.append(encodeNumbered(this.#streamId, event), isLast)) return false
    }
    this.#state = state
    return true
  }
}
