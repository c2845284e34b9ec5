// The beginning of an answer: from a question to a generation, and what is written down of its start and of its end (audit,
// metrics, log), once each, whatever happens in between.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import { randomId } from '../guards/random-id.js'
import type { Log } from '../log/log.js'
import type { ChatConfig } from './chat-config.js'
import { type FailureCode, type Terminal, terminalReason } from './events.js'
import { Generation, type GenerationSettings, type OnDisconnect } from './generation.js'
import type { LogStore, StreamFacts } from './log/chat-log.js'
import type { AuditTrail, Lease, Person } from './seams.js'
import { streamMark } from './stream-mark.js'
import { metricsOf, type StreamState } from './stream-state.js'
import type { Turn } from './turn.js'
import { Asking } from './upstream/ask.js'
import type { Breakers } from './upstream/breakers.js'
import type { UpstreamEdge } from './upstream/edge.js'
import type { Question } from './upstream/request.js'
import type { FailureCause } from './upstream/retry.js'

/** What an answer tells about itself; everything else is read from the relay's `stats()`. */
export type AnswerObserver = {
  onTokens?(count: number, gapMs: number | null): void
  onRelayed?(ms: number): void
  onFirstToken?(ms: number): void
  onStreamEnd?(reason: string, durationMs: number): void
  onUpstreamError?(code: FailureCode): void
  onRetry?(): void
  onUnknownFrame?(): void
}

export type BeginParts = {
  readonly config: () => ChatConfig
  readonly store: LogStore
  readonly edge: () => UpstreamEdge
  readonly breakers: Breakers
  readonly audit: AuditTrail
  readonly observer: AnswerObserver
  readonly log: Log
  readonly clock: Clock
  readonly timers: Timers
  readonly turn: Turn
  readonly random: () => number
}

export type StartOptions = {
  readonly question: Question
  readonly connectionId: string
  readonly person: Person | null
  readonly lease: Lease
  readonly onDisconnect: OnDisconnect
}

/** Not started yet. `onEnded` is called when all of its end is written down. */
export function begin(
  parts: BeginParts,
  options: StartOptions,
  onEnded: (facts: StreamFacts) => void,
): Generation {
  const { store, edge, breakers, audit, observer, log, clock, timers, turn, random } = parts
  const config = parts.config()
  const { question, connectionId, person, lease } = options
  const { requestId } = question
  const streamId = randomId(16, 'base64url')
  const facts: StreamFacts = {
    streamId,
    owner: person?.key ?? null,
    identified: person !== null,
    connectionId,
  }
  const ofStream = { streamId, connectionId, requestId, person }
  const backends = backendsOf(config.ragBackendUrl)
  let hasSaidUnknown = false
  /** For the log: what went wrong at whom. As many as there are tries. */
  const failures: { readonly upstream: string; readonly code: FailureCode; readonly cause: FailureCause }[] =
    []

  audit.record({
    operation: 'stream.start',
    ...ofStream,
    atMs: clock.nowMs(),
    query: question.query,
    sessionId: question.sessionId,
    upstream: backends[0]?.origin ?? 'none',
  })
  return new Generation({
    facts,
    questionChars: charsOf(question),
    log: store.create(facts),
    settings: generationSettings(config, options.onDisconnect),
    clock,
    timers,
    turn,
    ask: handlers =>
      new Asking(
        { edge: edge(), breakers, backends, settings: upstreamSettings(config), clock, timers, random },
        question,
        handlers,
      ),
    observer: {
      onTokens: (count, gapMs) => observer.onTokens?.(count, gapMs),
      onRelayed: ms => observer.onRelayed?.(ms),
      onRetry: () => observer.onRetry?.(),
      onTryFailed: (code, upstream, cause) => {
        observer.onUpstreamError?.(code)
        failures.push({ upstream, code, cause })
      },
      onUnknownFrame: () => {
        observer.onUnknownFrame?.()
        if (hasSaidUnknown) return
        hasSaidUnknown = true
        log.warn({ requestId, stream: streamMark(streamId) }, 'the upstream sent a frame of no known kind')
      },
      onFault: error =>
        log.error({ err: error, requestId, stream: streamMark(streamId) }, 'a chat stream failed'),
      onEnd: (state, terminal, upstreams) => {
        lease.release()
        recordEnd(state, terminal, upstreams)
        onEnded(facts)
      },
    },
  })

  function recordEnd(state: StreamState, terminal: Terminal, upstreams: readonly string[]): void {
    const reason = terminalReason(terminal)
    const { tokensReceived: tokens, bytesReceived: bytes, firstTokenLatency, duration } = metricsOf(state)
    if (firstTokenLatency !== null) observer.onFirstToken?.(firstTokenLatency)
    observer.onStreamEnd?.(reason, duration)
    audit.record({
      operation: 'stream.end',
      ...ofStream,
      atMs: clock.nowMs(),
      reason,
      tokens,
      bytes,
      firstTokenMs: firstTokenLatency,
      durationMs: duration,
      upstreams,
    })
    // What went well is in the metrics and in the audit; a line for each would cost more than its first token.
    const level = terminal.type === 'done' ? 'debug' : 'info'
    const failed = failures.length === 0 ? {} : { failures }
    const stream = streamMark(streamId)
    log[level]({ requestId, stream, reason, tokens, ...failed }, 'a chat stream ended')
  }
}

const backendsOfList = new WeakMap<readonly string[], readonly URL[]>()

/** Taken apart once for each setting of RAG_BACKEND_URL, not for each question. */
function backendsOf(urls: readonly string[]): readonly URL[] {
  const known = backendsOfList.get(urls)
  if (known !== undefined) return known
  const backends = urls.map(url => new URL(url))
  backendsOfList.set(urls, backends)
  return backends
}

function charsOf({ query, history }: Question): number {
  return query.length + history.reduce((sum, { content }) => sum + content.length, 0)
}

function upstreamSettings({ chatUpstream: style, chatModel: model, ragBackendToken: token }: ChatConfig) {
  return { style, model, token }
}

function generationSettings(config: ChatConfig, onDisconnect: OnDisconnect): GenerationSettings {
  return {
    limits: {
      firstTokenTimeoutMs: config.chatFirstTokenTimeoutMs,
      idleTimeoutMs: config.chatIdleTimeoutMs,
      maxDurationMs: config.chatMaxDurationMs,
    },
    pace: config.chatPace,
    readAheadBytes: config.chatReadAheadBytes,
    onDisconnect,
    graceMs: config.chatDisconnectGraceMs,
  }
}
