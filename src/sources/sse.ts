// A status stream as a source: that of the collector, or /events of another server.
//
// The published client connects, backs off and limits; the reducer in ingest/store.ts keeps the state, and every new
// baseline becomes a reading. When the state needs a full status, the ingestor reconnects to request one, the first time
// at once, then at most every `forceFullRetrySec`.
//
// From a producer without `stream_id` (the collector of the Python original), every reconnection requests a full status
// without `Last-Event-ID`. Its ids begin at 1 again when it restarts, so after an old id it would skip its new events;
// and the events it sends after an id do not continue the full status it sends for `force_full=1`.
import { createEventStream, type EventStream, type StreamError } from '../../client/event-stream.js'
import { type Clock, systemClock } from '../clock/clock.js'
import { type Moment, momentNow, wallTimeOf } from '../clock/moment.js'
import type { Source } from '../engine/source.js'
import type { IngestConnection, IngestStats } from '../ingest/enrichment.js'
import { heartbeat, heartbeatLimits } from '../ingest/heartbeat.js'
import { joinedWarnings } from '../ingest/json-text.js'
import { parseStatusEvent, type ReadStatusEvent } from '../ingest/parse.js'
import {
  EMPTY_STATE,
  isWorthAsking,
  lostEvent,
  movedTimes,
  type NeedFullReason,
  type PanelState,
  receivedBytes,
  reduce,
  rejoined,
  wantFull,
} from '../ingest/store.js'
import { type LineLog, SILENT } from '../log/silent.js'
import { outgoingFetch } from '../outgoing/fetch.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { STATUS_EVENT_TYPES } from '../protocol/status-events.js'
import type { DataWarning, Reading, ReadingError } from '../snapshot/reading.js'
import { clockAheadMs, nextStaleAgeMs, readingErrorOf } from './followed-server.js'

/** Limit of an event, in characters; a larger one is dropped and a full status requested. */
const MAX_EVENT_LENGTH = 16 * 1024 * 1024
/** A status has an age only if it is at least this old. */
const MIN_AGE_MS = 1_000
/** A longer timer would fire at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export type IngestObserver = {
  /** `type`: a known event type, or `other`. */
  onEvent?(type: string): void
  /** A failure of the connection or a bad event, by kind. */
  onError?(kind: string): void
  onReconnect?(reason: string): void
  onApplied?(seconds: number): void
  onBackoff?(seconds: number): void
}

export type SseIngestorOptions = {
  /** The URL of the stream, `…/events`. */
  readonly url: string
  readonly types?: readonly string[]
  /** Called for each connection. */
  readonly token?: () => string | null
  /** The `Authorization` header; called for each connection. */
  readonly authorization?: () => string | null
  /** `G6_PANELS_SSE_TIMEOUT`: silence that ends a connection. */
  readonly timeoutSec?: number
  /** `G6_SUMMARY_AUTO_FULL_RECOVERY` */
  readonly autoFull?: boolean
  /** `G6_EVENTS_FORCE_FULL_RETRY_SECONDS` */
  readonly forceFullRetrySec?: number
  /** `G6_STREAM_WARN_SEC`, `G6_STREAM_STALE_SEC`, read at each use. */
  readonly limits?: () => { readonly streamWarnSec: number | null; readonly streamStaleSec: number | null }
  readonly userAgent?: string
  /** Upper bound of the first random wait before a reconnection; default 1000 ms. */
  readonly initialDelayMs?: number
  readonly observer?: IngestObserver
  readonly clock?: Clock
  readonly log?: LineLog
}

/** For people: without the query, which may be secret. */
function nameOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

