// The status stream: what `GET /events` serves, so that another G6 server can follow this one.
//
// Here too a reader is a position: the id of the last event it got. Events are kept in a bounded history, and written one after
// the other as long as the socket takes them, so a reader costs its socket and a few numbers however much it asked for. Its
// bytes are those of all readers: made, and compressed, once an event. When the history no longer has what it needs, it gets
// the whole status. Differences form a chain: each applies to the baseline made by the ones before.
//
// Ids start at the time of the start, so that ids of an earlier run are never mistaken for ours.
import { type Clock, systemClock } from '../clock/clock.js'
import { Connection, type ConnectionParts } from '../connection/connection.js'
import { type ConnectionHost, Connections, TICK_MS } from '../connection/connections.js'
import { fillerFor } from '../connection/filler.js'
import { toWire, wireEnd, wirePrologue } from '../connection/wire.js'
import { WireBytes } from '../connection/wire-bytes.js'
import { diffStatus } from '../ingest/diff.js'
import type { IngestStats } from '../ingest/enrichment.js'
import type { FollowUp } from '../ingest/followups.js'
import { type HistoryEvent, MAX_HISTORY_EVENTS, StatusHistory } from '../ingest/history.js'
import type { StatusEventType, StatusStats } from '../protocol/status-events.js'
import type { LargeStatus, Status } from '../snapshot/status.js'
import { encodeComment, encodeRetry } from '../sse/encode.js'
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

