// A generation: one reading of an upstream into one log. It outlives any connection; whoever follows it is only counted.
// Everything it decides is decided elsewhere (stream-state.ts, clocks.ts, upstream/); here is what happens when.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import { type GenerationLimits, generationDue } from './clocks.js'
import { encodeNumbered } from './encode.js'
import type { AbortReason, FailureCode, Terminal, UpstreamEvent } from './events.js'
import type { StreamFacts, WritableChatLog } from './log/chat-log.js'
import { end, hear, type Now, openStream, type Step, type StreamState } from './stream-state.js'
import type { Turn } from './turn.js'
import type { AskHandlers } from './upstream/ask.js'
import type { FailureCause } from './upstream/retry.js'

/** Whoever waits for the answer; what it holds is its position. */
export type Follower = { readonly position: number }

/** All who follow at other instances; how far they are is not known here. */
const ELSEWHERE: Follower = { position: Number.POSITIVE_INFINITY }

export type OnDisconnect = 'grace' | 'cancel' | 'finish'

export type GenerationSettings = {
  readonly limits: GenerationLimits
  readonly pace: 'upstream' | 'reader'
  readonly readAheadBytes: number
  readonly onDisconnect: OnDisconnect
  readonly graceMs: number
}

/** The asking as a generation needs it. */
export type Upstream = {
  start(): void
  cancel(isFault?: boolean): void
  pause(): void
  resume(): void
}

export type GenerationObserver = {
  /** Tokens of one chunk of the upstream's, and the time since the last token before it (null: the first). */
  onTokens?(count: number, gapMs: number | null): void
  /** How long something took from here to the connections. */
  onRelayed?(ms: number): void
  onUnknownFrame?(): void
  onRetry?(): void
  onTryFailed?(code: FailureCode, origin: string, cause: FailureCause): void
  onFault?(error: unknown): void
  /** Exactly once. */
  onEnd(state: StreamState, terminal: Terminal, upstreams: readonly string[]): void
}

export type GenerationParts = {
  readonly facts: StreamFacts
  readonly questionChars: number
  readonly log: WritableChatLog
  readonly ask: (handlers: AskHandlers) => Upstream
  readonly settings: GenerationSettings
  readonly clock: Clock
  readonly timers: Timers
  readonly turn: Turn
  readonly observer: GenerationObserver
}

export class Generation {
  readonly #parts: GenerationParts
  readonly #upstream: Upstream
  readonly #followers = new Set<Follower>()
  readonly #tried: string[] = []
  /** Resolves when the upstream has begun to answer (null), or has failed before. */
  readonly opened: Promise<FailureCode | null>
  /** Null: it was told. A promise that is resolved again does nothing, and takes as long as to read a token. */
  #resolveOpened: ((failure: FailureCode | null) => void) | null = null
  #state: StreamState
  #lastHeardAtMs: number
  #heldSinceMs: number | null = null
  /** When the first of what the readers were not told yet was heard; null: they were told all. */
  #untoldSinceMs: number | null = null
  readonly #tell = (): void => this.#toldAll()
  #cancelClock: (() => void) | null = null
  #cancelGrace: (() => void) | null = null

