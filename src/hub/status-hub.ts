// The status stream: what `GET /events` serves, so that another G6 server can follow this one.
//
// A reader is a position here too: the id of the last event it was given. Events are kept in a bounded history; a reader
// that cannot be written to costs its socket and one number, and gets what it lacks when it drains, or, when that has
// been let go, the whole status afresh. Differences form a chain: each is valid for the baseline made by the ones before.
//
// Ids are made of the time of the start, so that ids of an earlier run are never mistaken for ours.
import { type Clock, systemClock } from '../clock/clock.js'
import type { Transport, Wire } from '../connection/transport.js'
import { toWire, wireEnd, wireKey, wirePrologue } from '../connection/wire.js'
import { diffStatus, isEmptyDiff } from '../ingest/diff.js'
import type { IngestStats } from '../ingest/enrichment.js'
import type { FollowUp } from '../ingest/followups.js'
import { type HistoryEvent, MAX_HISTORY_EVENTS, StatusHistory } from '../ingest/history.js'
import type { StatusEventType, StatusStats } from '../protocol/status-events.js'
import type { Status } from '../snapshot/reading.js'
import { encodeComment, encodeJsonEvent, encodeRetry } from '../sse/encode.js'
import type { DisconnectReason, HubObserver } from './hub-types.js'

export type StatusHubSettings = {
  readonly eventsSseRetryMs: number
  /** Seconds. */
  readonly eventsSseHeartbeat: number
  readonly sseStallTimeoutMs: number
}

export type StatusJoin = {
  readonly transport: Transport
  readonly wire: Wire
  /** Null = all. */
  readonly types: ReadonlySet<string> | null
  /** The last id the reader has seen; null when it has seen none. */
  readonly lastId: number | null
  /** A new reader wants so many past events first. */
  readonly backlog: number
  readonly forceFull: boolean
  readonly owner: string | null
}

export type StatusHubOptions = {
  readonly settings: () => StatusHubSettings
  readonly clock?: Clock
  /** Which run of this publisher; by default made of the time of the start. */
  readonly streamId?: string
  /** Told when a reader comes and when it goes. */
  readonly observer?: Pick<HubObserver, 'onJoin' | 'onLeave'>
}

/** Why a reader is given the whole status out of turn; `gap_exceeded` and `missing_baseline` are the original's names. */
type ForcedReason = 'force_full' | 'gap_exceeded' | 'missing_baseline'

type Reader = StatusJoin & {
  readonly joinedMs: number
  position: number
  /** How many of the events it wants are accounted for: sent, or replaced by a whole status. */
  accounted: number
  /** It was sent `retry:` and no event yet: the block is open. */
  isInFirstBlock: boolean
  blocked: boolean
  lastByteMs: number
  progress: number
  progressMs: number
}

const TICK_MS = 1_000
/** Events a second for which ids of two runs stay apart. */
const IDS_PER_MS = 1_000

