// The hub: one newest board, many readers.
//
// The idea on which speed, memory and correctness rest: a reader is a position, not a queue. A step (one generation to
// the next) is encoded once per lane and written to every reader that stands at its beginning and can be written to.
// Everybody else is left alone; when such a reader can be written to again it gets one update with every panel changed
// since its position. So updates are merged, never queued and never lost, a stalled reader costs its socket and one
// number, and every reader ends at the newest state.
//
// Cost of a delivery: one comparison of positions, the token arithmetic and one `write` of a shared buffer; no string,
// JSON, closure, promise, emitter or metric per reader (bench/fanout notices the loss). Steps published in one tick are
// one buffer and one write. A big fan-out is sliced, so that accepting, health and metrics stay alive.
import type { Board } from '../board/board.js'
import { type Clock, systemClock } from '../clock/clock.js'
import { type Log, silentLog } from '../log/log.js'
import type { ByeReason, ResyncReason } from '../protocol/events.js'
import { encodeComment, encodeRetry } from '../sse/encode.js'
import { Feed, feedKey, feedShape } from './feed.js'
import {
  byeEvent,
  catchUpEvents,
  type EventText,
  type FrameLimits,
  faultEvent,
  heartbeatEvent,
  helloEvent,
  resyncRequiredEvent,
  snapshotEvents,
  stepEvents,
} from './frames.js'
import type { DisconnectReason, HubLike, HubObserver, HubStats, JoinRequest } from './hub-types.js'
import { ANYWHERE, type Encoded, type Lane } from './lane.js'
import { type Reader, takeTokens, UNGREETED } from './reader.js'
import { decideResume } from './resume.js'
import type { Transport, Wire } from './transport.js'
import { EMPTY_BYTES, toWire, wireEnd, wireKey } from './wire.js'

/** The settings of the stream, read anew at every use so that a reload takes effect. */
export type HubSettings = {
  readonly sseHeartbeatCycles: number
  readonly sseForceFullEveryN: number
  readonly sseStructMaxChanges: number
  readonly sseEventsPerSec: number
  readonly sseMaxEventBytes: number
  readonly sseStallTimeoutMs: number
  readonly sseReconnectSpreadMs: number
  readonly sseRetryMs: number
  readonly summaryRefreshSec: number
}

export type HubOptions = {
  readonly settings: () => HubSettings
  /** The program's version, for `hello`. */
  readonly version: string
  readonly observer?: HubObserver
  readonly clock?: Clock
  readonly log?: Log
  /** 0 ≤ n < 1; spreads the reconnects. */
  readonly random?: () => number
  /** Readers written to before the event loop gets its turn; by default 1 000 (about 7 ms). */
  readonly sliceReaders?: number
}

/** A connection that got no byte for this long gets a comment: proxies cut at 60 s. */
export const KEEPALIVE_MS = 15_000
const TICK_MS = 1_000
/** How long an ended connection may take to swallow its last bytes. */
const LINGER_MS = 2_000
const STARVED_CHECK_MS = 20

/** One walk over every lane that has something to send, in slices. `step` is what the current lane is being sent. */
type Pass = { readonly lanes: readonly Lane[]; lane: number; index: number; step: Step | null }
type Step = { readonly from: number; readonly to: number; readonly events: number; readonly bytes: Buffer }
/** What observers have not heard yet. */
type Untold = {
  readonly events: EventText[]
  readonly encodesSec: number[]
  readonly sent: { readonly panels: readonly string[]; readonly seconds: number | null }[]
}
const NO_STEP: Step = { from: Number.NaN, to: 0, events: 0, bytes: EMPTY_BYTES }

