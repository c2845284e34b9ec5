// Makes the generation of a question, and records its start and its end exactly once each: audit, metrics, log.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import { randomId } from '../guards/ids.js'
import type { Log } from '../log/log.js'
import type { ChatFailureCode } from '../protocol/chat-events.js'
import type { AnswerCounts, AnswerFormat } from './answer-format.js'
import type { ChatConfig } from './chat-config.js'
import type { EndOfTurn } from './end-of-turn.js'
import { type Terminal, terminalReason } from './events.js'
import { Generation, type GenerationObserver, type OnDisconnect } from './generation.js'
import { spentOf } from './keys/token-uses.js'
import { type LogStore, type StreamFacts, streamMark } from './log/chat-log.js'
import { type AuditTrail, type Caller, type ChatLimits, type Lease, ownerOf } from './ports.js'
import { metricsOf } from './stream-state.js'
import type { Breakers } from './upstream/breakers.js'
import { type Asking, UpstreamCall } from './upstream/call.js'
import type { UpstreamEdge } from './upstream/edge.js'
import type { UpstreamRequest } from './upstream/request.js'
import type { FailureCause } from './upstream/retry.js'
import { sendAway } from './upstream/send-away.js'

/** For the metrics; everything else is in the relay's `stats()`. */
export type AnswerObserver = Pick<GenerationObserver, 'onTokens' | 'onRelayed' | 'onRetry'> & {
  onUnknownFrame?(): void
  onFirstToken?(ms: number): void
  onStreamEnd?(reason: string, durationMs: number): void
  onUpstreamError?(code: ChatFailureCode): void
}

export type BeginParts = {
  readonly config: () => ChatConfig
  readonly store: LogStore
  readonly edge: () => UpstreamEdge
  readonly breakers: Breakers
  readonly audit: AuditTrail
  readonly observer: AnswerObserver
  readonly spent: ChatLimits['spent']
  readonly log: Log
  readonly clock: Clock
  readonly timers: Timers
  readonly endOfTurn: EndOfTurn
  readonly random: () => number
}

/** A question in one of the formats: what is recorded of it, whom to ask, and what becomes of the answer. */
export interface Request<Item> {
  readonly requestId: string
  /** For the audit, which keeps its commitment alone, and reads it later, with its next batch. */
  readonly query: string
  readonly sessionId: string | null
  /** In each log line of the stream; null or absent: the caller sent none. */
  readonly traceId?: string | null
  readonly asking: Asking<Item>
  readonly format: AnswerFormat<Item>
  /** Instead of the relay's own: the answer is on its way already. */
  readonly edge?: UpstreamEdge
  /** See StreamFacts. */
  readonly kind?: 'pass'
  /** What stops it at its backend, where closing the connection does not; asked once, when it was stopped. Null: nothing. */
  cancelRequest?(streamId: string): UpstreamRequest | null
  /** It answers at once when it is done, so until then its silence means nothing. */
  readonly isSilent?: boolean
}

export type StartOptions<Item> = {
  readonly request: Request<Item>
  readonly connectionId: string
  readonly caller: Caller
  readonly lease: Lease
  readonly onDisconnect: OnDisconnect
  /** A new one unless given. */
  readonly streamId?: string
}

export function newStreamId(): string {
  return randomId(16, 'base64url')
}

/** One try, for the log. */
export type FailedTry = {
  readonly backend: string
  readonly upstream: string
  readonly code: ChatFailureCode
  readonly cause: FailureCause
}

/** Of frames that were not understood, in one log line. */
const MAX_KINDS = 8

