// Calls the backends in order until one begins to answer: each with retries where they may help, each behind its breaker.
// After the first frame there is no other try: what follows is the answer, or its failure.
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { ChatFailureCode } from '../../protocol/chat-events.js'
import type { BodyReader } from '../answer-format.js'
import { type AttemptFailure, attempt, type UpstreamRefusal } from './attempt.js'
import { type Breakers, TryFailed } from './breakers.js'
import type { EdgeCall, EdgeHeaders, UpstreamEdge } from './edge.js'
import type { UpstreamRequest } from './request.js'
import {
  type FailureCause,
  failureCause,
  failureCode,
  nextTry,
  type Position,
  type TryFailure,
} from './retry.js'

/** One of the backends that may be asked. */
export type Target = { readonly url: URL }

/** What is asked, of whom, and how the answer is read: the part of a call that its format knows. */
export type Asking<Said> = {
  readonly targets: readonly Target[]
  /** Null: this backend does not serve it. */
  requestFor(target: Target): UpstreamRequest | null
  newReader(onUnknownFrame: () => void): BodyReader<Said>
  /** How much is kept of the body of a refusal, for a caller who has to read it. */
  readonly keptRefusalBytes: number
}

/** Why there is no answer; `refusal`: the backend's own words, where they are kept. */
export type CallFailure = { readonly code: ChatFailureCode; readonly refusal: UpstreamRefusal | null }

export interface CallHandlers<Said> {
  /** A backend has begun to answer; what it says follows. */
  onHead(headers: EdgeHeaders, origin: string): void
  /** What one chunk said, in order; null: not one frame, but a sign of life. */
  onSaid(said: readonly Said[] | null): void
  onUnknownFrame(): void
  /** A try begins; `isRetry`: not the first one of the question. */
  onTry(origin: string, isRetry: boolean): void
  /** A try failed; `cause` for the log. */
  onTryFailed(code: ChatFailureCode, origin: string, cause: FailureCause): void
  /** No backend answers, or the answer broke off; called at most once, and never after a terminal event. */
  onFailed(failure: CallFailure): void
  /** A fault of this server; the last call. */
  onFault(error: unknown): void
}

export type CallParts = {
  readonly edge: UpstreamEdge
  readonly breakers: Breakers
  readonly clock: Clock
  readonly timers: Timers
  readonly random: () => number
}

/** How long a body may go on after its terminal frame before its connection is closed. */
const LINGER_MS = 1_000

class Cancelled extends Error {}

/** A backend that serves what is asked. */
type Served = { readonly target: Target; readonly request: UpstreamRequest }

function refusalOf(failure: TryFailure): UpstreamRefusal | null {
  return failure.kind === 'status' ? failure.refusal : null
}

export class UpstreamCall<Said> {
  #call: EdgeCall | null = null
  #reject: ((error: Error) => void) | null = null
  #cancelWait: (() => void) | null = null
  #cancelLinger: (() => void) | null = null
  #isOver = false

  constructor(
    readonly parts: CallParts,
    readonly asking: Asking<Said>,
    readonly handlers: CallHandlers<Said>,
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
    const { clock, random } = this.parts
    const targets = this.asking.targets.flatMap(target => {
      const request = this.asking.requestFor(target)
      return request === null ? [] : [{ target, request }]
    })
    let at: Position = { backend: 0, attempt: 0 }
    let worst: CallFailure = { code: 'upstream_unreachable', refusal: null }
    let isRetry = false
    let isAnyMade = false
    for (;;) {
      const served = targets[at.backend]
      if (served === undefined) break
      const { origin } = served.request
      try {
        await this.#tryOnce(served, () => {
          this.handlers.onTry(origin, isRetry)
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
          this.handlers.onTryFailed(code, origin, failureCause(failure))
        }
        if (failure.kind !== 'breaker_open' || !isAnyMade) worst = { code, refusal: refusalOf(failure) }
        const next = nextTry(failure, at, targets.length, { chance: random(), wallMs: clock.nowMs() })
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
  #tryOnce({ target, request }: Served, onMade: () => void): Promise<void> {
    return this.parts.breakers.execute(target.url.href, () => {
      if (this.#isOver) return Promise.reject(new Cancelled())
      onMade()
      return new Promise<void>((resolve, reject) => {
        this.#reject = reject
        this.#open(request, { resolve, reject })
      })
    })
  }

  #open(request: UpstreamRequest, settle: { resolve(): void; reject(error: Error): void }): void {
    const { newReader, keptRefusalBytes } = this.asking
    const reader = newReader(() => this.handlers.onUnknownFrame())
    let hasBegun = false
    this.#call = attempt(this.parts.edge, request, reader, keptRefusalBytes, {
      onHead: headers => {
        if (!this.#isOver) this.handlers.onHead(headers, request.origin)
      },
      onSaid: said => {
        if (this.#isOver) return
        if (said !== null) {
          if (!hasBegun) {
            hasBegun = true
            const [first] = said
            if (first !== undefined && reader.isError(first))
              settle.reject(new TryFailed({ kind: 'in_band' }))
            else settle.resolve()
          }
          const last = said.at(-1)
          if (last !== undefined && reader.isTerminal(last)) this.#finish()
        }
        this.handlers.onSaid(said)
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
        this.handlers.onFailed({ code, refusal: null })
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
