// A status stream as a source: the collector's, or another server's /events.
//
// Connection, backoff and limits are those of the published client; what comes in goes through the state store, and every
// new baseline is a reading. When the store wants a full status the ingestor acts: it reconnects and asks for one, the
// first time at once, then at most every `forceFullRetrySec`.
//
// A producer without `stream_id` (the collector of the Python original) is asked for a full status with every
// reconnection, and without `Last-Event-ID`: its ids begin at 1 again when it restarts, so an old id would keep its new
// events back; and what it sends after an id is no continuation of the full status it sends with `force_full=1`.
import { createEventStream, type EventStream, type StreamError } from '../../client/event-stream.js'
import { type Clock, systemClock } from '../clock/clock.js'
import { type Moment, momentNow, wallTimeOf } from '../clock/moment.js'
import type { Source } from '../engine/source.js'
import type { IngestConnection, IngestStats } from '../ingest/enrichment.js'
import { heartbeat, heartbeatLimits } from '../ingest/heartbeat.js'
import { joinedWarnings } from '../ingest/json-text.js'
import { PanelStateStore } from '../ingest/panel-state-store.js'
import { parseStatusEvent, type ReadStatusEvent } from '../ingest/parse.js'
import { isWorthAsking, movedTimes, type NeedFullReason, type PanelState } from '../ingest/store.js'
import { type Log, silentLog } from '../log/log.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { STATUS_EVENT_TYPES } from '../protocol/status-events.js'
import type { DataWarning, Reading, ReadingError } from '../snapshot/reading.js'
import { clockAheadMs, nextStaleAgeMs } from './freshness.js'
import { readingErrorOf } from './stream-fault.js'

/** Largest event, in characters; a larger one is dropped and a full status asked for. */
const MAX_EVENT_LENGTH = 16 * 1024 * 1024
/** A status is as old as its arrival, unless it is at least so much older. */
const LEAST_AGE_MS = 1_000
/** A timer for longer would run at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export type IngestObserver = {
  /** An event came; `type` is one of the known ones, or `other`. */
  onEvent?(type: string): void
  /** A fault of the connection or of an event, by kind. */
  onError?(kind: string): void
  onReconnect?(reason: string): void
  onApplied?(seconds: number): void
  onBackoff?(seconds: number): void
}

export type SseIngestorOptions = {
  /** The stream's address, `…/events`. */
  readonly url: string
  readonly types?: readonly string[]
  /** Asked for each connection. */
  readonly token?: () => string | null
  /** The `Authorization` header, asked for each connection. */
  readonly authorization?: () => string | null
  /** `G6_PANELS_SSE_TIMEOUT`: a stream silent for so long is cut. */
  readonly timeoutSec?: number
  /** `G6_SUMMARY_AUTO_FULL_RECOVERY` */
  readonly autoFull?: boolean
  /** `G6_EVENTS_FORCE_FULL_RETRY_SECONDS` */
  readonly forceFullRetrySec?: number
  /** `G6_STREAM_WARN_SEC`, `G6_STREAM_STALE_SEC`, read at each use. */
  readonly limits?: () => { readonly streamWarnSec: number | null; readonly streamStaleSec: number | null }
  readonly userAgent?: string
  /** Scale of the first wait before a reconnection; default 1000 ms. */
  readonly initialDelayMs?: number
  readonly observer?: IngestObserver
  readonly clock?: Clock
  readonly log?: Log
}

/** What a person reads: where from, without what may be secret. */
function nameOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

export class SseIngestor implements Source {
  readonly name: string
  readonly #options: SseIngestorOptions
  readonly #store: PanelStateStore
  readonly #clock: Clock
  readonly #startedAt: Moment
  readonly #log: Log
  readonly #observer: IngestObserver
  readonly #stream: EventStream
  #onReading: (reading: Reading) => void = () => {}
  #connection: IngestConnection = 'connecting'
  #error: string | null = null
  #lastError: string | null = null
  /** What is wrong with the numbers of the baseline: of its full status and of the differences since. */
  #warnings: readonly DataWarning[] = []
  /** What this outage was already said to be: each kind of fault is said once. */
  readonly #said = new Set<string>()
  #told: PanelState | null = null
  #asksForFull = false
  #askedFullAtMs = Number.NEGATIVE_INFINITY
  #askLater: NodeJS.Timeout | null = null
  /** How far the producer's clock is ahead of `#steadyMs`. */
  #producerAheadMs = 0
  #intervalSec: number | null = null
  #staleCheck: NodeJS.Timeout | null = null
  /** The age at which a full status is asked for next; null: as the settings say. */
  #staleAgeMs: number | null = null
  #opened = false
  /** The last event counted: only that ends a run of failures. */
  #hasApplied = false
  #reconnectReason = 'ended'
  #reading: Promise<void> | null = null
  #closed = false