  constructor(parts: GenerationParts) {
    this.#parts = parts
    this.opened = new Promise(resolve => {
      this.#resolveOpened = resolve
    })
    const now = this.#now()
    const { questionChars, facts } = parts
    const opening = openStream({ ...facts, questionChars }, now)
    this.#state = opening.state
    this.#lastHeardAtMs = now.monoMs
    this.#append(opening)
    this.#upstream = parts.ask({
      onSaid: events => this.#said(events),
      onUnknownFrame: () => parts.observer.onUnknownFrame?.(),
      onTry: (origin, isRetry) => {
        this.#tried.push(origin)
        if (isRetry) parts.observer.onRetry?.()
      },
      onTryFailed: (code, origin, cause) => parts.observer.onTryFailed?.(code, origin, cause),
      onFailed: code => this.#end({ type: 'error', code }),
      onFault: error => {
        parts.observer.onFault?.(error)
        this.#end({ type: 'error', code: 'internal' })
      },
    })
  }

  start(): void {
    this.#upstream.start()
    this.#look()
  }

  get facts(): StreamFacts {
    return this.#parts.facts
  }
  get log(): WritableChatLog {
    return this.#parts.log
  }
  get state(): StreamState {
    return this.#state
  }
  get followers(): number {
    return this.#followers.size
  }

  follow(follower: Follower): void {
    this.#followers.add(follower)
    this.#cancelGrace?.()
    this.#cancelGrace = null
    this.balance()
  }

  /** The last one to leave decides what becomes of the answer. */
  unfollow(follower: Follower): void {
    if (!this.#followers.delete(follower)) return
    this.balance()
    if (this.#followers.size === 0) this.#abandoned()
  }

  followedElsewhere(isFollowed: boolean): void {
    if (isFollowed) this.follow(ELSEWHERE)
    else this.unfollow(ELSEWHERE)
  }

  /** Nobody waits for the answer any more. */
  #abandoned(): void {
    const { onDisconnect, graceMs } = this.#parts.settings
    if (this.#state.terminal !== null || onDisconnect === 'finish') return
    if (onDisconnect === 'cancel') {
      this.abort('idle')
      return
    }
    this.#cancelGrace = this.#parts.timers.after(graceMs, () => this.abort('idle'))
  }

  abort(reason: AbortReason): void {
    this.#end({ type: 'aborted', reason })
  }

  /** Holds the upstream back while it is too far ahead of the slowest reader, where that is wanted. */
  balance(): void {
    const { settings, log, clock } = this.#parts
    if (settings.pace !== 'reader' || this.#state.terminal !== null) return
    const slowest = Math.min(log.tail, ...[...this.#followers].map(({ position }) => position))
    const aheadBytes = log.bytesBefore(log.tail) - log.bytesBefore(slowest)
    const isAhead = aheadBytes > settings.readAheadBytes
    if (isAhead === (this.#heldSinceMs !== null)) return
    const nowMs = clock.monotonicMs()
    if (isAhead) {
      this.#heldSinceMs = nowMs
      this.#upstream.pause()
    } else {
      this.#heldSinceMs = null
      this.#lastHeardAtMs = nowMs
      this.#upstream.resume()
    }
    this.#look()
  }

  #now(): Now {
    const { clock } = this.#parts
    return { wallMs: clock.nowMs(), monoMs: clock.monotonicMs() }
  }

  #said(events: readonly UpstreamEvent[]): void {
    if (this.#state.terminal !== null) return
    const now = this.#now()
    const before = this.#state
    for (const event of events) {
      if (event.type === 'done') this.#end({ type: 'done', reason: event.reason }, now)
      else if (event.type === 'error') this.#end({ type: 'error', code: 'upstream_error' }, now)
      else if (!this.#append(hear(this.#state, event, now)))
        this.#end({ type: 'error', code: 'too_large' }, now)
      if (this.#state.terminal !== null) break
    }
    if (events.length > 0) this.#lastHeardAtMs = now.monoMs
    this.#open(null)
    if (this.#state.terminal === null) this.#tellSoon(now.monoMs)
    // Another clock holds from the first token on.
    if (before.firstTokenMonoMs !== this.#state.firstTokenMonoMs) this.#look()
    const tokens = this.#state.tokens - before.tokens
    if (tokens === 0) return
    const last = before.lastTokenMonoMs
    this.#parts.observer.onTokens?.(tokens, last === null ? null : now.monoMs - last)
  }

  #open(failure: FailureCode | null): void {
    this.#resolveOpened?.(failure)
    this.#resolveOpened = null
  }

  #tellSoon(nowMs: number): void {
    if (this.#untoldSinceMs !== null) return
    this.#untoldSinceMs = nowMs
    this.#parts.turn.atEnd(this.#tell)
  }

  #toldAll(): void {
    const { log, observer, clock } = this.#parts
    if (this.#untoldSinceMs === null) return
    log.publish()
    observer.onRelayed?.(clock.monotonicMs() - this.#untoldSinceMs)
    this.#untoldSinceMs = null
    this.balance()
  }

  /** False: the log is full, and the step is not taken. */
  #append({ state, events }: Step): boolean {
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
    this.#untoldSinceMs = null
    log.publish()
    observer.onEnd(this.#state, terminal, this.#tried)
  }

  /** What is due now, and a timer for what is due next. */
  #look(): void {
    if (this.#state.terminal !== null) return
    const { clock, timers, settings } = this.#parts
    const nowMs = clock.monotonicMs()
    const { startedMonoMs, firstTokenMonoMs } = this.#state
    const times = {
      startedAtMs: startedMonoMs,
      firstTokenAtMs: firstTokenMonoMs,
      lastHeardAtMs: this.#lastHeardAtMs,
      isHeldBack: this.#heldSinceMs !== null,
    }
    const decision = generationDue(times, settings.limits, nowMs)
    if (decision.due === 'expired') this.abort('expired')
    else if (decision.due !== null) this.#end({ type: 'error', code: decision.due })
    else {
      this.#cancelClock?.()
      const waitMs = Math.max(1, decision.lookAgainAtMs - nowMs)
      this.#cancelClock = timers.after(waitMs, () => this.#look())
    }
  }
}