/** JSON in pieces: megabytes that came as bytes stay bytes. */
class Json {
  constructor(readonly pieces: readonly (string | Uint8Array)[]) {}
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

function jsonOfStatus({ status, large }: Published): string | Uint8Array {
  return large === null ? JSON.stringify(status) : large.json
}

function textOfBytes({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

/** What a new reader gets before it follows: the events after its position, then maybe the whole status. */
type Past = {
  /** Only events that belong to no baseline: a difference is of no use without its own. */
  readonly isLoose: boolean
  readonly endsWhole: boolean
}

/** The next event of a reader, chosen but not yet written. `published`: of its types, when it was chosen. */
type Next = { readonly event: HistoryEvent; readonly published: number }

class StatusReader extends Connection {
  /** It got `retry:` and no event yet: the block is open. */
  isInFirstBlock = true
  past: Past | null = null
  /** It gets the whole status next. */
  needsWhole = false
  next: Next | null = null
  /** The bytes of its next event are being compressed. */
  awaitsBytes = false

  constructor(
    join: StatusJoin,
    nowMs: number,
    /** Null = all. */
    readonly types: ReadonlySet<string> | null,
    public position: number,
    /** The newest event when it joined; later ones are published for it. */
    readonly joinedAtId: number,
    /** How many of the events published for it are accounted for: sent, or replaced by a whole status. */
    public accounted: number,
  ) {
    super(join, nowMs)
  }

  wants({ type, generation }: HistoryEvent): boolean {
    return (this.types?.has(type) ?? true) && !(this.past?.isLoose === true && generation !== null)
  }
}

/** Comparing and encoding more than this takes milliseconds. */
const LARGE_BYTES = 256 * 1024

/** One reader may take so many bytes before the others get their turn. */
const TURN_BYTES = 256 * 1024

/** Events a second for which ids of two runs stay apart. */
const IDS_PER_MS = 1_000

export class StatusHub {
  readonly #options: StatusHubOptions
  readonly #clock: Clock
  readonly #history = new StatusHistory()
  readonly #readers = new Set<StatusReader>()
  readonly #bytes = new WireBytes<HistoryEvent>(({ bytes }) => bytes)
  /** Readers that had their turn and can take more. */
  readonly #waiting = new Set<StatusReader>()
  #turn: NodeJS.Immediate | null = null
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
  /** The last event published: the history may be too small for it. */
  #newest: HistoryEvent | null = null
  #generation = 0
  /** What the newest event of a status left every reader with; null before the first. */
  #status: Published | null = null
  /** The newest status: published when somebody reads it. */
  #pending: Published | null = null
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
      onDrain: reader => this.#pump(reader),
      onTick: (reader, nowMs) => {
        // A tick early, so that the silence is never longer than promised.
        if (nowMs - reader.lastByteAtMs < options.settings().eventsSseHeartbeat * 1000 - TICK_MS) return
        this.#write(reader, toWire(encodeComment('ka', placeOf(reader)), reader.wire))
      },
      onFill: reader => this.#write(reader, fillerFor(reader.wire, placeOf(reader))),
      describe: ({ position, types }) => ({
        position,
        behind: this.#lastId - position,
        subset: types?.size ?? null,
      }),
      lastBytes: ({ wire }, reason) => (reason === 'stalled' ? null : wireEnd(wire)),
      onLeave: (reader, reason) => {
        this.#readers.delete(reader)
        this.#waiting.delete(reader)
        this.#account(reader, this.#publishedOf(reader.types))
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
      behind: [...this.#readers].filter(({ position }) => position < this.#lastId).length,
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
   * statuses a large one is only kept: the next reader that joins makes it one event.
   */
  publishStatus(status: Status, large: LargeStatus | null = null): void {
    if (this.#pending?.status === status || this.#closed) return
    this.#pending = { status, large }
    const isLarge = large !== null || this.#fullSizeBytes > LARGE_BYTES
    if (!isLarge || this.readsStatuses) this.#publishNewest()
  }

  /** Whether anybody is connected who gets statuses. */
  get readsStatuses(): boolean {
    for (const { types } of this.#readers) if (wantsStatuses(types)) return true
    return false
  }

  #publishNewest(): void {
    const [before, now] = [this.#status, this.#pending]
    if (before === now || now === null) return
    this.#status = now
    const diff = before === null ? null : differenceOf(before, now)
    if (diff === NO_DIFFERENCE) return
    const publishedSec = this.#clock.nowMs() / 1000
    if (diff !== null) {
      const payload = new Json([`{"diff":${diff},"publish_unixtime":${publishedSec}}`])
      const event = this.#newEvent('panel_diff', payload, this.#generation)
      if (event.sizeBytes < this.#fullSizeBytes) {
        this.#publish(event)
        return
      }
    }
    this.#generation++
    const full = new Json(['{"status":', jsonOfStatus(now), `,"publish_unixtime":${publishedSec}}`])
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
        const own = { type: component, severity: level, message, ts: time }
        const payload = { alert: { ...followUp, ...own }, ...own }
        this.#publish(this.#newEvent('followup_alert', payload, null))
      }
      this.#sent = { counts: state.severityCounts, states: state.severityState, followUps: state.followUps }
    }
  }

  join(request: StatusJoin): void {
    const { types, wire } = request
    if (wantsStatuses(types)) this.#publishNewest()
    const nowMs = this.#connections.nowMs()
    const published = this.#publishedOf(types)
    const reader = new StatusReader(request, nowMs, types, this.#lastId, this.#lastId, published)
    this.#begin(reader, request)
    this.#readers.add(reader)
    this.#connections.open(reader, this.#host)
    this.#options.observer?.onJoin?.()
    const retry = encodeRetry(this.#options.settings().eventsSseRetryMs)
    this.#write(reader, Buffer.concat([wirePrologue(wire), toWire(retry, wire)]))
    this.#pump(reader)
  }

  /** Ends the readers whose credential is no longer valid. */
  dismiss(which: (owner: string | null) => boolean): void {
    this.#connections.dismiss(which, 'auth_expired', 'status')
  }

  /** Ends every reader; resolves when all are gone or `graceMs` have passed. Idempotent. */
  close(graceMs = 0): Promise<void> {
    this.#closed = true
    if (this.#turn !== null) clearImmediate(this.#turn)
    this.#turn = null
    return this.#connections.close('status', graceMs)
  }

  /** Decides what a reader gets first. */
  #begin(reader: StatusReader, { lastId, backlog, forceFull }: StatusJoin): void {
    const { length } = this.#history
    if (forceFull) this.#force(reader, 'force_full')
    else if (lastId !== null && lastId <= this.#lastId && this.#history.continues(lastId))
      reader.position = lastId
    else if (lastId !== null) this.#force(reader, this.#isOurs(lastId) ? 'gap_exceeded' : 'missing_baseline')
    else {
      const count = Math.min(backlog > 0 ? backlog : length, length)
      reader.position = this.#lastId - count
      const endsWhole = backlog === 0 || !this.#hasBaselineAfter(reader.position)
      reader.past = { isLoose: backlog === 0, endsWhole }
    }
  }

  #hasBaselineAfter(position: number): boolean {
    for (let id = this.#lastId; id > position; id--) {
      const event = this.#history.at(id)
      if (event?.type === 'panel_full' && event.generation === this.#generation) return true
    }
    return false
  }

  #isOurs(id: number): boolean {
    return id >= this.#startedId && id <= this.#lastId
  }

  #force(reader: StatusReader, reason: ForcedReason): void {
    if (this.#status !== null) this.#forcedFullSec[reason] = this.#clock.nowMs() / 1000
    reader.position = this.#lastId
    reader.needsWhole = true
  }

  /** The status at this moment, for one reader: with the last id, in the current generation. */
  #wholeStatus(): HistoryEvent | null {
    if (this.#status === null) return null
    if (this.#bootstrap?.id !== this.#lastId) {
      const after = `,"bootstrap":true,"publish_unixtime":${this.#clock.nowMs() / 1000}}`
      const payload = new Json(['{"status":', jsonOfStatus(this.#status), after])
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
    const json = payload instanceof Json ? payload.pieces : [JSON.stringify(payload)]
    const begin = `id: ${id}\nevent: ${type}\ndata: ${head.slice(0, -1)},"payload":`
    const pieces = [begin, ...json, '}\n\n'].map(piece =>
      typeof piece === 'string' ? Buffer.from(piece) : piece,
    )
    const bytes = Buffer.concat(pieces)
    return { id, type, generation, bytes, sizeBytes: bytes.length }
  }

  #publish(event: HistoryEvent): void {
    if (this.#closed) return
    this.#lastId = event.id
    this.#newest = event
    this.#byType[event.type] = (this.#byType[event.type] ?? 0) + 1
    this.#history.append(event)
    for (const reader of this.#readers) this.#pump(reader)
  }

  /** Writes what a reader lacks, as far as it takes bytes. */
  #pump(reader: StatusReader): void {
    let left = TURN_BYTES
    while (!reader.blocked && !reader.ended && !reader.awaitsBytes) {
      reader.next ??= this.#nextOf(reader)
      if (reader.next === null) return
      if (left <= 0) {
        this.#waiting.add(reader)
        this.#turn ??= setImmediate(() => this.#takeTurns())
        return
      }
      const bytes = this.#bytesOf(reader, reader.next.event)
      if (bytes === null) return
      left -= bytes.length
      this.#advance(reader, reader.next)
      this.#write(reader, bytes)
    }
  }

  #takeTurns(): void {
    this.#turn = null
    const readers = [...this.#waiting]
    this.#waiting.clear()
    for (const reader of readers) this.#pump(reader)
  }

  /** Null while they are being compressed; then the reader goes on. */
  #bytesOf(reader: StatusReader, event: HistoryEvent): Buffer | null {
    const bytes = this.#bytes.of(event, reader.wire, fault => {
      reader.awaitsBytes = false
      if (fault === null) this.#pump(reader)
      else reader.transport.destroy()
    })
    reader.awaitsBytes = bytes === null
    return bytes
  }

  /** The next event for a reader; null: it has everything. */
  #nextOf(reader: StatusReader): Next | null {
    for (;;) {
      if (reader.needsWhole || (reader.past?.endsWhole === true && reader.position >= this.#lastId)) {
        reader.needsWhole = false
        reader.past = null
        const event = this.#wholeStatus()
        if (event !== null && reader.wants(event))
          return { event, published: this.#publishedOf(reader.types) }
      }
      if (reader.position >= this.#lastId) {
        reader.past = null
        return null
      }
      const id = reader.position + 1
      const event = id === this.#lastId ? this.#newest : this.#history.at(id)
      if (event != null) {
        if (reader.wants(event)) return { event, published: 0 }
        reader.position = id
      } else if (reader.past !== null) reader.position = Math.max(id, (this.#history.oldestId ?? 0) - 1)
      else this.#force(reader, 'gap_exceeded')
    }
  }

  #advance(reader: StatusReader, { event, published }: Next): void {
    reader.next = null
    reader.position = event.id
    reader.isInFirstBlock = false
    this.#eventsSent++
    if (published > 0) this.#account(reader, published, 1)
    else if (event.id > reader.joinedAtId) reader.accounted++
  }

  /** `published` events for a reader are done with: those not sent were replaced by `instead` others, or never sent. */
  #account(reader: StatusReader, published: number, instead = 0): void {
    this.#eventsMerged += Math.max(0, published - reader.accounted - instead)
    reader.accounted = Math.max(reader.accounted, published)
  }

  /** Events of these types that were published so far. */
  #publishedOf(types: StatusJoin['types']): number {
    let sum = 0
    for (const [type, count] of Object.entries(this.#byType)) if (types?.has(type) !== false) sum += count
    return sum
  }

  #write(reader: StatusReader, bytes: Buffer): void {
    this.#bytesSent += bytes.length
    reader.write(bytes, this.#connections.nowMs())
  }
}

const placeOf = ({ isInFirstBlock }: StatusReader): 'block' | 'line' => (isInFirstBlock ? 'line' : 'block')

function wantsStatuses(types: StatusJoin['types']): boolean {
  return types === null || types.has('panel_full') || types.has('panel_diff')
}

const INDIAN_OFFSET_MS = 330 * 60_000

function indianTime(ms: number): string {
  return new Date(ms + INDIAN_OFFSET_MS).toISOString().replace('Z', '+05:30')
}
