// A generation reads one upstream into one log. It outlives any connection; followers are only counted. Here is what happens
// when; what goes into the log is the matter of the format (answer-format.ts), the decisions are in clocks.ts and upstream/.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import type { ChatFailureCode } from '../protocol/chat-events.js'
import type { Answer, AnswerCounts, AnswerFormat, Now } from './answer-format.js'
import { type GenerationLimits, generationDue } from './clocks.js'
import type { EndOfTurn } from './end-of-turn.js'
import type { AbortReason, Terminal } from './events.js'
import type { StreamFacts, WritableChatLog } from './log/chat-log.js'
import type { CallFailure, CallHandlers } from './upstream/call.js'
import type { EdgeHeaders } from './upstream/edge.js'
import type { FailureCause } from './upstream/retry.js'

/** Waits for the answer; `position` is the number of the first event it has not been sent. */
export type Follower = { readonly position: number }

/** All followers on other instances, whose positions are not known here. */
const ELSEWHERE: Follower = { position: Number.POSITIVE_INFINITY }

export type OnDisconnect = 'grace' | 'cancel' | 'finish'

export type GenerationSettings = {
  readonly limits: GenerationLimits
  readonly pace: 'upstream' | 'reader'
  readonly readAheadBytes: number
  readonly onDisconnect: OnDisconnect
  readonly graceMs: number
}

/** The call to the upstream as a generation uses it. */
export type Upstream = {
  start(): void
  cancel(isFault?: boolean): void
  pause(): void
  resume(): void
}

export type GenerationObserver = {
  /** Tokens of one chunk of the upstream, and the time since the token before it (null: the first). */
  onTokens?(count: number, gapMs: number | null): void
  /** Time from receiving a chunk to handing it to the connections. */
  onRelayed?(ms: number): void
  onUnknownFrame?(kind: string): void
  onRetry?(): void
  onTryFailed?(code: ChatFailureCode, origin: string, cause: FailureCause, backend: string): void
  onFault?(error: unknown): void
  /** Exactly once. */
  onEnd(counts: AnswerCounts, terminal: Terminal, upstreams: readonly string[]): void
}

export interface GenerationParts<Item> {
  readonly facts: StreamFacts
  readonly format: AnswerFormat<Item>
  readonly log: WritableChatLog
  call(handlers: CallHandlers<Item>): Upstream
  readonly settings: GenerationSettings
  readonly clock: Clock
  readonly timers: Timers
  readonly endOfTurn: EndOfTurn
  readonly observer: GenerationObserver
}

/** Before the first token these count against the backend. */
const TOOK_TOO_LONG: ReadonlySet<ChatFailureCode> = new Set(['first_token_timeout', 'no_word_timeout'])

/** The head of the backend that answers. */
export type AnswerHead = { readonly headers: EdgeHeaders; readonly backend: string }

export class Generation<Item = unknown> {
  readonly #parts: GenerationParts<Item>
  readonly #answer: Answer<Item>
  readonly #upstream: Upstream
  readonly #followers = new Set<Follower>()
  readonly #tried: string[] = []
  /** Resolves when the upstream has begun to answer (null), or has failed before. */
  readonly opened: Promise<CallFailure | null>
  /** Null: resolved. Resolving a promise again has no effect but costs as much as reading a token. */
  #resolveOpened: ((failure: CallFailure | null) => void) | null = null
  #head: AnswerHead | null = null
  #lastHeardAtMs: number
  #pausedSinceMs: number | null = null
  #heldBackUntilMs = 0
  /** When the oldest unpublished event came in; null: everything is published. */
  #unpublishedSinceMs: number | null = null
  readonly #publish = (): void => this.#publishAll()
  #cancelClock: (() => void) | null = null
  #cancelGrace: (() => void) | null = null

