// The status stream: what `GET /events` serves, so that another G6 server can follow this one.
//
// Here too a reader is a position: the id of the last event it got. Events are kept in a bounded history. A reader that takes
// no bytes costs its socket and one number; when it drains it gets the events it missed or, when the history no longer has
// them, the whole status. Differences form a chain: each applies to the baseline made by the ones before.
//
// Ids start at the time of the start, so that ids of an earlier run are never mistaken for ours.
import { type Clock, systemClock } from '../clock/clock.js'
import { Connection, type ConnectionParts } from '../connection/connection.js'
import { type ConnectionHost, Connections, TICK_MS } from '../connection/connections.js'
import { toWire, wireEnd, wireKey, wirePrologue } from '../connection/wire.js'
import { diffStatus } from '../ingest/diff.js'
import type { IngestStats } from '../ingest/enrichment.js'
import type { FollowUp } from '../ingest/followups.js'
import { type HistoryEvent, MAX_HISTORY_EVENTS, StatusHistory } from '../ingest/history.js'
import type { StatusEventType, StatusStats } from '../protocol/status-events.js'
import type { LargeStatus, Status } from '../snapshot/status.js'
import { encodeComment, encodeJsonEvent, encodeRetry } from '../sse/encode.js'
import type { HubObserver } from './hub-types.js'

export type StatusHubSettings = {
  readonly eventsSseRetryMs: number
  /** Seconds. */
  readonly eventsSseHeartbeat: number
  readonly sseStallTimeoutMs: number
}

export type StatusJoin = ConnectionParts & {
  /** Null = all. */
  readonly types: ReadonlySet<string> | null
  /** The last id the reader has seen; null when it has seen none. */
  readonly lastId: number | null
  /** So many past events first, for a new reader. */
  readonly backlog: number
  readonly forceFull: boolean
}

export type StatusHubOptions = {
  readonly settings: () => StatusHubSettings
  readonly clock?: Clock
  /** Which run of this publisher; by default made of the time of the start. */
  readonly streamId?: string
  readonly observer?: Pick<HubObserver, 'onJoin' | 'onLeave'>
  /** Where readers are counted; by default the hub has its own. */
  readonly connections?: Connections
}

/** Why a reader gets the whole status out of turn; `gap_exceeded` and `missing_baseline` are the original's names. */
type ForcedReason = 'force_full' | 'gap_exceeded' | 'missing_baseline'

/** Text that is JSON already. */
class Json {
  constructor(readonly text: string) {}
}

/** A status with its text, where that was made elsewhere. */
type Published = { readonly status: Status; readonly large: LargeStatus | null }

const NO_DIFFERENCE = '{}'

/** The difference as JSON; null where only the whole status will do. */
function differenceOf(before: Published, now: Published): string | null {
  if (before.large === null && now.large === null) {
    const diff = diffStatus(before.status, now.status)
    return diff === null ? null : JSON.stringify(diff)
  }
  const patch = now.large?.patch ?? null
  return patch !== null && patch.from === before.large?.serial ? textOfBytes(patch.json) : null
}

function textOfStatus({ status, large }: Published): string {
  return large === null ? JSON.stringify(status) : textOfBytes(large.json)
}

