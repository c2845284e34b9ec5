// A generation reads one upstream into one log. It outlives any connection; followers are only counted. Here is what happens
// when; the decisions are in stream-state.ts, clocks.ts and upstream/.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import type { ChatFailureCode } from '../protocol/chat-events.js'
import { type GenerationLimits, generationDue } from './clocks.js'
import { encodeNumbered } from './encode.js'
import type { EndOfTurn } from './end-of-turn.js'
import type { AbortReason, Terminal, UpstreamEvent } from './events.js'
import type { StreamFacts, WritableChatLog } from './log/chat-log.js'
import { type Advance, end, type Now, newStream, receive, type StreamState } from './stream-state.js'
import type { CallHandlers } from './upstream/call.js'
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
  onUnknownFrame?(): void
  onRetry?(): void
  onTryFailed?(code: ChatFailureCode, origin: string, cause: FailureCause): void
  onFault?(error: unknown): void
  /** Exactly once. */
  onEnd(state: StreamState, terminal: Terminal, upstreams: readonly string[]): void
}

export type GenerationParts = {
  readonly facts: StreamFacts
  readonly questionChars: number
  readonly log: WritableChatLog
  readonly call: (handlers: CallHandlers) => Upstream
  readonly settings: GenerationSettings
  readonly clock: Clock
  readonly timers: Timers
  readonly endOfTurn: EndOfTurn
  readonly observer: GenerationObserver
}

export class Generation {
  readonly #parts: GenerationParts
  readonly #upstream: Upstream
  readonly #followers = new Set<Follower>()
  readonly #tried: string[] = []
  /** Resolves when the upstream has begun to answer (null), or has failed before. */
  readonly opened: Promise<ChatFailureCode | null>
  /** Null: resolved. Resolving a promise again has no effect but costs as much as reading a token. */
  #resolveOpened: ((failure: ChatFailureCode | null) => void) | null = null
  #state: StreamState
  #lastHeardAtMs: number
  #pausedSinceMs: number | null = null
  /** When the oldest unpublished event came in; null: everything is published. */
  #unpublishedSinceMs: number | null = null
  readonly #publish = (): void => this.#publishAll()
  #cancelClock: (() => void) | null = null
  #cancelGrace: (() => void) | null = null

  constructor(parts: GenerationParts) {
    this.#parts = parts
    this.opened = new Promise(resolve => {
      this.#resolveOpened = resolve
    })
    const now = this.#now()
    const { questionChars, facts, observer } = parts
    const opening = newStream({ ...facts, questionChars }, now)
    this.#state = opening.state
    this.#lastHeardAtMs = now.monoMs
    this.#append(opening)
    this.#upstream = parts.call({
      onEvents: events => this.#received(events),
      onUnknownFrame: () => observer.onUnknownFrame?.(),
      onTry: (origin, isRetry) => {
        this.#tried.push(origin)
        if (isRetry) observer.onRetry?.()
      },
      onTryFailed: (code, origin, cause) => observer.onTryFailed?.(code, origin, cause),
      onFailed: code => this.#end({ type: 'error', code }),
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
    if (this.#state.terminal !== null || onDisconnect === 'finish') return
    if (onDisconnect === 'cancel') this.abort('idle')
    else this.#cancelGrace = this.#parts.timers.after(graceMs, () => this.abort('idle'))
  }

  abort(reason: AbortReason): void {
    this.#end({ type: 'aborted', reason })
  }

  /** With `pace: 'reader'`: pauses the upstream while it is too far ahead of the slowest reader. */
  balance(): void {
    const { settings, log, clock } = this.#parts
    if (settings.pace !== 'reader' || this.#state.terminal !== null) return
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
      this.#upstream.resume()
    }
    this.#checkClocks()
  }

  #now(): Now {
    const { clock } = this.#parts
    return { wallMs: clock.nowMs(), monoMs: clock.monotonicMs() }
  }

  #received(events: readonly UpstreamEvent[]): void {
    if (this.#state.terminal !== null) return
    const now = this.#now()
    const before = this.#state
    for (const event of events) {
      if (event.type === 'done') this.#end({ type: 'done', reason: event.reason }, now)
      else if (event.type === 'error') this.#end({ type: 'error', code: 'upstream_error' }, now)
      else if (!this.#append(receive(this.#state, event, now)))
        this.#end({ type: 'error', code: 'too_large' }, now)
      if (this.#state.terminal !== null) break
    }
    if (events.length > 0) this.#lastHeardAtMs = now.monoMs
    this.#open(null)
    if (this.#state.terminal === null) this.#publishSoon(now.monoMs)
    // From the first token on another timeout applies.
    if (before.firstTokenMonoMs !== this.#state.firstTokenMonoMs) this.#checkClocks()
    const tokens = this.#state.tokens - before.tokens
    if (tokens === 0) return
    const last = before.lastTokenMonoMs
    this.#parts.observer.onTokens?.(tokens, last === null ? null : now.monoMs - last)
  }

  #open(failure: ChatFailureCode | null): void {
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

  /** False: the log is full, and nothing was changed. */
  #append({ state, events }: Advance): boolean {
    const { log, facts } = this.#parts
    for (const event of events) {
      const isTerminal = state.terminal !== null && event.sequence === state.next - 1
      const text = encodeNumbered(facts.streamId, event)
      if (!log.append(text, { isTerminal, isLast: state.terminal !== null })) return false
    }
    this.#state = state
    return true
  }

  #end(terminal: Terminal, now = this.#now()): void {
    if (this.#state.terminal !== null) return
    const { log, observer } = this.#parts
    const hasBegun = this.#state.next > 1
    this.#append(end(this.#state, terminal, now))
    this.#cancelClock?.()
    this.#cancelGrace?.()
    if (terminal.type !== 'done') {
      this.#upstream.cancel(terminal.type === 'error' && terminal.code === 'first_token_timeout')
    }
    this.#open(terminal.type === 'error' && !hasBegun ? terminal.code : null)
    this.#unpublishedSinceMs = null
    log.publish()
    observer.onEnd(this.#state, terminal, this.#tried)
  }

  /** Acts on what is due, and sets one timer for what is due next. */
  #checkClocks(): void {
    if (this.#state.terminal !== null) return
    const { clock, timers, settings } = this.#parts
    const nowMs = clock.monotonicMs()
    const times = {
      startedAtMs: this.#state.startedMonoMs,
      firstTokenAtMs: this.#state.firstTokenMonoMs,
      lastHeardAtMs: this.#lastHeardAtMs,
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
