// Calls the backends in order until one begins to answer: each with retries where they may help, each behind its breaker.
// After the first frame there is no other try: what follows is the answer, or its failure.
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { ChatFailureCode } from '../../protocol/chat-events.js'
import type { UpstreamEvent } from '../events.js'
import { type AttemptFailure, attempt } from './attempt.js'
import { type Breakers, TryFailed } from './breakers.js'
import type { EdgeCall, UpstreamEdge } from './edge.js'
import { type Question, type UpstreamSettings, upstreamRequest } from './request.js'
import { type FailureCause, failureCause, failureCode, nextTry, type Position } from './retry.js'

export type CallHandlers = {
  onEvents(events: readonly UpstreamEvent[]): void
  onUnknownFrame(): void
  /** A try begins; `isRetry`: not the first one of the question. */
  onTry(origin: string, isRetry: boolean): void
  /** A try failed; `cause` for the log. */
  onTryFailed(code: ChatFailureCode, origin: string, cause: FailureCause): void
  /** No backend answers, or the answer broke off; called at most once, and never after a terminal event. */
  onFailed(code: ChatFailureCode): void
  /** A fault of this server; the last call. */
  onFault(error: unknown): void
}

export type CallParts = {
  readonly edge: UpstreamEdge
  readonly breakers: Breakers
  readonly backends: readonly URL[]
  readonly settings: UpstreamSettings
  readonly clock: Clock
  readonly timers: Timers
  readonly random: () => number
}

/** How long a body may go on after its terminal frame before its connection is closed. */
const LINGER_MS = 1_000

class Cancelled extends Error {}

export class UpstreamCall {
  #call: EdgeCall | null = null
  #reject: ((error: Error) => void) | null = null
  #cancelWait: (() => void) | null = null
  #cancelLinger: (() => void) | null = null
  #isOver = false

  constructor(
    readonly parts: CallParts,
    readonly question: Question,
    readonly handlers: CallHandlers,
  ) {}

  start(): void {
    void this.#run()
  }

  /** Ends it now. `isFault`: the backend took too long, which counts against it. */
  cancel(isFault = false): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#call?.abort()
    this.#cancelWait?.()
    this.#reject?.(isFault ? new TryFailed({ kind: 'first_token_timeout' }) : new Cancelled())
  }

  pause(): void {
    this.#call?.pause()
  }
  resume(): void {
    this.#call?.resume()
  }

  async #run(): Promise<void> {
    const { backends, clock, random } = this.parts
    let at: Position = { backend: 0, attempt: 0 }
    let worst: ChatFailureCode = 'upstream_unreachable'
    let isRetry = false
    let isAnyMade = false
    for (;;) {
      const url = backends[at.backend]
      if (url === undefined) break
      try {
        await this.#tryOnce(url, () => {
          this.handlers.onTry(url.origin, isRetry)
          isRetry = true
        })
        return
      } catch (error) {
        if (this.#isOver) return
        const failure = error instanceof TryFailed ? error.failure : null
        if (failure === null || failure.kind === 'in_band' || failure.kind === 'first_token_timeout') {
          this.#isOver = true
          this.handlers.onFault(error)
          return
        }
        const code = failureCode(failure)
        if (failure.kind !== 'breaker_open') {
          isAnyMade = true
          this.handlers.onTryFailed(code, url.origin, failureCause(failure))
        }
        if (failure.kind !== 'breaker_open' || !isAnyMade) worst = code
        const next = nextTry(failure, at, backends.length, { chance: random(), wallMs: clock.nowMs() })
        if (next.kind === 'give_up') break
        at = next.at
        await this.#wait(next.waitMs)
        if (this.#isOver) return
      }
    }
    this.#isOver = true
    this.handlers.onFailed(worst)
  }

  #wait(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.parts.timers.after(ms, resolve)
      this.#cancelWait = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Resolves with the first frame. */
  #tryOnce(url: URL, onMade: () => void): Promise<void> {
    const { breakers, settings } = this.parts
    return breakers.execute(url.href, () => {
      if (this.#isOver) return Promise.reject(new Cancelled())
      onMade()
      return new Promise<void>((resolve, reject) => {
        this.#reject = reject
        this.#open(upstreamRequest(url, this.question, settings), { resolve, reject })
      })
    })
  }

  #open(
    request: ReturnType<typeof upstreamRequest>,
    settle: { resolve(): void; reject(error: Error): void },
  ): void {
    const { edge, settings } = this.parts
    const dialect = settings.style === 'openai' ? 'openai' : 'rag'
    let hasBegun = false
    this.#call = attempt(edge, request, dialect, {
      onUnknownFrame: () => this.handlers.onUnknownFrame(),
      onEvents: events => {
        if (this.#isOver) return
        const [first] = events
        if (!hasBegun) {
          hasBegun = true
          if (first?.type === 'error') settle.reject(new TryFailed({ kind: 'in_band' }))
          else settle.resolve()
        }
        const last = events.at(-1)?.type
        if (last === 'done' || last === 'error') this.#finish()
        this.handlers.onEvents(events)
      },
      onFailure: (failure: AttemptFailure) => {
        if (this.#isOver) return
        if (!hasBegun) {
          settle.reject(new TryFailed(failure))
          return
        }
        this.#isOver = true
        const code = failureCode(failure)
        this.handlers.onTryFailed(code, request.origin, failureCause(failure))
        this.handlers.onFailed(code)
      },
      onClosed: () => {
        this.#cancelLinger?.()
        this.#cancelLinger = null
      },
    })
  }

  /** After the terminal frame: a body that ends by itself leaves its connection for the next question. */
  #finish(): void {
    this.#isOver = true
    this.#cancelLinger = this.parts.timers.after(LINGER_MS, () => {
      this.#cancelLinger = null
      this.#call?.abort()
    })
  }
}