/** Not started yet. `onEnded` is called once its end is recorded. */
export function begin<Item>(
  parts: BeginParts,
  { request, connectionId, caller, lease, onDisconnect, streamId = newStreamId() }: StartOptions<Item>,
  onEnded: (facts: StreamFacts) => void,
): Generation<Item> {
  const { store, edge, breakers, audit, observer, spent, log, clock, timers, endOfTurn, random } = parts
  const config = parts.config()
  const { requestId, sessionId, traceId = null, asking, format } = request
  const trace = traceId === null ? {} : { traceId }
  const { person, relayKey } = caller
  const facts: StreamFacts = {
    streamId,
    owner: ownerOf(caller),
    identified: person !== null,
    connectionId,
    ...trace,
    ...(request.kind === undefined ? {} : { format: request.kind }),
  }
  const ofStream = { streamId, connectionId, requestId, person, key: relayKey?.name ?? null }
  /** Made for a line that is written: most answers have none. */
  const inLog = () => ({ requestId, stream: streamMark(streamId), ...trace })
  /** Kinds of frames that were not understood, for the log. */
  const unknownFrames = new Set<string>()
  /** For the log; as many as there are tries. */
  const failures: FailedTry[] = []

  audit.record({
    operation: 'stream.start',
    ...ofStream,
    atMs: clock.nowMs(),
    get query() {
      return request.query
    },
    sessionId,
    upstream: asking.targets[0]?.url.origin ?? 'none',
  })
  const rules = {
    silenceMs: request.isSilent ? config.chatMaxDurationMs : config.chatFirstTokenTimeoutMs,
    repeatUnanswered: config.relayRepeatUnanswered,
  }
  return new Generation({
    facts,
    format,
    log: store.create(facts),
    settings: {
      limits: {
        // The call watches each backend until its first word (call.ts).
        firstTokenTimeoutMs: Number.POSITIVE_INFINITY,
        idleTimeoutMs: config.chatIdleTimeoutMs,
        noWordTimeoutMs: config.chatNoWordTimeoutMs,
        maxDurationMs: config.chatMaxDurationMs,
      },
      pace: config.chatPace,
      readAheadBytes: config.chatReadAheadBytes,
      onDisconnect,
      graceMs: config.chatDisconnectGraceMs,
    },
    clock,
    timers,
    endOfTurn,
    call: handlers =>
      new UpstreamCall(
        { edge: request.edge ?? edge(), breakers, clock, timers, random, rules },
        asking,
        handlers,
      ),
    observer: {
      ...observer,
      onTryFailed: (code, upstream, cause, backend) => {
        observer.onUpstreamError?.(code)
        failures.push({ backend, upstream, code, cause })
      },
      onUnknownFrame: kind => {
        observer.onUnknownFrame?.()
        const isFirst = unknownFrames.size === 0
        if (unknownFrames.size < MAX_KINDS) unknownFrames.add(kind)
        if (isFirst)
          log.warn(
            { ...inLog(), frame: kind },
            'the upstream sent a frame of unknown type; ignored, and counted in the metrics',
          )
      },
      onFault: error => log.error({ err: error, ...inLog() }, 'a chat stream failed'),
      onEnd: (counts, terminal, upstreams) => {
        lease.release()
        spent(relayKey, spentOf(counts, terminal.type === 'done'))
        recordEnd(counts, terminal, upstreams)
        if (terminal.type === 'aborted' && terminal.reason === 'client_stop') cancelAtBackend()
        onEnded(facts)
      },
    },
  })

  function cancelAtBackend(): void {
    const asked = request.cancelRequest?.(streamId) ?? null
    if (asked === null) return
    sendAway(edge(), asked, timers, cause =>
      log.warn({ ...inLog, cause }, 'the backend did not take the stop of its answer; it may go on with it'),
    )
  }

  function recordEnd(counts: AnswerCounts, terminal: Terminal, upstreams: readonly string[]): void {
    const reason = terminalReason(terminal)
    const { tokensReceived: tokens, bytesReceived: bytes, firstTokenLatency, duration } = metricsOf(counts)
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
    // A good end is in the metrics and in the audit; a log line for each would cost more than its first token.
    const level = terminal.type === 'done' ? 'debug' : 'info'
    if (!log.isLevelEnabled(level)) return
    const failed = failures.length === 0 ? {} : { failures }
    const unknown = unknownFrames.size === 0 ? {} : { unknownFrames: [...unknownFrames] }
    log[level]({ ...inLog(), reason, tokens, ...failed, ...unknown }, 'a chat stream ended')
  }
}