export class Hub implements HubLike {
  readonly #options: HubOptions
  readonly #settings: () => HubSettings
  readonly #clock: Clock
  readonly #log: Log
  readonly #observer: HubObserver
  readonly #random: () => number
  readonly #feeds = new Map<string, Feed>()
  readonly #readers = new Set<Reader>()
  readonly #blocked = new Set<Reader>()
  readonly #starved = new Set<Reader>()
  /** Ended by us, still swallowing their last bytes → when patience ends. */
  readonly #ending = new Map<Transport, number>()
  readonly #keepalives = new Map<string, Buffer>()
  readonly #tick: NodeJS.Timeout
  #starvedTimer: NodeJS.Timeout | null = null
  #board: Board | null = null
  #pass: Pass | null = null
  #flushQueued = false
  #immediate: NodeJS.Immediate | null = null
  #untold: Untold = { events: [], encodesSec: [], sent: [] }
  #telling: NodeJS.Immediate | null = null
  #publishedAtMs = 0
  #stepPanels: readonly string[] = []
  #closed = false
  #whenEmpty: (() => void) | null = null
  #counts = { events: 0, sent: 0, merged: 0, bytes: 0, stalled: 0 }
  readonly #byType: Record<string, number> = {}
  readonly #resumed = { resumed: 0, epoch: 0, ahead: 0, subset: 0, malformed: 0 }

  constructor(options: HubOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLog
    this.#observer = options.observer ?? {}
    this.#random = options.random ?? Math.random
    this.#tick = setInterval(() => this.#onTick(), TICK_MS)
    this.#tick.unref()
  }

  get board(): Board | null {
    return this.#board
  }

  // ── joining ────────────────────────────────────────────────────────────────────────────────────────────────────

