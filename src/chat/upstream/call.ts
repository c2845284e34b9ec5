// Calls the backends in order until one says its first visible word: each with retries where they may help, each behind its
// breaker. After that word there is no other try: what follows is the answer, or its failure.
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { ChatFailureCode } from '../../protocol/chat-events.js'
import type { BodyReader } from '../answer-format.js'
import type { Backend } from '../backends/backend.js'
import { type Attempt, attempt } from './attempt.js'
import { type Breakers, TryFailed } from './breakers.js'
import type { EdgeHeaders, UpstreamEdge, UpstreamRefusal } from './edge.js'
import type { UpstreamRequest } from './request.js'
import {
  countsAgainstBackend,
  type FailureCause,
  failureCause,
  failureCode,
  nextTry,
  type Position,
  type RetryRules,
  type TryFailure,
} from './retry.js'

/** One of the backends that may be asked. */
export type Target = Backend

/** What is asked, of whom, and how the answer is read: the part of a call that its format knows. */
export type Asking<Item> = {
  readonly targets: readonly Target[]
  /** Null: this backend does not serve it. */
  requestFor(target: Target): UpstreamRequest | null
  newReader(onUnknownFrame: (kind: string) => void): BodyReader<Item>
  /** How much is kept of the body of a refusal, for a caller who has to read it. */
  readonly keptRefusalBytes: number
  /**
   * What comes before the first visible word is handed on at once, although another backend may answer after it. Without it,
   * that is held back while there is another backend to ask.
   */
  readonly handsOnEarly?: boolean
  /** The key is the caller's own: its refusal does not count against the backend. */
  readonly usesCallerKey?: boolean
}

/** Why there is no answer; `refusal`: the backend's own words, where they are kept. */
export type CallFailure = { readonly code: ChatFailureCode; readonly refusal: UpstreamRefusal | null }

export interface CallHandlers<Item> {
  /** A backend has begun to answer; what it says follows. */
  onHead(headers: EdgeHeaders, backend: string): void
  /** What one chunk brought, in order; null: nothing to hand on, but a sign of life. */
  onItems(items: readonly Item[] | null): void
  /** A frame was not understood, or left out; `kind` names it for the log. */
  onUnknownFrame(kind: string): void
  /** A try begins; `isRetry`: not the first one of the question. */
  onTry(origin: string, isRetry: boolean): void
  /** A try failed; `cause` for the log. */
  onTryFailed(code: ChatFailureCode, origin: string, cause: FailureCause, backend: string): void
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
  readonly rules: CallRules
}

export type CallRules = RetryRules & {
  /** How long a backend may be silent before its first visible word, where it has no time of its own. */
  readonly silenceMs: number
}

/** How long a body may go on after its terminal frame before its connection is closed. */
const LINGER_MS = 1_000
/** How long the counts and the terminal may take after the reason of the end. */
const AFTER_REASON_MS = 2_000
/** A longer beginning without a visible word is handed on: then no other backend is asked. */
const MAX_HELD_BYTES = 256 * 1024

class Cancelled extends Error {}

/** A backend that serves what is asked. */
type Served = { readonly target: Target; readonly request: UpstreamRequest }

/** The newest failure of a try; `items`: what a backend sent that failed in band. */
type Failed<Item> = { readonly failure: TryFailure; readonly items: readonly Item[] }

export class UpstreamCall<Item> {
  #call: Attempt | null = null
  #reject: ((error: Error) => void) | null = null
  #cancelWait: (() => void) | null = null
  #cancelLinger: (() => void) | null = null
  #cancelAfterReason: (() => void) | null = null
  #cancelSilence: (() => void) | null = null
  #lastHeardMs = 0
  #isPaused = false
  /** Of the try that is being made: received, but not handed on. */
  #held: Item[] = []
  #heldBytes = 0
  #isOver = false

  constructor(
    readonly parts: CallParts,
    readonly asking: Asking<Item>,
    readonly handlers: CallHandlers<Item>,
  ) {}