  constructor(options: SseIngestorOptions) {
    this.#options = options
    this.name = nameOf(options.url)
    this.#clock = options.clock ?? systemClock
    this.#startedAt = momentNow(this.#clock)
    this.#log = options.log ?? silentLog
    this.#observer = options.observer ?? {}
    const types = options.types ?? STATUS_EVENT_TYPES
    this.#store = new PanelStateStore({ idsAreDense: STATUS_EVENT_TYPES.every(type => types.includes(type)) })
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
      initialDelayMs: options.initialDelayMs ?? 1000,
      isGood: () => this.#hasApplied,
      onOpen: response => this.#onOpen(response),
      onBytes: () => this.#store.heardBytes(this.#steadyMs()),
      onError: error => this.#onError(error),
    })
  }

  get state(): PanelState {
    return this.#store.state
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = reading =>
      onReading(reading.ok && this.#warnings.length > 0 ? { ...reading, warnings: this.#warnings } : reading)
    this.#reading = this.#read()
  }

  /** Nothing to look at: what is new comes by itself. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  /** Asks the producer for a full status; `reason` is shown until it comes. */
  requestFull(reason: NeedFullReason): void {
    this.#store.requestFull(reason)
    this.#askForFull()
  }

  ingest(nowMs: number, intervalSec: number | null): readonly IngestStats[] {
    this.#intervalSec = intervalSec ?? this.#intervalSec
    const limits = heartbeatLimits(intervalSec, this.#options.limits?.())
    const state = movedTimes(this.#store.state, this.#setByMs(nowMs))
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

  /** Epoch ms as counted since the start: nobody sets this clock, so the store's times are never in disorder. */
  #steadyMs(): number {
    const { wallMs, monotonicMs } = this.#startedAt
    return wallMs + this.#clock.monotonicMs() - monotonicMs
  }

  /** What the wall clock was set by since the start. */
  #setByMs(nowMs: number): number {
    return (
      wallTimeOf(this.#startedAt, { wallMs: nowMs, monotonicMs: this.#clock.monotonicMs() }) -
      this.#startedAt.wallMs
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#askLater !== null) clearTimeout(this.#askLater)
    this.#askLater = null
    if (this.#staleCheck !== null) clearTimeout(this.#staleCheck)
    this.#staleCheck = null
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
    // 204: the producer wants nobody to come back.
    this.#connection = 'closed'
    this.#emitError('missing', 'the server has ended this stream for good')
  }

  #take(event: ReadStatusEvent): void {
    const startMs = this.#clock.monotonicMs()
    const nowMs = this.#steadyMs()
    this.#observer.onEvent?.(countedAs(event))
    if (event.type === 'bad') {
      this.#observer.onError?.(event.fault)
      this.#log.debug({ source: this.name, type: event.name, why: event.why }, 'an event makes no sense')
    }
    const before = this.#store.state
    const state = this.#store.apply(event, nowMs, this.#producerAheadMs)
    if (state.lastEventMs !== before.lastEventMs) this.#staleAgeMs = null
    if (state.panelDiffDropped > before.panelDiffDropped) this.#observer.onError?.('diff_dropped')
    this.#hasApplied = state.uiGeneration > before.uiGeneration
    if (this.#hasApplied) {
      this.#takeWarnings(event)
      this.#observer.onApplied?.((this.#clock.monotonicMs() - startMs) / 1000)
      this.#sayGood()
    }
    // What was asked for has come: the next reconnection is an ordinary one.
    if (event.type === 'panel_full') this.#aim(false)
    this.#emitReading()
    if (this.#staleCheck === null) this.#watchFreshness()
    if (isWorthAsking(state)) this.#askForFull()
  }

  /** A difference may have cured what a full status had wrong; the next full status tells. */
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
    if (this.#asksForFull) this.#askedFullAtMs = this.#clock.monotonicMs()
    this.#store.rejoined()
    this.#watchFreshness()
    // A producer that continues and has nothing new to say says nothing.
    if (this.#store.state.inStep) this.#emitReading()
  }

  #onError(error: StreamError): void {
    const kind = error.code
    // It may quote what the other side said.
    const problem = shownText(error.message, MESSAGE_WIDTH)
    this.#observer.onError?.(kind)
    if (kind === 'too_large') {
      this.#log.warn({ source: this.name, problem }, 'an event was too large and has been dropped')
      this.#store.lostEvent('too_large')
      this.#askForFull()
      return
    }
    this.#connection = 'lost'
    this.#beginAnewNext()
    this.#error = problem
    this.#reconnectReason = kind
    if (error.retryInMs !== undefined) this.#observer.onBackoff?.(error.retryInMs / 1000)
    const key = `${kind} ${error.status ?? ''}`
    if (!this.#said.has(key)) {
      this.#said.add(key)
      this.#log.warn({ source: this.name, kind, problem }, 'the stream is lost; connecting again')
    }
    this.#emitError(readingErrorOf(error), problem)
  }

  /** Only an event that counts ends an outage: a server may accept and be of no use. */
  #sayGood(): void {
    if (this.#said.size === 0) return
    this.#said.clear()
    this.#log.info({ source: this.name }, 'the stream is back')
  }

  /** Tells of a baseline nobody was told of, or of one that counts again. */
  #emitReading(): void {
    const { state } = this.#store
    const { baseline, followUps } = state
    if (baseline === null) return
    const sameFollowUps = this.#told?.followUps === followUps
    if (this.#told?.baseline === baseline && sameFollowUps && this.#lastError === null) return
    // Follow-ups are read beside the status: another object makes them read again.
    const status = this.#told?.baseline === baseline && !sameFollowUps ? { ...baseline } : baseline
    this.#told = state
    this.#lastError = null
    const readAtMs = this.#clock.nowMs()
    // The store counts by a clock of its own.
    const lastChangeMs = Math.max(state.lastFullMs ?? 0, state.lastDiffMs ?? 0)
    const modifiedAtMs = lastChangeMs + this.#setByMs(readAtMs)
    const ageMs = this.#steadyMs() - lastChangeMs
    const aged = ageMs < LEAST_AGE_MS ? {} : { ageMs }
    this.#onReading({ ok: true, status, readAtMs, modifiedAtMs, sizeBytes: state.sizeBytes, ...aged })
  }

  #emitError(error: ReadingError, message: string): void {
    // Another text of the same kind is news too; the waits between two connections limit its rate.
    if (this.#lastError === `${error} ${message}`) return
    this.#lastError = `${error} ${message}`
    this.#onReading({ ok: false, error, message, readAtMs: this.#clock.nowMs() })
  }

  /** Reconnects with the wish for a full status; not more often than allowed. */
  #askForFull(): void {
    if (this.#options.autoFull === false || this.#closed || this.#askLater !== null) return
    const retryMs = (this.#options.forceFullRetrySec ?? 30) * 1000
    const waitMs = this.#askedFullAtMs + retryMs - this.#clock.monotonicMs()
    if (waitMs > 0) {
      this.#askLater = setTimeout(() => {
        this.#askLater = null
        if (isWorthAsking(this.#store.state)) this.#askForFull()
      }, waitMs)
      return
    }
    this.#askedFullAtMs = this.#clock.monotonicMs()
    const reasons = this.#store.state.needFullReasons
    this.#log.info({ source: this.name, reasons }, 'asking for a full status')
    this.#reconnectReason = 'need_full'
    this.#aim(true)
    this.#stream.lastEventId = ''
    this.#stream.restart()
  }

  /** Whether the next connection asks for a full status. */
  #aim(forceFull: boolean): void {
    this.#asksForFull = forceFull
    this.#stream.url = this.#address(forceFull)
  }

  /** The next connection to a producer without `stream_id` continues nothing. */
  #beginAnewNext(): void {
    const { streamId, lastId } = this.#store.state
    if (streamId !== null || lastId === null) return
    this.#stream.lastEventId = ''
    if (this.#options.autoFull !== false) this.#aim(true)
  }

  /** An open connection is no sign that anything comes: whoever is behind it may have restarted. */
  #watchFreshness(): void {
    if (this.#staleCheck !== null) clearTimeout(this.#staleCheck)
    this.#staleCheck = null
    const { lastEventMs } = this.#store.state
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

/** The type an event is counted as. */
function countedAs({ type }: ReadStatusEvent): string {
  if (type === 'bad') return 'other'
  return type === 'degraded_diff' ? 'panel_diff' : type
}
