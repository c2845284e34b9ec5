// The format of answers that are passed on: an entry of the log is a line with its id, then the bytes of one event of the upstream.
// Nothing is sent before, between or after them, so an answer that has no end of its own is cut.
import type { Answer, AnswerCounts, AnswerFormat, Now } from '../answer-format.js'
import type { Terminal } from '../events.js'
import type { StreamFacts, WritableChatLog } from '../log/chat-log.js'
import { estimateTokens } from '../stream-state.js'
import type { PassEvent } from './pass-reader.js'

export type PassFormatOptions = {
  readonly questionBytes: number
  /** The log has one entry, the whole body; else an event each, with its id. */
  readonly isWhole?: boolean
  /** The API's own id of the answer, once. */
  onAnswerId?(id: string): void
}

export function passFormat(options: PassFormatOptions): AnswerFormat<PassEvent> {
  return (facts, log, now) => new PassAnswer(facts, log, options, now)
}

/** As AnswerCounts, which others only read: an event costs no object. */
type Counting = { -readonly [K in keyof AnswerCounts]: AnswerCounts[K] }

class PassAnswer implements Answer<PassEvent> {
  readonly #log: WritableChatLog
  readonly #onAnswerId: ((id: string) => void) | undefined
  /** What each id begins with. */
  readonly #idLine: string
  readonly #isWhole: boolean
  readonly #counts: Counting
  #terminal: Terminal | null = null

  constructor({ streamId }: StreamFacts, log: WritableChatLog, options: PassFormatOptions, now: Now) {
    this.#log = log
    this.#onAnswerId = options.onAnswerId?.bind(options)
    this.#isWhole = options.isWhole ?? false
    this.#idLine = `id: ${streamId}.`
    this.#counts = {
      startedMonoMs: now.monoMs,
      firstTokenMonoMs: null,
      lastTokenMonoMs: null,
      tokens: 0,
      bytes: 0,
      usage: null,
      inputEstimate: estimateTokens(options.questionBytes),
      endedMonoMs: null,
    }
  }

  get counts(): AnswerCounts {
    return this.#counts
  }
  get terminal(): Terminal | null {
    return this.#terminal
  }
  get hasBegun(): boolean {
    return this.#log.tail > 0
  }

  receive(items: readonly PassEvent[], now: Now): void {
    for (const event of items) {
      if (this.#append(event, now)) continue
      const code = event.ends === 'broken' ? 'upstream_failed' : 'too_large'
      this.end({ type: 'error', code }, now)
      return
    }
    const { ends = null, reason = null } = items.at(-1) ?? {}
    if (ends === 'done') this.#close({ type: 'done', reason: reason ?? 'complete' }, 'whole', now)
    else if (ends === 'error') this.#close({ type: 'error', code: 'upstream_error' }, 'whole', now)
  }

  /** False: it cannot be passed on whole. */
  #append({ bytes, ends, wordBytes, usage, answerId }: PassEvent, now: Now): boolean {
    if (ends === 'broken') return false
    const log = this.#log
    const counts = this.#counts
    if (bytes.length > 0) {
      const idLine = this.#isWhole ? '' : `${this.#idLine}${log.tail}\n`
      if (!log.appendBytes(idLine, bytes, this.#isWhole)) return false
    }
    if (wordBytes > 0) {
      counts.firstTokenMonoMs ??= now.monoMs
      counts.lastTokenMonoMs = now.monoMs
      counts.tokens++
      counts.bytes += wordBytes
    }
    if (usage !== null) counts.usage = { ...counts.usage, ...usage }
    if (answerId !== null) this.#onAnswerId?.(answerId)
    return true
  }

  /** Not by an event of the upstream: there is nothing that could say so to readers. */
  end(terminal: Terminal, now: Now): void {
    if (this.#terminal === null) this.#close(terminal, 'cut', now)
  }

  #close(terminal: Terminal, how: 'whole' | 'cut', now: Now): void {
    this.#terminal = terminal
    this.#counts.endedMonoMs = now.monoMs
    this.#log.close(how)
  }
}