export class StatusHub {
  readonly #options: StatusHubOptions
  readonly #clock: Clock
  readonly #history = new StatusHistory()
  readonly #readers = new Set<Reader>()
  readonly #streamId: string
  readonly #byType: Record<string, number> = {}
  readonly #forcedFullSec: Partial<Record<ForcedReason, number>> = {}
  #eventsSent = 0
  #eventsMerged = 0
  #bytesSent = 0
  readonly #tick: NodeJS.Timeout
  readonly #startedId: number
  #lastId: number
  #generation = 0
  #status: Status | null = null
  #fullSizeBytes = 0
  /** The whole status as it is told to one reader; made when somebody needs it. */
  #bootstrap: HistoryEvent | null = null
  #told: { counts: unknown; states: ReadonlyMap<string, unknown>; followUps: readonly FollowUp[] } = {
    counts: null,
    states: new Map(),
    followUps: [],
  }
  #closed = false

  constructor(options: StatusHubOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const startedMs = this.#clock.nowMs()
    this.#streamId = options.streamId ?? `g6-${startedMs.toString(36)}`
    this.#startedId = startedMs * IDS_PER_MS
    this.#lastId = this.#startedId
    this.#tick = setInterval(() => this.#onTick(), TICK_MS)
    this.#tick.unref()
  }

  stats(): StatusStats {
    const { length, bytes, oldestId, mostEvents } = this.#history
    const [id, clients, types] = [this.#lastId, this.#readers.size, { ...this.#byType }]
    return {
      stream_id: this.#streamId,
      generation: this.#generation,
      last_id: id,
      latest_id: id,
      oldest_id: oldestId ?? 0,
      clients,
      consumers: clients,
      behind: [...this.#readers].filter(({ blocked }) => blocked).length,
      events_total: id - this.#startedId,
      by_type: types,
      types,
      coalesced: {},
      events_sent: this.#eventsSent,
      events_merged: this.#eventsMerged,
      bytes_sent: this.#bytesSent,
      backlog: length,
      highwater: mostEvents,
      max_events: MAX_HISTORY_EVENTS,
      history: { events: length, bytes, oldest_id: oldestId },
      forced_full_last: { ...this.#forcedFullSec },
    }
  }

  /** Takes the newest status: nothing, a difference or the whole goes out, whichever is least. */
  publishStatus(status: Status): void {
    const before = this.#status
    if (before === status || this.#closed) return
    const diff = before === null ? null : diffStatus(before, status)
    this.#status = status
    if (diff !== null && isEmptyDiff(diff)) return
    if (diff !== null) {
      const event = this.#made(
        'panel_diff',
        { diff, publish_unixtime: this.#clock.nowMs() / 1000 },
        this.#generation,
      )
      if (event.sizeBytes < this.#fullSizeBytes) {
        this.#send(event)
        return
      }
    }
    const full = { status, publish_unixtime: this.#clock.nowMs() / 1000 }
    this.#generation++
    const event = this.#made('panel_full', full, this.#generation)
    this.#fullSizeBytes = event.sizeBytes
    this.#send(event)
  }

  /** Passes on what came beside the status: severities and follow-ups that are new since the last call. */
  publishIngest(ingest: readonly IngestStats[]): void {
    for (const { state } of ingest.slice(0, 1)) {
      const { counts, states, followUps } = this.#told
      for (const [type, severity] of state.severityState) {
        if (states.get(type) !== severity) this.#send(this.#made('severity_state', severity, null))
      }
      if (state.severityCounts !== null && state.severityCounts !== counts) {
        this.#send(this.#made('severity_counts', { counts: state.severityCounts }, null))
      }
      const known = new Set(followUps)
      for (const followUp of [...state.followUps].reverse()) {
        if (known.has(followUp)) continue
        const { time, level, component, message } = followUp
        // The original's client looks inside the alert, and only there.
        const said = { type: component, severity: level, message, ts: time }
        const payload = { alert: { ...followUp, ...said }, ...said }
        this.#send(this.#made('followup_alert', payload, null))
      }
      this.#told = { counts: state.severityCounts, states: state.severityState, followUps: state.followUps }
    }
  }

  join(request: StatusJoin): void {
    const nowMs = this.#clock.monotonicMs()
    const reader: Reader = {
      ...request,
      joinedMs: nowMs,
      position: this.#lastId,
      accounted: this.#publishedOf(request.types),
      isInFirstBlock: true,
      blocked: false,
      lastByteMs: nowMs,
      progress: 0,
      progressMs: nowMs,
    }
    request.transport.attach({
      onDrain: () => this.#onDrain(reader),
      onClose: () => this.#left(reader, 'client'),
    })
    this.#readers.add(reader)
    this.#options.observer?.onJoin?.()
    const { wire, types } = reader
    const retry = encodeRetry(this.#options.settings().eventsSseRetryMs)
    const events = wantedOf(types, this.#opening(request))
    const bytes = Buffer.concat([wirePrologue(wire), toWire(retry + textOf(events), wire)])
    this.#writeBytes(reader, bytes, events.length)
  }

  /** Ends the readers whose credential is no longer valid. */
  dismiss(which: (owner: string | null) => boolean): void {
    for (const reader of [...this.#readers]) if (which(reader.owner)) this.#end(reader, 'auth_expired')
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#tick)
    for (const reader of [...this.#readers]) this.#end(reader, 'shutdown')
  }

  /** What a reader is given when it comes. */
  #opening({ lastId, backlog, forceFull }: StatusJoin): readonly HistoryEvent[] {
    const full = this.#wholeStatus()
    const whole = full === null ? [] : [full]
    if (lastId !== null && lastId <= this.#lastId) {
      const missed = this.#history.after(lastId)
      if (missed !== null && !forceFull) return missed
    }
    if (forceFull) return this.#forced('force_full')
    if (lastId !== null) return this.#forced(this.#isOurs(lastId) ? 'gap_exceeded' : 'missing_baseline')
    const past = this.#history.newest(backlog > 0 ? backlog : this.#history.length)
    // Past differences are of no use without their baseline; the rest is what a newcomer could not know otherwise.
    if (backlog === 0) return [...past.filter(event => event.generation === null), ...whole]
    const hasBaseline = past.some(
      event => event.type === 'panel_full' && event.generation === this.#generation,
    )
    return hasBaseline ? past : [...past, ...whole]
  }

  #isOurs(id: number): boolean {
    return id >= this.#startedId && id <= this.#lastId
  }

  #forced(reason: ForcedReason): readonly HistoryEvent[] {
    const full = this.#wholeStatus()
    if (full === null) return []
    this.#forcedFullSec[reason] = this.#clock.nowMs() / 1000
    return [full]
  }

  /** The status at this moment, for one reader: it carries the last id and opens no new generation. */
  #wholeStatus(): HistoryEvent | null {
    if (this.#status === null) return null
    if (this.#bootstrap?.id !== this.#lastId) {
      const payload = { status: this.#status, bootstrap: true, publish_unixtime: this.#clock.nowMs() / 1000 }
      this.#bootstrap = this.#text(this.#lastId, 'panel_full', payload, this.#generation)
    }
    return this.#bootstrap
  }

  #made(type: StatusEventType, payload: unknown, generation: number | null): HistoryEvent {
    return this.#text(this.#lastId + 1, type, payload, generation)
  }

  #text(id: number, type: StatusEventType, payload: unknown, generation: number | null): HistoryEvent {
    const nowMs = this.#clock.nowMs()
    const data = JSON.stringify({
      id,
      sequence: id,
      type,
      timestamp: nowMs / 1000,
      timestamp_ist: indianTime(nowMs),
      generation: this.#generation,
      stream_id: this.#streamId,
      payload,
    })
    const text = encodeJsonEvent(type, data, String(id))
    return { id, type, generation, text, sizeBytes: Buffer.byteLength(text) }
  }

  #send(event: HistoryEvent): void {
    if (this.#closed) return
    this.#lastId = event.id
    this.#byType[event.type] = (this.#byType[event.type] ?? 0) + 1
    this.#history.append(event)
    const bytes = new Map<string, Buffer>()
    for (const reader of this.#readers) {
      if (reader.blocked) continue
      reader.position = event.id
      if (reader.types !== null && !reader.types.has(event.type)) continue
      const key = wireKey(reader.wire)
      const ready = bytes.get(key) ?? toWire(event.text, reader.wire)
      bytes.set(key, ready)
      reader.accounted++
      this.#writeBytes(reader, ready, 1)
    }
  }

  #onDrain(reader: Reader): void {
    if (!reader.blocked) return
    reader.blocked = false
    const { types, wire } = reader
    const events = wantedOf(types, this.#history.after(reader.position) ?? this.#forced('gap_exceeded'))
    this.#account(reader, events.length)
    reader.position = this.#lastId
    if (events.length > 0) this.#writeBytes(reader, toWire(textOf(events), wire), events.length)
  }

  /** The reader is in step, or gone: what was published for it and is not among the `sent` events was replaced or never sent. */
  #account(reader: Reader, sent: number): void {
    const published = this.#publishedOf(reader.types)
    this.#eventsMerged += Math.max(0, published - reader.accounted - sent)
    reader.accounted = published
  }

  /** Events of these types that were published so far. */
  #publishedOf(types: StatusJoin['types']): number {
    let sum = 0
    for (const [type, count] of Object.entries(this.#byType)) if (types?.has(type) !== false) sum += count
    return sum
  }

  #writeBytes(reader: Reader, bytes: Buffer, events: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#eventsSent += events
    this.#bytesSent += bytes.length
    if (events > 0) reader.isInFirstBlock = false
    reader.lastByteMs = nowMs
    if (reader.transport.write(bytes)) return
    reader.blocked = true
    reader.progress = reader.transport.progress()
    reader.progressMs = nowMs
  }

  #onTick(): void {
    const nowMs = this.#clock.monotonicMs()
    const { eventsSseHeartbeat, sseStallTimeoutMs } = this.#options.settings()
    for (const reader of [...this.#readers]) {
      if (!reader.blocked) {
        // The tick is a second: rounded down, so that the silence is never longer than promised.
        if (nowMs - reader.lastByteMs >= eventsSseHeartbeat * 1000 - TICK_MS) {
          const comment = encodeComment('ka', reader.isInFirstBlock ? 'line' : 'block')
          this.#writeBytes(reader, toWire(comment, reader.wire), 0)
        }
        continue
      }
      const progress = reader.transport.progress()
      if (progress !== reader.progress) {
        reader.progress = progress
        reader.progressMs = nowMs
      } else if (nowMs - reader.progressMs >= sseStallTimeoutMs) {
        this.#left(reader, 'stalled')
        reader.transport.destroy()
      }
    }
  }

  #left(reader: Reader, reason: DisconnectReason): void {
    if (!this.#readers.delete(reader)) return
    this.#account(reader, 0)
    this.#options.observer?.onLeave?.(reason, (this.#clock.monotonicMs() - reader.joinedMs) / 1000)
  }

  #end(reader: Reader, reason: DisconnectReason): void {
    this.#left(reader, reason)
    reader.transport.end(wireEnd(reader.wire))
  }
}

function wantedOf(types: StatusJoin['types'], events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  return events.filter(({ type }) => types?.has(type) !== false)
}

function textOf(events: readonly HistoryEvent[]): string {
  return events.map(({ text }) => text).join('')
}

const INDIAN_OFFSET_MS = 330 * 60_000

function indianTime(ms: number): string {
  return new Date(ms + INDIAN_OFFSET_MS).toISOString().replace('Z', '+05:30')
}