  join(request: JoinRequest): void {
    const { transport } = request
    if (this.#closed) {
      transport.attach({ onDrain: () => {}, onClose: () => {} })
      transport.end(this.#farewell(request.wire, 'shutdown'))
      return
    }
    const lane = this.#feedFor(request).lane(request.wire)
    const nowMs = this.#clock.monotonicMs()
    const reader: Reader = {
      transport,
      lane,
      owner: request.owner,
      lastEventId: request.lastEventId,
      joinedAtMs: nowMs,
      position: UNGREETED,
      blocked: false,
      closed: false,
      tokens: this.#settings().sseEventsPerSec * 2,
      tokensAtMs: nowMs,
      lastByteAtMs: nowMs,
      skipped: 0,
      progressSeen: 0,
      progressAtMs: nowMs,
      slot: 0,
    }
    lane.add(reader)
    this.#readers.add(reader)
    transport.attach({ onDrain: () => this.#onDrain(reader), onClose: () => this.#onClose(reader) })
    this.#observer.onJoin?.()
    const opening = lane.opening(this.#settings().sseRetryMs)
    if (this.#board === null) this.#write(reader, opening, 0)
    else this.#greet(reader, this.#board, opening)
  }

  #feedFor(request: JoinRequest): Feed {
    const key = feedKey(request)
    const known = this.#feeds.get(key)
    if (known !== undefined) return known
    const board = this.#board
    const feed = new Feed(feedShape(request), board?.generation ?? 0, board?.cycle ?? 0)
    this.#feeds.set(key, feed)
    return feed
  }

  /** Sends hello and what the reader lacks; `opening` goes before it in the same write. */
  #greet(reader: Reader, board: Board, opening: Buffer): void {
    const { lane } = reader
    try {
      const { bytes, events } = this.#greetingFor(reader, board)
      reader.lastEventId = null // used up: a later greeting (new epoch) begins afresh
      reader.position = lane.feed.head
      this.#write(reader, opening.length > 0 ? Buffer.concat([opening, bytes]) : bytes, events)
    } catch (error) {
      this.#fault(reader, error, opening)
    }
  }

  #greetingFor(reader: Reader, board: Board): Encoded {
    const { lane } = reader
    const resume = decideResume(reader.lastEventId, board, lane.feed.shape.idSuffix)
    if (resume.kind === 'fresh') return this.#greeting(lane, board)
    const result = resume.kind === 'resumed' ? 'resumed' : resume.reason
    const greeting =
      resume.kind === 'resumed'
        ? this.#resumption(lane, board, resume.position)
        : this.#encoded(lane, this.#startAfresh(lane, board, resume.reason))
    this.#resumed[result]++
    this.#observer.onResume?.(result)
    return greeting
  }

  /** Hello and the whole board: the same bytes for everyone who comes while this board is the newest. */
  #greeting(lane: Lane, board: Board): Encoded {
    if (lane.greeting?.board !== board) {
      lane.greeting = { board, encoded: this.#encoded(lane, this.#startAfresh(lane, board, null)) }
    }
    return lane.greeting.encoded
  }

  #startAfresh(lane: Lane, board: Board, reason: ResyncReason | null): EventText[] {
    const { shape } = lane.feed
    const hello = helloEvent(board, shape, this.#helloFacts(), null)
    const snapshot = snapshotEvents(board, shape, this.#limits())
    return reason === null ? [hello, ...snapshot] : [hello, resyncRequiredEvent(reason), ...snapshot]
  }

  #resumption(lane: Lane, board: Board, position: number): Encoded {
    const { shape } = lane.feed
    const missed = catchUpEvents(board, shape, position, this.#limits())
    return this.#encoded(lane, [helloEvent(board, shape, this.#helloFacts(), position), ...missed])
  }

  #encoded(lane: Lane, events: readonly EventText[]): Encoded {
    return { bytes: lane.encode(this.#counted(events)), events: events.length }
  }

  /** Something inside failed for one reader: it is told, and begins again with the next board. */
  #fault(reader: Reader, error: unknown, opening: Buffer): void {
    const { lane } = reader
    this.#log.error(
      { err: error },
      'an update could not be encoded; a full snapshot follows with the next cycle',
    )
    reader.position = UNGREETED
    const { bytes, events } = this.#encoded(lane, [faultEvent('encode_failed')])
    this.#write(reader, opening.length > 0 ? Buffer.concat([opening, bytes]) : bytes, events)
  }

  #helloFacts() {
    const { sseHeartbeatCycles, summaryRefreshSec } = this.#settings()
    return {
      version: this.#options.version,
      heartbeatCycles: sseHeartbeatCycles,
      refreshMs: Math.round(summaryRefreshSec * 1000),
      keepaliveMs: KEEPALIVE_MS,
    }
  }

  #limits(): FrameLimits {
    const { sseMaxEventBytes, sseStructMaxChanges } = this.#settings()
    return {
      maxEventBytes: sseMaxEventBytes,
      structMaxChanges: sseStructMaxChanges,
      onPanelCut: () => this.#observer.onPanelCut?.(),
    }
  }