  start(): void {
    this.#run().catch(error => {
      this.#over()
      this.handlers.onFault(error)
    })
  }

  /** Ends it now. `isFault`: the backend took too long, which counts against it. */
  cancel(isFault = false): void {
    if (this.#isOver) return
    this.#over()
    this.#call?.abort()
    this.#reject?.(isFault ? new TryFailed({ kind: 'silence' }) : new Cancelled())
  }

  pause(): void {
    this.#isPaused = true
    this.#call?.pause()
  }
  resume(): void {
    this.#isPaused = false
    this.#heard()
    this.#call?.resume()
  }

  #over(): void {
    this.#isOver = true
    this.#cancelWait?.()
    this.#cancelSilence?.()
    this.#cancelAfterReason?.()
  }

  async #run(): Promise<void> {
    const { clock, random, rules } = this.parts
    const served = this.asking.targets.flatMap((target): readonly Served[] => {
      const request = this.asking.requestFor(target)
      return request === null ? [] : [{ target, request }]
    })
    let at: Position = { backend: 0, attempt: 0 }
    let last: Failed<Item> | null = null
    let isRetry = false
    for (;;) {
      const one = served[at.backend]
      if (one === undefined) break
      const isLast = at.backend + 1 >= served.length
      const failed = await this.#tryOnce(one, isLast, () => {
        this.handlers.onTry(one.request.origin, isRetry)
        isRetry = true
      })
      if (failed === null || this.#isOver) return
      const { failure } = failed
      // A backend that was not asked does not hide why another one failed.
      if (failure.kind !== 'breaker_open' || last === null) last = failed
      const next = nextTry(failure, at, served.length, { chance: random(), wallMs: clock.nowMs() }, rules)
      if (next.kind === 'give_up') break
      at = next.at
      await this.#wait(next.waitMs)
      if (this.#isOver) return
    }
    this.#over()
    this.#giveUp(last)
  }

  /** What a backend sent goes on as it came. */
  #giveUp(last: Failed<Item> | null): void {
    if (last !== null && last.items.length > 0) {
      this.handlers.onItems(last.items)
      return
    }
    const code = last === null ? 'upstream_unreachable' : failureCode(last.failure)
    const refusal = last?.failure.kind === 'status' ? last.failure.refusal : null
    this.handlers.onFailed({ code, refusal })
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

  /** Null: the first visible word came, or the end of the answer. */
  async #tryOnce(served: Served, isLast: boolean, onMade: () => void): Promise<Failed<Item> | null> {
    const { target, request } = served
    this.#held = []
    this.#heldBytes = 0
    try {
      await this.parts.breakers.execute(target.name, () => {
        if (this.#isOver) return Promise.reject(new Cancelled())
        onMade()
        return new Promise<void>((resolve, reject) => {
          this.#reject = reject
          this.#open(served, isLast || this.asking.handsOnEarly === true, { resolve, reject })
        })
      })
      return null
    } catch (error) {
      if (this.#isOver) return null
      if (!(error instanceof TryFailed)) throw error
      const { failure } = error
      if (failure.kind !== 'breaker_open') this.#reportTry(failure, request.origin, target.name)
      return { failure, items: failure.kind === 'in_band' ? this.#held : [] }
    } finally {
      this.#cancelSilence?.()
    }
  }

  #reportTry(failure: TryFailure, origin: string, backend: string): void {
    this.handlers.onTryFailed(failureCode(failure), origin, failureCause(failure), backend)
  }

  #open(
    { target, request }: Served,
    handsOn: boolean,
    settle: { resolve(): void; reject(error: Error): void },
  ): void {
    const { newReader, keptRefusalBytes, usesCallerKey = false } = this.asking
    const reader = newReader(kind => this.handlers.onUnknownFrame(kind))
    let hasBegun = false
    let isGone = false

    /** The try has failed: the connection is of no use. */
    const fail = (failure: TryFailure): void => {
      isGone = true
      // It may have given a reason before.
      this.#cancelAfterReason?.()
      this.#cancelAfterReason = null
      settle.reject(new TryFailed(failure, countsAgainstBackend(failure, usesCallerKey)))
    }
    const begin = (): void => {
      hasBegun = true
      this.#cancelSilence?.()
      settle.resolve()
    }
    /** Before the first visible word. */
    const weigh = (items: readonly Item[], bytes: number): void => {
      const last = items.at(-1)
      const isVisible = items.some(reader.isVisible)
      const isTerminal = last !== undefined && reader.isTerminal(last)
      if (isTerminal && reader.isError(last) && !isVisible) {
        this.#held = [...this.#held, ...items]
        fail({ kind: 'in_band' })
        call.abort()
        return
      }
      this.#heldBytes += bytes
      if (isTerminal || isVisible || this.#heldBytes > MAX_HELD_BYTES) begin()
      if (!hasBegun && !handsOn) {
        for (const one of items) this.#held.push(one)
        this.handlers.onItems(null)
        return
      }
      const all = [...this.#held, ...items]
      this.#held = []
      this.#handOn(all, reader, target.name)
    }

    const call = attempt(this.parts.edge, request, reader, keptRefusalBytes, {
      onHead: headers => {
        this.#heard()
        if (!this.#isOver && !isGone) this.handlers.onHead(headers, target.name)
      },
      onItems: (items, bytes) => {
        if (this.#isOver || isGone) return
        if (!hasBegun) this.#heard()
        if (items === null) this.handlers.onItems(null)
        else if (hasBegun) this.#handOn(items, reader, target.name)
        else weigh(items, bytes)
      },
      onFailure: failure => {
        if (this.#isOver || isGone) return
        if (!hasBegun) {
          fail(failure)
          return
        }
        this.#over()
        this.#lateFault(failure, target.name)
        this.#reportTry(failure, request.origin, target.name)
        this.handlers.onFailed({ code: failureCode(failure), refusal: null })
      },
      onClosed: () => {
        this.#cancelLinger?.()
        this.#cancelLinger = null
      },
    })
    this.#call = call
    if (!hasBegun && !isGone) this.#watchSilence(target.firstTokenTimeoutMs ?? this.parts.rules.silenceMs)
  }

  /** An answer that fails after its first word counts against the backend too. */
  #lateFault(failure: TryFailure, backend: string): void {
    this.parts.breakers.fault(backend, failure).catch(error => this.handlers.onFault(error))
  }

  /** The hot path: what one chunk of a begun answer brought. */
  #handOn(items: readonly Item[], reader: BodyReader<Item>, backend: string): void {
    const last = items.at(-1)
    if (last !== undefined && reader.isTerminal(last)) {
      if (reader.isError(last)) this.#lateFault({ kind: 'in_band' }, backend)
      this.#finish()
    } else this.#awaitTerminal(reader)
    this.handlers.onItems(items)
  }

  #heard(): void {
    this.#lastHeardMs = this.parts.clock.monotonicMs()
  }

  /** Moves its timer lazily, so that a chunk costs none. */
  #watchSilence(silenceMs: number): void {
    const { clock, timers } = this.parts
    this.#heard()
    const look = (waitMs: number): void => {
      this.#cancelSilence = timers.after(Math.max(1, waitMs), () => {
        const leftMs = this.#lastHeardMs + silenceMs - clock.monotonicMs()
        if (this.#isPaused) look(silenceMs)
        else if (leftMs > 0) look(leftMs)
        else this.#call?.stalled()
      })
    }
    look(silenceMs)
  }

  /** An upstream that keeps its body open after the reason of the end has sent everything. */
  #awaitTerminal(reader: BodyReader<Item>): void {
    const hasReason = reader.hasReason?.() === true
    if (hasReason === (this.#cancelAfterReason !== null)) return
    if (!hasReason) {
      // The answer goes on, so that was not its end.
      this.#cancelAfterReason?.()
      this.#cancelAfterReason = null
      return
    }
    // It is silent because it is done.
    this.#cancelSilence?.()
    this.#cancelAfterReason = this.parts.timers.after(AFTER_REASON_MS, () => this.#call?.endBody())
  }

  /** After the terminal frame: a body that ends by itself leaves its connection for the next question. */
  #finish(): void {
    this.#over()
    this.#cancelLinger = this.parts.timers.after(LINGER_MS, () => {
      this.#cancelLinger = null
      this.#call?.abort()
    })
  }
}