  constructor(parts: GenerationParts<Item>) {
    this.#parts = parts
    this.opened = new Promise(resolve => {
      this.#resolveOpened = resolve
    })
    const now = this.#now()
    const { format, facts, log, observer } = parts
    this.#answer = format(facts, log, now)
    this.#lastHeardAtMs = now.monoMs
    this.#upstream = parts.call({
      onHead: (headers, backend) => {
        this.#head = { headers, backend }
      },
      onItems: items => this.#received(items),
      onUnknownFrame: kind => observer.onUnknownFrame?.(kind),
      onTry: (origin, isRetry) => {
        this.#tried.push(origin)
        if (isRetry) observer.onRetry?.()
      },
      onTryFailed: (code, origin, cause, backend) => observer.onTryFailed?.(code, origin, cause, backend),
      onFailed: failure => this.#end({ type: 'error', code: failure.code }, failure),
      onFault: error => {
        observer.onFault?.(error)
        this.#end({ type: 'error', code: 'internal' })
      },
    })
  }

  start(): void {
    this.#upstream.start()
    this.#checkClocks()
  }

  get facts(): StreamFacts {
    return this.#parts.facts
  }
  get log(): WritableChatLog {
    return this.#parts.log
  }
  /** How many tries were made so far. */
  get tries(): number {
    return this.#tried.length
  }
  /** Null until a backend has begun to answer. */
  get head(): AnswerHead | null {
    return this.#head
  }

  follow(follower: Follower): void {
    this.#followers.add(follower)
    this.#cancelGrace?.()
    this.#cancelGrace = null
    this.balance()
  }

  unfollow(follower: Follower): void {
    if (!this.#followers.delete(follower)) return
    this.balance()
    if (this.#followers.size === 0) this.#abandoned()
  }

  followedElsewhere(isFollowed: boolean): void {
    if (isFollowed) this.follow(ELSEWHERE)
    else this.unfollow(ELSEWHERE)
  }

  /** The last follower has left. */
  #abandoned(): void {
    const { onDisconnect, graceMs } = this.#parts.settings
    if (this.#answer.terminal !== null || onDisconnect === 'finish') return
    if (onDisconnect === 'cancel') this.abort('idle')
    else this.#cancelGrace = this.#parts.timers.after(graceMs, () => this.abort('idle'))
  }

  fail(code: ChatFailureCode): void {
    this.#end({ type: 'error', code })
  }

  abort(reason: AbortReason): void {
    this.#end({ type: 'aborted', reason })
  }

  /** With `pace: 'reader'`: pauses the upstream while it is too far ahead of the slowest reader. */
  balance(): void {
    const { settings, log, clock } = this.#parts
    if (settings.pace !== 'reader' || this.#answer.terminal !== null) return
    const slowest = Math.min(log.tail, ...[...this.#followers].map(({ position }) => position))
    const aheadBytes = log.bytesBefore(log.tail) - log.bytesBefore(slowest)
    const isAhead = aheadBytes > settings.readAheadBytes
    if (isAhead === (this.#pausedSinceMs !== null)) return
    const nowMs = clock.monotonicMs()
    if (isAhead) {
      this.#pausedSinceMs = nowMs
      this.#upstream.pause()
    } else {
      this.#pausedSinceMs = null
      this.#lastHeardAtMs = nowMs
      this.#heldBackUntilMs = nowMs
      this.#upstream.resume()
    }
    this.#checkClocks()
  }

  #now(): Now {
    const { clock } = this.#parts
    return { wallMs: clock.nowMs(), monoMs: clock.monotonicMs() }
  }

  /** The hot path, once a chunk, however much is in it: one look at the clocks, one publication. */
  #received(items: readonly Item[] | null): void {
    const answer = this.#answer
    if (answer.terminal !== null) return
    const now = this.#now()
    this.#lastHeardAtMs = now.monoMs
    if (items === null) return
    const { firstTokenMonoMs: first, lastTokenMonoMs: last, tokens: before } = answer.counts
    answer.receive(items, now)
    if (answer.terminal !== null) this.#ended(answer.terminal)
    else {
      this.#open(null)
      this.#publishSoon(now.monoMs)
    }
    const { firstTokenMonoMs, tokens } = answer.counts
    // From the first token on another timeout applies.
    if (first !== firstTokenMonoMs) this.#checkClocks()
    if (tokens > before) {
      this.#parts.observer.onTokens?.(tokens - before, last === null ? null : now.monoMs - last)
    }
  }

  #open(failure: CallFailure | null): void {
    this.#resolveOpened?.(failure)
    this.#resolveOpened = null
  }

  #publishSoon(nowMs: number): void {
    if (this.#unpublishedSinceMs !== null) return
    this.#unpublishedSinceMs = nowMs
    this.#parts.endOfTurn.run(this.#publish)
  }

  #publishAll(): void {
    const { log, observer, clock } = this.#parts
    if (this.#unpublishedSinceMs === null) return
    log.publish()
    observer.onRelayed?.(clock.monotonicMs() - this.#unpublishedSinceMs)
    this.#unpublishedSinceMs = null
    this.balance()
  }

  #end(terminal: Terminal, failure: CallFailure | null = null): void {
    if (this.#answer.terminal !== null) return
    this.#answer.end(terminal, this.#now())
    this.#ended(terminal, failure)
  }

  /** Exactly once, when the answer has its end. */
  #ended(terminal: Terminal, failure: CallFailure | null = null): void {
    const { log, observer } = this.#parts
    this.#cancelClock?.()
    this.#cancelGrace?.()
    if (terminal.type !== 'done') {
      const isFault = terminal.type === 'error' && TOOK_TOO_LONG.has(terminal.code)
      this.#upstream.cancel(isFault)
    }
    const isBefore = terminal.type === 'error' && !this.#answer.hasBegun
    this.#open(isBefore ? { code: terminal.code, refusal: failure?.refusal ?? null } : null)
    this.#unpublishedSinceMs = null
    log.publish()
    observer.onEnd(this.#answer.counts, terminal, this.#tried)
  }

  /** Acts on what is due, and sets one timer for what is due next. */
  #checkClocks(): void {
    if (this.#answer.terminal !== null) return
    const { clock, timers, settings } = this.#parts
    const nowMs = clock.monotonicMs()
    const { startedMonoMs: startedAtMs, lastTokenMonoMs: lastWordAtMs } = this.#answer.counts
    const times = {
      startedAtMs,
      lastWordAtMs,
      lastHeardAtMs: this.#lastHeardAtMs,
      heldBackUntilMs: this.#heldBackUntilMs,
      isHeldBack: this.#pausedSinceMs !== null,
    }
    const decision = generationDue(times, settings.limits, nowMs)
    if (decision.due === 'expired') this.abort('expired')
    else if (decision.due !== null) this.#end({ type: 'error', code: decision.due })
    else {
      this.#cancelClock?.()
      const waitMs = Math.max(1, decision.lookAgainAtMs - nowMs)
      this.#cancelClock = timers.after(waitMs, () => this.#checkClocks())
    }
  }
}