  // ── publishing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes the newest board. Bytes leave at the end of this tick, or at `flush()`. `hitRatio` is what heartbeats say.
   */
  publish(board: Board, hitRatio: number | null): void {
    if (this.#closed) return
    const previous = this.#board
    this.#board = board
    this.#publishedAtMs = this.#clock.monotonicMs()
    const newEpoch = previous !== null && previous.epoch !== board.epoch
    if (previous === null || newEpoch) {
      // Positions of the old epoch mean nothing in the new one: what is half delivered is let go.
      if (this.#pass !== null) this.#pass.step = NO_STEP
      for (const feed of this.#feeds.values()) this.#restart(feed, board)
      this.#queueFlush()
      return
    }
    if (board.changed.length > 0 || board.removed.length > 0) {
      this.#stepPanels =
        this.#stepPanels.length === 0 ? board.changed : [...this.#stepPanels, ...board.changed]
    }
    for (const feed of this.#feeds.values()) this.#advance(feed, previous, board, hitRatio)
    this.#queueFlush()
  }

  /** First board, or a new epoch: everybody begins again with hello. */
  #restart(feed: Feed, board: Board): void {
    feed.head = board.generation
    feed.lastEventCycle = board.cycle
    for (const lane of feed.lanes.values()) {
      lane.catchUps.clear()
      lane.greeting = null
      // An empty step: every reader is found to stand elsewhere, and is greeted.
      lane.pending = { from: Number.NaN, to: board.generation, buffers: [], bytes: 0, events: 0 }
      for (const reader of lane.readers) reader.position = UNGREETED
    }
  }

  #advance(feed: Feed, previous: Board, board: Board, hitRatio: number | null): void {
    const { sseForceFullEveryN, sseHeartbeatCycles } = this.#settings()
    const from = feed.head
    const skippedGenerations = board.generation > previous.generation + 1
    const forced = sseForceFullEveryN > 0 && board.cycle % sseForceFullEveryN === 0
    try {
      if (feed.needsFull || forced) {
        this.#step(feed, snapshotEvents(board, feed.shape, this.#limits()), ANYWHERE, board)
        feed.needsFull = false
        return
      }
      // A follower may jump generations; the step is then what changed since.
      const events = skippedGenerations
        ? catchUpEvents(board, feed.shape, previous.generation, this.#limits())
        : stepEvents(board, feed.shape, this.#limits())
      if (events.length > 0) {
        this.#step(feed, events, from, board)
        return
      }
      if (board.cycle - feed.lastEventCycle >= sseHeartbeatCycles) {
        feed.lastEventCycle = board.cycle
        this.#append(feed, [heartbeatEvent(board, hitRatio)], from, from)
      }
    } catch (error) {
      feed.needsFull = true
      feed.lastEventCycle = board.cycle
      this.#log.error(
        { err: error, feed: feed.shape.mode },
        'an update could not be encoded; sending a full snapshot',
      )
      this.#append(feed, [faultEvent('encode_failed')], from, from)
    }
  }

  #step(feed: Feed, events: readonly EventText[], from: number, board: Board): void {
    if (events.length === 0) return
    this.#append(feed, events, from, board.generation)
    feed.head = board.generation
    feed.lastEventCycle = board.cycle
    for (const lane of feed.lanes.values()) lane.catchUps.clear()
  }

  #append(feed: Feed, events: readonly EventText[], from: number, to: number): void {
    const counted = this.#counted(events)
    for (const lane of feed.lanes.values()) {
      const startMs = this.#clock.monotonicMs()
      const bytes = lane.encode(counted)
      this.#untold.encodesSec.push((this.#clock.monotonicMs() - startMs) / 1000)
      lane.append(bytes, events.length, from, to)
    }
  }

  /** Counts events as published (once, not per reader); whoever observes hears of them after the writes. */
  #counted(events: readonly EventText[]): readonly EventText[] {
    for (const event of events) {
      this.#counts.events++
      this.#byType[event.name] = (this.#byType[event.name] ?? 0) + 1
      this.#untold.events.push(event)
    }
    this.#tellSoon()
    return events
  }

  /** The panels of what was published are out; `seconds`: until the last write, null when nobody reads. */
  #stepDone(seconds: number | null): void {
    if (this.#stepPanels.length === 0) return
    this.#untold.sent.push({ panels: this.#stepPanels, seconds })
    this.#stepPanels = []
    this.#tellSoon()
  }