function textOfBytes({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

class StatusReader extends Connection {
  /** It got `retry:` and no event yet: the block is open. */
  isInFirstBlock = true

  constructor(
    join: StatusJoin,
    nowMs: number,
    /** Null = all. */
    readonly types: ReadonlySet<string> | null,
    public position: number,
    /** How many of the events it wants are accounted for: sent, or replaced by a whole status. */
    public accounted: number,
  ) {
    super(join, nowMs)
  }
}

/** Events a second for which ids of two runs stay apart. */
const IDS_PER_MS = 1_000

export class StatusHub {
  readonly #options: StatusHubOptions
  readonly #clock: Clock
  readonly #history = new StatusHistory()
  readonly #readers = new Set<StatusReader>()
  readonly #connections: Connections
  readonly #host: ConnectionHost<StatusReader>
  readonly #streamId: string
  readonly #byType: Record<string, number> = {}
  readonly #forcedFullSec: Partial<Record<ForcedReason, number>> = {}
  #eventsSent = 0
  #eventsMerged = 0
  #bytesSent = 0
  readonly #startedId: number
  #lastId: number
  #generation = 0
  /** What the newest event of a status left every reader with; null before the first. */
  #status: Published | null = null
  /** The newest status: published when somebody reads it. */
  #newest: Published | null = null
  #fullSizeBytes = 0
  /** The whole status as one reader gets it; encoded when one needs it. */
  #bootstrap: HistoryEvent | null = null
  /** What `publishIngest` has sent already. */
  #sent: { counts: unknown; states: ReadonlyMap<string, unknown>; followUps: readonly FollowUp[] } = {
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
    this.#connections = options.connections ?? new Connections({ clock: this.#clock })
    this.#host = {
      kind: 'status',
      stallMs: () => options.settings().sseStallTimeoutMs,
      onDrain: reader => this.#catchUp(reader),
      onTick: (reader, nowMs) => {
        // A tick early, so that the silence is never longer than promised.
        if (nowMs - reader.lastByteAtMs < options.settings().eventsSseHeartbeat * 1000 - TICK_MS) return
        const comment = encodeComment('ka', reader.isInFirstBlock ? 'line' : 'block')
        this.#write(reader, toWire(comment, reader.wire), 0)
      },
      lastBytes: ({ wire }, reason) => (reason === 'stalled' ? null : wireEnd(wire)),
      onLeave: (reader, reason) => {
        this.#readers.delete(reader)
        this.#account(reader, 0)
        options.observer?.onLeave?.(reason, (this.#connections.nowMs() - reader.openedAtMs) / 1000)
      },
    }
  }

  stats(): StatusStats {
    const { length, bytes, oldestId, mostEvents } = this.#history
    const [id, clients, types] = [this.#lastId, this.#connections.count('status'), { ...this.#byType }]
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

  /**
   * Takes the newest status, and sends nothing, a difference or the whole status, whichever is smallest. While nobody reads
   * statuses it is only kept: the next reader that joins makes it one event.
   */
  publishStatus(status: Status, large: LargeStatus | null = null): void {
    if (this.#newest?.status === status || this.#closed) return
    this.#newest = { status, large }
    if (this.readsStatuses) this.#publishNewest()
  }

  /** Whether anybody is connected who gets statuses. */
  get readsStatuses(): boolean {
    for (const { types } of this.#readers) if (wantsStatuses(types)) return true
    return false
  }

  #publishNewest(): void {
    const [before, now] = [this.#status, this.#newest]
    if (before === now || now === null) return
    this.#status = now
    const diff = before === null ? null : differenceOf(before, now)
    if (diff === NO_DIFFERENCE) return
    const publishedSec = this.#clock.nowMs() / 1000
    if (diff !== null) {
      const payload = new Json(`{"diff":${diff},"publish_unixtime":${publishedSec}}`)
      const event = this.#newEvent('panel_diff', payload, this.#generation)
      if (event.sizeBytes < this.#fullSizeBytes) {
        this.#publish(event)
        return
      }
    }
    this.#generation++
    const full = new Json(`{"status":${textOfStatus(now)},"publish_unixtime":${publishedSec}}`)
    const event = this.#newEvent('panel_full', full, this.#generation)
    this.#fullSizeBytes = event.sizeBytes
    this.#publish(event)
  }

  /** Sends the severities and follow-ups of a followed stream that are new since the last call. */
  publishIngest(ingest: readonly IngestStats[]): void {
    for (const { state } of ingest.slice(0, 1)) {
      const { counts, states, followUps } = this.#sent
      for (const [type, severity] of state.severityState) {
        if (states.get(type) !== severity) this.#publish(this.#newEvent('severity_state', severity, null))
      }
      if (state.severityCounts !== null && state.severityCounts !== counts) {
        this.#publish(this.#newEvent('severity_counts', { counts: state.severityCounts }, null))
      }
      const known = new Set(followUps)
      for (const followUp of [...state.followUps].reverse()) {
        if (known.has(followUp)) continue
        const { time, level, component, message } = followUp
        // The original's client looks inside the alert, and only there.
        const said = { type: component, severity: level, message, ts: time }
        const payload = { alert: { ...followUp, ...said }, ...said }
        this.#publish(this.#newEvent('followup_alert', payload, null))
      }
      this.#sent = { counts: state.severityCounts, states: state.severityState, followUps: state.followUps }
    }
  }

  join(request: StatusJoin): void {
    const { types, wire } = request
    if (wantsStatuses(types)) this.#publishNewest()
    const accounted = this.#publishedOf(types)
    const reader = new StatusReader(request, this.#connections.nowMs(), types, this.#lastId, accounted)
    this.#readers.add(reader)
    this.#connections.open(reader, this.#host)
    this.#options.observer?.onJoin?.()
    const retry = encodeRetry(this.#options.settings().eventsSseRetryMs)
    const events = wantedOf(types, this.#opening(request))
    const bytes = Buffer.concat([wirePrologue(wire), toWire(retry + textOf(events), wire)])
    this.#write(reader, bytes, events.length)
  }

  /** Ends the readers whose credential is no longer valid. */
  dismiss(which: (owner: string | null) => boolean): void {
    this.#connections.dismiss(which, 'auth_expired', 'status')
  }

  /** Ends every reader; resolves when all are gone or `graceMs` have passed. Idempotent. */
  close(graceMs = 0): Promise<void> {
    this.#closed = true
    return this.#connections.close('status', graceMs)
  }

  /** What a reader gets first. */
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
    // Past differences are of no use without their baseline; a new reader needs the other events.
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

  /** The status at this moment, for one reader: with the last id, in the current generation. */
  #wholeStatus(): HistoryEvent | null {
    if (this.#status === null) return null
    if (this.#bootstrap?.id !== this.#lastId) {
      const status = textOfStatus(this.#status)
      const payload = new Json(
        `{"status":${status},"bootstrap":true,"publish_unixtime":${this.#clock.nowMs() / 1000}}`,
      )
      this.#bootstrap = this.#encode(this.#lastId, 'panel_full', payload, this.#generation)
    }
    return this.#bootstrap
  }

  #newEvent(type: StatusEventType, payload: unknown, generation: number | null): HistoryEvent {
    return this.#encode(this.#lastId + 1, type, payload, generation)
  }

  #encode(id: number, type: StatusEventType, payload: unknown, generation: number | null): HistoryEvent {
    const nowMs = this.#clock.nowMs()
    const head = JSON.stringify({
      id,
      sequence: id,
      type,
      timestamp: nowMs / 1000,
      timestamp_ist: indianTime(nowMs),
      generation: this.#generation,
      stream_id: this.#streamId,
    })
    const said = payload instanceof Json ? payload.text : JSON.stringify(payload)
    const data = `${head.slice(0, -1)},"payload":${said}}`
    const text = encodeJsonEvent(type, data, String(id))
    return { id, type, generation, text, sizeBytes: Buffer.byteLength(text) }
  }

  #publish(event: HistoryEvent): void {
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
      this.#write(reader, ready, 1)
    }
  }

  /** Sends what a reader missed while it was blocked. */
  #catchUp(reader: StatusReader): void {
    const { types, wire } = reader
    const events = wantedOf(types, this.#history.after(reader.position) ?? this.#forced('gap_exceeded'))
    this.#account(reader, events.length)
    reader.position = this.#lastId
    if (events.length > 0) this.#write(reader, toWire(textOf(events), wire), events.length)
  }

  /** The reader is up to date, or gone: events published for it, except the `sent` ones, were replaced or never sent. */
  #account(reader: StatusReader, sent: number): void {
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

  #write(reader: StatusReader, bytes: Buffer, events: number): void {
    this.#eventsSent += events
    this.#bytesSent += bytes.length
    if (events > 0) reader.isInFirstBlock = false
    reader.write(bytes, this.#connections.nowMs())
  }
}

function wantsStatuses(types: StatusJoin['types']): boolean {
  return types === null || types.has('panel_full') || types.has('panel_diff')
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