export class SseIngestor implements Source {
  readonly name: string
  readonly #options: SseIngestorOptions
  readonly #idsAreDense: boolean
  readonly #clock: Clock
  readonly #startedAt: Moment
  readonly #log: LineLog
  readonly #observer: IngestObserver
  readonly #stream: EventStream
  #onReading: (reading: Reading) => void = () => {}
  #state: PanelState = EMPTY_STATE
  #connection: IngestConnection = 'connecting'
  #error: string | null = null
  #lastError: string | null = null
  /** The warnings about numbers in the full status and the differences since. */
  #warnings: readonly DataWarning[] = []
  /** The kinds of failure logged in this outage: each is logged once. */
  readonly #logged = new Set<string>()
  /** The state of the last good reading. */
  #emitted: PanelState | null = null
  #requestsFull = false
  #requestedFullAtMs = Number.NEGATIVE_INFINITY
  #requestLater: NodeJS.Timeout | undefined
  /** How far the producer's clock is ahead of `#steadyMs`. */
  #producerAheadMs = 0
  #intervalSec: number | null = null
  #staleCheck: NodeJS.Timeout | undefined
  /** The age at which a full status is requested next; null: as the settings say. */
  #staleAgeMs: number | null = null
  #opened = false
  /** The last event made the status a whole and newest one: only that ends the client's run of failures. */
  #isSettled = false
  #reconnectReason = 'ended'
  #reading: Promise<void> | null = null
  #closed = false