  #tellSoon(): void {
    this.#telling ??= setImmediate(() => this.#tell())
  }

  /** Observing costs as much as encoding; readers do not wait for it. */
  #tell(): void {
    this.#telling = null
    const { events, encodesSec, sent } = this.#untold
    this.#untold = { events: [], encodesSec: [], sent: [] }
    const { onEvent, onStructured, onEncode, onPanelUpdate, onPanelSent } = this.#observer
    for (const { name, text, panels } of events) {
      onEvent?.(name, Buffer.byteLength(text))
      if (name === 'panel_update_structured') onStructured?.(panels)
    }
    for (const seconds of encodesSec) onEncode?.(seconds)
    for (const { panels, seconds } of sent) {
      for (const panel of panels) {
        onPanelUpdate?.(panel)
        if (seconds !== null) onPanelSent?.(panel, seconds)
      }
    }
  }

  // ── delivering ─────────────────────────────────────────────────────────────────────────────────────────────────

  #queueFlush(): void {
    if (this.#flushQueued) return
    this.#flushQueued = true
    queueMicrotask(() => this.flush())
  }

  /** Sends what this tick has gathered now, instead of at the tick's end. */
  flush(): void {
    this.#flushQueued = false
    if (this.#pass !== null || this.#closed) return // slices under way take it along when they are done
    const lanes: Lane[] = []
    for (const feed of this.#feeds.values()) {
      for (const lane of feed.lanes.values()) if (lane.pending !== null) lanes.push(lane)
    }
    if (lanes.length === 0) {
      this.#stepDone(null)
      return
    }
    this.#pass = { lanes, lane: 0, index: 0, step: null }
    this.#slice()
  }

  #slice(): void {
    this.#immediate = null
    const pass = this.#pass
    if (pass === null) return
    let budget = this.#options.sliceReaders ?? 1_000
    while (pass.lane < pass.lanes.length) {
      const lane = pass.lanes[pass.lane] as Lane
      budget -= this.#deliver(lane, pass, budget)
      if (pass.index < lane.readers.length) {
        this.#immediate = setImmediate(() => this.#slice())
        return
      }
      pass.lane++
      pass.index = 0
      pass.step = null
    }
    this.#endPass(pass)
  }

  #endPass(pass: Pass): void {
    this.#pass = null
    for (const lane of pass.lanes) {
      lane.compact()
      this.#dropEmpty(lane)
    }
    this.#stepDone((this.#clock.monotonicMs() - this.#publishedAtMs) / 1000)
    this.flush()
  }

  /** Walks up to `budget` readers of a lane; returns how many. The hot loop. */
  #deliver(lane: Lane, pass: Pass, budget: number): number {
    pass.step ??= this.#takeStep(lane)
    const { from, to, events, bytes } = pass.step
    const usable = bytes.length > 0
    const { readers } = lane
    const { sseEventsPerSec } = this.#settings()
    const nowMs = this.#clock.monotonicMs()
    const end = Math.min(readers.length, pass.index + budget)
    const begin = pass.index
    let sent = 0
    for (let i = begin; i < end; i++) {
      const reader = readers[i] as Reader
      if (reader.closed) continue
      if (reader.blocked) {
        reader.skipped += events
        continue
      }
      if (usable && (reader.position === from || (from === ANYWHERE && reader.position !== UNGREETED))) {
        if (!takeTokens(reader, events, sseEventsPerSec, nowMs)) {
          reader.skipped += events
          this.#starve(reader)
          continue
        }
        reader.position = to
        reader.lastByteAtMs = nowMs
        sent++
        if (!reader.transport.write(bytes)) this.#block(reader, nowMs)
      } else if (reader.position !== lane.feed.head) {
        this.#catchUp(reader)
      }
    }
    pass.index = end
    this.#counts.sent += sent * events
    this.#counts.bytes += sent * bytes.length
    return end - begin
  }

  #takeStep(lane: Lane): Step {
    const { pending } = lane
    lane.pending = null
    if (pending === null) return NO_STEP
    const [only] = pending.buffers
    const bytes = pending.buffers.length === 1 && only !== undefined ? only : Buffer.concat(pending.buffers)
    return { from: pending.from, to: pending.to, events: pending.events, bytes }
  }

  /** Brings one reader to the newest state: merged, encoded once for all readers at its position. */
  #catchUp(reader: Reader): void {
    const board = this.#board
    if (board === null || reader.closed || reader.blocked) return
    if (reader.position === UNGREETED) {
      this.#greet(reader, board, EMPTY_BYTES)
      return
    }
    const { lane } = reader
    if (reader.position === lane.feed.head) return
    try {
      const missed = this.#missedSince(lane, board, reader.position)
      if (missed.events > 0) {
        const nowMs = this.#clock.monotonicMs()
        if (!takeTokens(reader, missed.events, this.#settings().sseEventsPerSec, nowMs)) {
          this.#starve(reader)
          return
        }
        this.#counts.merged += Math.max(0, reader.skipped - missed.events)
      }
      reader.skipped = 0
      reader.position = lane.feed.head
      if (missed.events > 0) this.#write(reader, missed.bytes, missed.events)
    } catch (error) {
      this.#fault(reader, error, EMPTY_BYTES)
    }
  }

  #missedSince(lane: Lane, board: Board, position: number): Encoded {
    const known = lane.catchUps.get(position)
    if (known !== undefined) return known
    const made = this.#encoded(lane, catchUpEvents(board, lane.feed.shape, position, this.#limits()))
    lane.catchUps.set(position, made)
    return made
  }

  #write(reader: Reader, bytes: Buffer, events: number): void {
    const nowMs = this.#clock.monotonicMs()
    reader.lastByteAtMs = nowMs
    this.#counts.sent += events
    this.#counts.bytes += bytes.length
    if (!reader.transport.write(bytes)) this.#block(reader, nowMs)
  }

  #block(reader: Reader, nowMs: number): void {
    if (reader.closed) return
    reader.blocked = true
    reader.progressSeen = reader.transport.progress()
    reader.progressAtMs = nowMs
    this.#blocked.add(reader)
  }

  #onDrain(reader: Reader): void {
    if (!reader.blocked) return
    reader.blocked = false
    this.#blocked.delete(reader)
    this.#catchUp(reader)
  }

  /** Out of event tokens: looked at again as soon as there may be one. One timer for all of them. */
  #starve(reader: Reader): void {
    this.#starved.add(reader)
    this.#starvedTimer ??= setInterval(() => this.#feedStarved(), STARVED_CHECK_MS)
  }

  #feedStarved(): void {
    for (const reader of [...this.#starved]) {
      this.#starved.delete(reader)
      this.#catchUp(reader)
    }
    if (this.#starved.size > 0 || this.#starvedTimer === null) return
    clearInterval(this.#starvedTimer)
    this.#starvedTimer = null
  }

  // ── the one timer: comments, stalled readers, lingering connections ────────────────────────────────────────────

  #onTick(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const reader of this.#blocked) this.#checkStalled(reader, nowMs)
    for (const reader of this.#readers) {
      if (!reader.blocked && nowMs - reader.lastByteAtMs >= KEEPALIVE_MS) {
        this.#write(reader, this.#keepalive(reader.lane.wire), 0)
      }
    }
    for (const [transport, deadlineMs] of this.#ending) if (nowMs >= deadlineMs) transport.destroy()
  }

  #checkStalled(reader: Reader, nowMs: number): void {
    const progress = reader.transport.progress()
    if (progress !== reader.progressSeen) {
      reader.progressSeen = progress
      reader.progressAtMs = nowMs
      return
    }
    if (nowMs - reader.progressAtMs < this.#settings().sseStallTimeoutMs) return
    this.#counts.stalled++
    this.#sendAway(reader, 'stalled', EMPTY_BYTES)
  }

  #keepalive(wire: Wire): Buffer {
    const key = wireKey(wire)
    const known = this.#keepalives.get(key) ?? toWire(encodeComment('ka'), wire)
    this.#keepalives.set(key, known)
    return known
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  dismiss(which: (owner: string | null) => boolean, reason: ByeReason): number {
    const leaving = [...this.#readers].filter(reader => which(reader.owner))
    for (const reader of leaving) this.#sendAway(reader, reason, EMPTY_BYTES)
    return leaving.length
  }

  shed(part: number): number {
    const count = Math.ceil(this.#readers.size * part)
    // A Set keeps the order of joining: the newest are at its end.
    const leaving = count === 0 ? [] : [...this.#readers].slice(-count)
    for (const reader of leaving) this.#sendAway(reader, 'shed', EMPTY_BYTES)
    return leaving.length
  }

  #sendAway(reader: Reader, reason: ByeReason, lacking: Buffer): void {
    const bytes = Buffer.concat([lacking, this.#farewell(reader.lane.wire, reason)])
    this.#forget(reader, reason)
    this.#counts.sent++
    this.#counts.bytes += bytes.length
    this.#ending.set(reader.transport, this.#clock.monotonicMs() + LINGER_MS)
    reader.transport.end(bytes)
  }

  /** `retry:` and `bye` with one personal number, so that they do not all return at once; then the body's end. */
  #farewell(wire: Wire, reason: ByeReason): Buffer {
    const reconnectMs = Math.floor(this.#random() * this.#settings().sseReconnectSpreadMs)
    const [bye] = this.#counted([byeEvent(reason, reconnectMs)])
    const text = `${encodeRetry(reconnectMs)}${bye?.text ?? ''}`
    return Buffer.concat([toWire(text, wire), wireEnd(wire)])
  }

  #onClose(reader: Reader): void {
    this.#ending.delete(reader.transport)
    if (!reader.closed) this.#forget(reader, 'client')
    this.#checkEmpty()
  }

  #forget(reader: Reader, reason: DisconnectReason): void {
    reader.closed = true
    this.#readers.delete(reader)
    this.#blocked.delete(reader)
    this.#starved.delete(reader)
    this.#observer.onLeave?.(reason, (this.#clock.monotonicMs() - reader.joinedAtMs) / 1000)
    if (this.#pass !== null) return // compacted when the pass ends
    reader.lane.remove(reader)
    this.#dropEmpty(reader.lane)
  }

  #dropEmpty(lane: Lane): void {
    if (lane.readers.length > 0) return
    const { feed } = lane
    if (feed.lanes.get(lane.key) === lane) feed.lanes.delete(lane.key)
    if (feed.lanes.size > 0) return
    for (const [key, known] of this.#feeds) if (known === feed) this.#feeds.delete(key)
  }

  /** Sends every reader what it lacks and `bye`, and resolves when all are gone or `graceMs` have passed. Idempotent. */
  async close(graceMs: number): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      if (this.#immediate !== null) clearImmediate(this.#immediate)
      this.#pass = null
      for (const reader of [...this.#readers]) this.#sendAway(reader, 'shutdown', this.#lacking(reader))
    }
    if (this.#ending.size > 0) await this.#untilEmpty(graceMs)
    clearInterval(this.#tick)
    if (this.#starvedTimer !== null) clearInterval(this.#starvedTimer)
    for (const transport of this.#ending.keys()) transport.destroy()
    if (this.#telling !== null) clearImmediate(this.#telling)
    this.#tell()
  }

  /** What a reader has not been sent yet, tokens or not: it is the last chance. */
  #lacking(reader: Reader): Buffer {
    const board = this.#board
    const { lane } = reader
    if (board === null || reader.position === lane.feed.head) return EMPTY_BYTES
    try {
      if (reader.position === UNGREETED) return this.#greetingFor(reader, board).bytes
      return this.#missedSince(lane, board, reader.position).bytes
    } catch (error) {
      this.#log.error({ err: error }, 'a leaving reader could not be given what it lacked')
      return EMPTY_BYTES
    }
  }

  #untilEmpty(graceMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, graceMs)
      this.#whenEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #checkEmpty(): void {
    if (this.#closed && this.#ending.size === 0) this.#whenEmpty?.()
  }

  // ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────

  stats(): HubStats {
    let behind = 0
    for (const reader of this.#readers) {
      if (reader.blocked || (this.#board !== null && reader.position !== reader.lane.feed.head)) behind++
    }
    return {
      clients: this.#readers.size,
      behind,
      eventsTotal: this.#counts.events,
      byType: { ...this.#byType },
      eventsSent: this.#counts.sent,
      eventsMerged: this.#counts.merged,
      bytesSent: this.#counts.bytes,
      stalled: this.#counts.stalled,
      resumed: { ...this.#resumed },
    }
  }
}