  constructor(options: SseIngestorOptions) {
    this.#options = options
    this.name = nameOf(options.url)
    this.#clock = options.clock ?? systemClock
    this.#startedAt = momentNow(this.#clock)
    this.#log = options.log ?? SILENT
    this.#observer = options.observer ?? {}
    const types = options.types ?? STATUS_EVENT_TYPES
    this.#idsAreDense = STATUS_EVENT_TYPES.every(type => types.includes(type))
    const fixed = { 'User-Agent': options.userAgent ?? 'g6-stream', 'X-Request-ID': crypto.randomUUID() }
    this.#stream = createEventStream(this.#address(false), {
      headers: () => {
        const token = options.token?.() ?? null
        const authorization = options.authorization?.() ?? null
        return {
          ...fixed,
          ...(token === null ? {} : { 'X-API-Token': token }),
          ...(authorization === null ? {} : { Authorization: authorization }),
        }
      },
      readTimeoutMs: (options.timeoutSec ?? 45) * 1000,
      maxEventLength: MAX_EVENT_LENGTH,
      fetch: outgoingFetch,
      initialDelayMs: options.initialDelayMs ?? 1000,
      isGood: () => this.#isSettled,
      onOpen: response => this.#onOpen(response),
      onBytes: () => {
        this.#state = receivedBytes(this.#state, this.#steadyMs())
      },
      onError: error => this.#onError(error),
    })
  }

  get state(): PanelState {
    return this.#state
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = reading =>
      onReading(reading.ok && this.#warnings.length > 0 ? { ...reading, warnings: this.#warnings } : reading)
    this.#reading = this.#read()
  }

  /** Nothing to do: the server pushes what is new. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  /** Requests a full status from the producer; `reason` is shown until it arrives. */
  requestFull(reason: NeedFullReason): void {
    this.#state = wantFull(this.#state, reason)
    this.#requestFullNow()
  }

  ingest(nowMs: number, intervalSec: number | null): readonly IngestStats[] {
    this.#intervalSec = intervalSec ?? this.#intervalSec
    const limits = heartbeatLimits(intervalSec, this.#options.limits?.())
    const state = movedTimes(this.#state, this.#clockShiftMs(nowMs))
    return [
      {
        source: this.name,
        connection: this.#connection,
        error: this.#error,
        state,
        heartbeat: heartbeat(state, nowMs, limits),
      },
    ]
  }

  /** Epoch ms by the monotonic clock: setting the wall clock never changes the order of the state's times. */
  #steadyMs(): number {
    const { wallMs, monotonicMs } = this.#startedAt
    return wallMs + this.#clock.monotonicMs() - monotonicMs
  }

  /** By how much the wall clock was set since the start. */
  #clockShiftMs(nowMs: number): number {
    return (
      wallTimeOf(this.#startedAt, { wallMs: nowMs, monotonicMs: this.#clock.monotonicMs() }) -
      this.#startedAt.wallMs
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#requestLater)
    clearTimeout(this.#staleCheck)
    this.#stream.close()
    await this.#reading
  }

  #address(forceFull: boolean): string {
    const url = new URL(this.#options.url)
    const types = this.#options.types ?? STATUS_EVENT_TYPES
    url.searchParams.set('types', types.join(','))
    if (forceFull) url.searchParams.set('force_full', '1')
    return url.href
  }

  async #read(): Promise<void> {
    for await (const { event, data } of this.#stream) {
      if (this.#closed) break
      this.#take(parseStatusEvent(event, data))
    }
    if (this.#closed) return
    // 204: the producer ends the stream for good.
    this.#connection = 'closed'
    this.#emitError('missing', 'the server has ended this stream for good')
  }

  #take(event: ReadStatusEvent): void {
    const startMs = this.#clock.monotonicMs()
    const nowMs = this.#steadyMs()
    this.#observer.onEvent?.(countedAs(event))
    if (event.type === 'bad') {
      this.#observer.onError?.(event.fault)
      this.#log.debug({ source: this.name, type: event.name, why: event.why }, 'a bad event is ignored')
    }
    const before = this.#state
    const state = reduce(before, event, nowMs, {
      idsAreDense: this.#idsAreDense,
      producerAheadMs: this.#producerAheadMs,
    })
    this.#state = state
    if (state.lastEventMs !== before.lastEventMs) this.#staleAgeMs = null
    if (state.panelDiffDropped > before.panelDiffDropped) this.#observer.onError?.('diff_dropped')
    this.#isSettled = state.inStep && state.baseline !== before.baseline
    if (state.uiGeneration > before.uiGeneration) {
      this.#takeWarnings(event)
      this.#observer.onApplied?.((this.#clock.monotonicMs() - startMs) / 1000)
      this.#logRecovery()
    }
    // The next reconnection is an ordinary one.
    if (event.type === 'panel_full') this.#setRequestsFull(false)
    this.#emitReading()
    if (this.#staleCheck === undefined) this.#watchFreshness()
    if (isWorthAsking(state)) this.#requestFullNow()
  }

  /** A difference may repair a number of the full status; only the next full status shows it. */
  #takeWarnings({ type, warnings = [] }: ReadStatusEvent): void {
    if (type === 'panel_full') this.#warnings = warnings
    else if (type === 'panel_diff') this.#warnings = joinedWarnings(this.#warnings, warnings)
  }

  #onOpen(response: Response): void {
    if (this.#opened) this.#observer.onReconnect?.(this.#reconnectReason)
    this.#opened = true
    this.#connection = 'live'
    this.#error = null
    this.#reconnectReason = 'ended'
    this.#producerAheadMs = clockAheadMs(response.headers.get('date'), {
      wallMs: this.#clock.nowMs(),
      steadyMs: this.#steadyMs(),
    })
    if (this.#requestsFull) this.#requestedFullAtMs = this.#clock.monotonicMs()
    this.#state = rejoined(this.#state)
    this.#watchFreshness()
    // A producer that resumes without anything new sends no event.
    if (this.#state.inStep) this.#emitReading()
  }

  #onError(error: StreamError): void {
    const kind = error.code
    // It may quote the server.
    const problem = shownText(error.message, MESSAGE_WIDTH)
    this.#observer.onError?.(kind)
    if (kind === 'too_large') {
      this.#log.warn({ source: this.name, problem }, 'an event was too large and has been dropped')
      this.#state = lostEvent(this.#state, 'too_large')
      this.#requestFullNow()
      return
    }
    this.#connection = 'lost'
    this.#prepareReconnect()
    this.#error = problem
    this.#reconnectReason = kind
    if (error.retryInMs !== undefined) this.#observer.onBackoff?.(error.retryInMs / 1000)
    const key = `${kind} ${error.status ?? ''}`
    if (!this.#logged.has(key)) {
      this.#logged.add(key)
      this.#log.warn({ source: this.name, kind, problem }, 'the stream is lost; connecting again')
    }
    this.#emitError(readingErrorOf(error), problem)
  }

  /** Only an applied event ends an outage: a server may accept connections and send nothing useful. */
  #logRecovery(): void {
    if (this.#logged.size === 0) return
    this.#logged.clear()
    this.#log.info({ source: this.name }, 'the stream is back')
  }

  /** Emits a new baseline, or the old one when it is valid again after an error. */
  #emitReading(): void {
    const state = this.#state
    const { baseline, followUps } = state
    if (baseline === null) return
    const sameFollowUps = this.#emitted?.followUps === followUps
    const sameBaseline = this.#emitted?.baseline === baseline
    if (sameBaseline && sameFollowUps && this.#lastError === null) return
    // derive() caches by identity; a new object forces it to run for new follow-ups.
    const status = sameBaseline && !sameFollowUps ? { ...baseline } : baseline
    this.#emitted = state
    this.#lastError = null
    const readAtMs = this.#clock.nowMs()
    const lastChangeMs = Math.max(state.lastFullMs ?? 0, state.lastDiffMs ?? 0)
    const modifiedAtMs = lastChangeMs + this.#clockShiftMs(readAtMs)
    const ageMs = this.#steadyMs() - lastChangeMs
    const aged = ageMs < MIN_AGE_MS ? {} : { ageMs }
    this.#onReading({ ok: true, status, readAtMs, modifiedAtMs, sizeBytes: state.sizeBytes, ...aged })
  }

  #emitError(error: ReadingError, message: string): void {
    // A new text of the same kind is emitted too; the waits between connections limit the rate.
    if (this.#lastError === `${error} ${message}`) return
    this.#lastError = `${error} ${message}`
    this.#onReading({ ok: false, error, message, readAtMs: this.#clock.nowMs() })
  }

  /** Reconnects to request a full status, now or when `forceFullRetrySec` allows it. */
  #requestFullNow(): void {
    if (this.#options.autoFull === false || this.#closed || this.#requestLater !== undefined) return
    const retryMs = (this.#options.forceFullRetrySec ?? 30) * 1000
    const waitMs = this.#requestedFullAtMs + retryMs - this.#clock.monotonicMs()
    if (waitMs > 0) {
      this.#requestLater = setTimeout(() => {
        this.#requestLater = undefined
        if (isWorthAsking(this.#state)) this.#requestFullNow()
      }, waitMs)
      return
    }
    this.#requestedFullAtMs = this.#clock.monotonicMs()
    const reasons = this.#state.needFullReasons
    this.#log.info({ source: this.name, reasons }, 'requesting a full status')
    this.#reconnectReason = 'need_full'
    this.#setRequestsFull(true)
    this.#stream.lastEventId = ''
    this.#stream.restart()
  }

  /** Whether the next connection requests a full status. */
  #setRequestsFull(forceFull: boolean): void {
    this.#requestsFull = forceFull
    this.#stream.url = this.#address(forceFull)
  }

  /** A producer without `stream_id` cannot resume. */
  #prepareReconnect(): void {
    const { streamId, lastId } = this.#state
    if (streamId !== null || lastId === null) return
    this.#stream.lastEventId = ''
    if (this.#options.autoFull !== false) this.#setRequestsFull(true)
  }

  /** Requests a full status when no event arrives: behind an open connection, the producer may have restarted. */
  #watchFreshness(): void {
    clearTimeout(this.#staleCheck)
    this.#staleCheck = undefined
    const { lastEventMs } = this.#state
    if (this.#closed || lastEventMs === null || this.#connection !== 'live') return
    const { staleAfterSec } = heartbeatLimits(this.#intervalSec, this.#options.limits?.())
    const dueMs = Math.max(staleAfterSec * 1000, this.#staleAgeMs ?? 0)
    const ageMs = this.#steadyMs() - lastEventMs
    if (ageMs < dueMs) {
      this.#staleCheck = setTimeout(() => this.#watchFreshness(), Math.min(dueMs - ageMs, LONGEST_WAIT_MS))
      return
    }
    this.#staleAgeMs = nextStaleAgeMs(ageMs)
    this.requestFull('stale')
  }
}

/** The type of an event in metrics. */
function countedAs({ type }: ReadStatusEvent): string {
  if (type === 'bad') return 'other'
  return type === 'degraded_diff' ? 'panel_diff' : type
}
