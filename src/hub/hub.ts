// The hub: one newest board, many readers.
//
// The idea behind speed, memory and correctness: a reader is a position, not a queue. A step (from one generation to the next)
// is encoded once per lane (feeds.ts) and written to every reader that is at its beginning and takes bytes. All other
// readers get nothing yet; once such a reader takes bytes again, it gets one update with every panel changed since its
// position. So updates are merged, never queued and never lost, a stalled reader costs its socket and one number, and every
// reader ends at the newest state.
//
// Encoding is sliced by time, and a big fan-out by readers, so that the server still accepts and answers meanwhile.
//
// Cost of a delivery: one comparison of positions, the token arithmetic and one `write` of a shared buffer; no string, JSON,
// closure, promise, emitter or metric per reader (bench/fanout would show it). Steps published in one tick are one buffer and
// one write.
import type { Board } from '../board/board.js'
import { type Clock, systemClock } from '../clock/clock.js'
import { type ConnectionHost, Connections } from '../connection/connections.js'
import { fillerFor } from '../connection/filler.js'
import { EMPTY_BYTES } from '../connection/wire.js'
import { SILENT } from '../log/silent.js'
import type { ByeReason } from '../protocol/events.js'
import { Encoder, KEEPALIVE_MS } from './encoder.js'
import { Feeds } from './feeds.js'
import { faultEvent } from './frames.js'
import type {
  ErrorLog,
  HubLike,
  HubObserver,
  HubSettings,
  HubStats,
  JoinRequest,
  PastOf,
} from './hub-types.js'
import { ANYWHERE, type Encoded, type Lane, NO_CHAIN } from './lane.js'
import { Ledger } from './ledger.js'
import { BoardReader, UNGREETED } from './reader.js'
import { isAhead } from './resume.js'
import { Spread } from './spread.js'
import { Throttled } from './throttled.js'

export type HubOptions = {
  readonly settings: () => HubSettings
  /** The program's version, for `hello`. */
  readonly version: string
  readonly observer?: HubObserver
  readonly clock?: Clock
  readonly log?: ErrorLog
  /** 0 ≤ n < 1; spreads the reconnects. */
  readonly random?: () => number
  /** Readers written to before the event loop gets its turn; by default 1 000 (about 7 ms). */
  readonly sliceReaders?: number
  /** Encoding may take so long before the event loop gets its turn; by default 8 ms. */
  readonly sliceMs?: number
  /** A connection that got no byte for this long gets a comment; `hello` announces it. */
  readonly keepaliveMs?: number
  /**
   * A reader that comes back with a later generation of the epoch in force waits up to so long for it, or for another epoch: a
   * snapshot now would take it back. By default 0: nobody waits.
   */
  readonly holdAheadMs?: number
  /** The whole boards of a new epoch are spread over up to so long; by default 0: all at once. */
  readonly spreadMs?: number
  /** For readers that ask for history; without it they get none. */
  readonly past?: PastOf
  /** Where readers are counted; share it with the HTTP server, whose limit reads it. By default the hub has its own. */
  readonly connections?: Connections
}

type BoardLane = Lane<BoardReader>
/** One walk over every lane that has something to send, in slices. `step` is what the current lane is being sent. */
type Pass = {
  readonly lanes: readonly BoardLane[]
  lane: number
  index: number
  step: Step | null
  /** A reader of any lane has left meanwhile. */
  hasLeft: boolean
}
type Step = {
  readonly from: number
  readonly to: number
  readonly events: number
  /** `Feed.published` after its last event. */
  readonly published: number
  readonly bytes: Buffer
  readonly needs: number
  readonly chain: number
}
const NO_STEP: Step = {
  from: Number.NaN,
  to: 0,
  events: 0,
  published: 0,
  bytes: EMPTY_BYTES,
  needs: NO_CHAIN,
  chain: NO_CHAIN,
}
const NOTHING: Encoded = { bytes: EMPTY_BYTES, events: 0 }

export class Hub implements HubLike {
  readonly #options: HubOptions
  readonly #settings: () => HubSettings
  readonly #clock: Clock
  readonly #log: ErrorLog
  readonly #observer: HubObserver
  readonly #ledger: Ledger
  readonly #encoder: Encoder
  readonly #feeds: Feeds
  readonly #connections: Connections
  readonly #host: ConnectionHost<BoardReader>
  readonly #throttled = new Throttled(reader => this.#catchUp(reader))
  readonly #spread: Spread
  #board: Board | null = null
  #pass: Pass | null = null
  #flushQueued = false
  #immediate: NodeJS.Immediate | null = null
  #encoding: NodeJS.Immediate | null = null
  #publishedAtMs = 0
  #stepPanels: readonly string[] = []
  #closed = false

  constructor(options: HubOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? SILENT
    this.#observer = options.observer ?? {}
    this.#ledger = new Ledger(this.#observer)
    this.#spread = new Spread(options.spreadMs ?? 0, reader => this.#catchUp(reader))
    const { keepaliveMs = KEEPALIVE_MS } = options
    this.#encoder = new Encoder({
      settings: options.settings,
      version: options.version,
      random: options.random ?? Math.random,
      ledger: this.#ledger,
      onPanelCut: () => this.#observer.onPanelCut?.(),
      keepaliveMs,
      past: options.past ?? (() => []),
      nowMs: () => this.#clock.nowMs(),
    })
    this.#feeds = new Feeds({
      settings: options.settings,
      encoder: this.#encoder,
      ledger: this.#ledger,
      clock: this.#clock,
      log: this.#log,
      sliceMs: options.sliceMs ?? 8,
    })
    this.#connections = options.connections ?? new Connections({ clock: this.#clock })
    this.#host = {
      kind: 'board',
      stallMs: () => this.#settings().sseStallTimeoutMs,
      onDrain: reader => this.#catchUp(reader),
      onTick: (reader, nowMs) => {
        if (reader.isHeld) this.#catchUp(reader)
        if (nowMs - reader.lastByteAtMs < keepaliveMs) return
        this.#write(reader, this.#encoder.keepalive(reader.wire, placeOf(reader)), 0)
      },
      onFill: reader => this.#write(reader, fillerFor(reader.wire, placeOf(reader)), 0),
      describe: ({ position, lane: { feed } }) => ({
        position: position === UNGREETED ? null : position,
        behind: position === UNGREETED ? 0 : Math.max(0, feed.head - position),
        mode: feed.shape.mode,
        view: feed.shape.view,
        subset: feed.shape.subset?.size ?? null,
      }),
      // Bytes that fewer readers share cost more for each; compressing costs some times more.
      costOf: ({ lane, wire }) => (wire.encoding === 'gzip' ? 4 : 1) / lane.readers.length,
      lastBytes: (reader, reason) => this.#lastBytes(reader, reason),
      onLeave: (reader, reason) => {
        if (reason === 'stalled') this.#ledger.stalled()
        // What it still lacked would have been one merged update.
        this.#account(reader, 0)
        this.#throttled.delete(reader)
        this.#observer.onLeave?.(reason, (this.#connections.nowMs() - reader.openedAtMs) / 1000)
        if (this.#pass !== null) {
          this.#pass.hasLeft = true // removed when the pass ends
          return
        }
        reader.lane.remove(reader)
        this.#feeds.dropEmpty(reader.lane)
      },
    }
  }

  get board(): Board | null {
    return this.#board
  }

  // ── joining ────────────────────────────────────────────────────────────────────────────────────────────────────

  join(request: JoinRequest): void {
    if (this.#closed) {
      const { transport, wire } = request
      transport.attach({ onDrain: () => {}, onClose: () => {} })
      const bytes = this.#encoder.farewell(wire, 'shutdown')
      this.#ledger.delivered(1, bytes.length)
      transport.end(bytes)
      return
    }
    const lane = this.#feeds.laneFor(request, this.#board)
    const { sseEventsPerSec, sseRetryMs } = this.#settings()
    const reader = new BoardReader(request, lane, sseEventsPerSec, this.#connections.nowMs())
    lane.add(reader)
    this.#connections.open(reader, this.#host)
    this.#observer.onJoin?.()
    const opening = lane.opening(sseRetryMs)
    if (this.#board === null || this.#holds(reader, this.#board)) this.#write(reader, opening, 0)
    else this.#greet(reader, this.#board, opening)
  }

  /** It is ahead of the board within its epoch, and still waits. */
  #holds(reader: BoardReader, board: Board): boolean {
    const { holdAheadMs = 0 } = this.#options
    const { lastEventId, lane, openedAtMs } = reader
    reader.isHeld =
      lastEventId !== null &&
      this.#connections.nowMs() - openedAtMs < holdAheadMs &&
      isAhead(lastEventId, board, lane.feed.shape.idSuffix)
    return reader.isHeld
  }

  /** Sends hello and what the reader lacks; `opening` goes before it in the same write. */
  #greet(reader: BoardReader, board: Board, opening: Buffer): void {
    const { lane } = reader
    this.#feeds.settle(lane.feed)
    try {
      const { bytes, events } = this.#encoder.greetingFor(lane, board, reader)
      reader.lastEventId = null // used up: a later greeting (new epoch) begins afresh
      reader.position = lane.feed.head
      this.#account(reader, 0)
      this.#write(reader, opening.length > 0 ? Buffer.concat([opening, bytes]) : bytes, events)
    } catch (error) {
      this.#fault(reader, error, opening)
    }
  }

  /** An update for one reader could not be encoded: it gets `error`, and begins again with the next board. */
  #fault(reader: BoardReader, error: unknown, opening: Buffer): void {
    const { lane } = reader
    this.#log.error(
      { err: error },
      'an update could not be encoded; a full snapshot follows with the next cycle',
    )
    reader.position = UNGREETED
    const { bytes, events } = this.#encoder.encoded(lane, [faultEvent('encode_failed')])
    this.#write(reader, opening.length > 0 ? Buffer.concat([opening, bytes]) : bytes, events)
  }

  // ── publishing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes the newest board, and sends what it changed at the end of this tick: boards of one tick are one write. `hitRatio` goes
   * into heartbeats. `interval`: refreshes the publisher has seen, which heartbeats and forced snapshots count; by default, cycles.
   */
  publish(board: Board, hitRatio: number | null, interval: number = board.cycle): void {
    this.#take(board, hitRatio, interval)
    if (this.#flushQueued) return
    this.#flushQueued = true
    queueMicrotask(() => this.#flush())
  }

  /** As `publish`, but sends at once. */
  publishNow(board: Board, hitRatio: number | null, interval: number = board.cycle): void {
    this.#take(board, hitRatio, interval)
    this.#flush()
  }

  #take(board: Board, hitRatio: number | null, interval: number): void {
    if (this.#closed) return
    const previous = this.#board
    this.#board = board
    this.#publishedAtMs = this.#clock.monotonicMs()
    const newEpoch = previous !== null && previous.epoch !== board.epoch
    if (previous === null || newEpoch) {
      // Positions of the old epoch mean nothing in the new one, so drop a half delivered step.
      if (this.#pass !== null) this.#pass.step = NO_STEP
      this.#feeds.restart(board, interval)
      if (newEpoch && (this.#options.spreadMs ?? 0) > 0)
        this.#spread.start(this.#feeds.lanes.flatMap(({ readers }) => readers))
      return
    }
    if (board.changed.length > 0 || board.removed.length > 0) {
      this.#stepPanels =
        this.#stepPanels.length === 0 ? board.changed : [...this.#stepPanels, ...board.changed]
    }
    this.#feeds.advance(previous, board, hitRatio, interval, this.#publishedAtMs)
    this.#encodeRest()
  }

  /** Feeds that the newest board has not reached yet get it in further turns of the event loop. */
  #encodeRest(): void {
    if (!this.#feeds.isBehind || this.#encoding !== null) return
    this.#encoding = setImmediate(() => {
      this.#encoding = null
      this.#feeds.encodeSome(this.#clock.monotonicMs())
      this.#encodeRest()
      this.#flush()
    })
  }

  /** All published panels are written; `seconds`: until the last write, null when there are no readers. */
  #stepDone(seconds: number | null): void {
    if (this.#stepPanels.length > 0 && !this.#feeds.isBehind) {
      this.#ledger.stepDone(this.#stepPanels, seconds)
      this.#stepPanels = []
    }
    this.#ledger.report()
  }

  // ── delivering ─────────────────────────────────────────────────────────────────────────────────────────────────

  #flush(): void {
    this.#flushQueued = false
    if (this.#pass !== null || this.#closed) return // the end of the pass flushes again
    const lanes = this.#feeds.lanes.filter(({ pending }) => pending !== null)
    if (lanes.length === 0) {
      this.#stepDone(null)
      return
    }
    this.#pass = { lanes, lane: 0, index: 0, step: null, hasLeft: false }
    this.#slice()
  }

  #slice(): void {
    this.#immediate = null
    const pass = this.#pass
    if (pass === null) return
    let budget = this.#options.sliceReaders ?? 1_000
    while (pass.lane < pass.lanes.length) {
      const lane = pass.lanes[pass.lane] as BoardLane
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
    if (pass.hasLeft) {
      for (const lane of this.#feeds.lanes) {
        lane.compact()
        this.#feeds.dropEmpty(lane)
      }
    }
    this.#stepDone((this.#clock.monotonicMs() - this.#publishedAtMs) / 1000)
    this.#flush()
  }

  /** Walks up to `budget` readers of a lane; returns how many. The hot loop. */
  #deliver(lane: BoardLane, pass: Pass, budget: number): number {
    pass.step ??= this.#takeStep(lane)
    const { from, to, events, published, bytes, needs, chain } = pass.step
    const usable = bytes.length > 0
    const { readers } = lane
    const { sseEventsPerSec } = this.#settings()
    const nowMs = this.#connections.nowMs()
    const end = Math.min(readers.length, pass.index + budget)
    const begin = pass.index
    let sent = 0
    let merged = 0
    for (let i = begin; i < end; i++) {
      const reader = readers[i] as BoardReader
      if (reader.ended) continue
      if (reader.blocked) {
        reader.chain = NO_CHAIN
        continue
      }
      // It joined or caught up after the step was published.
      if (reader.accounted >= published && reader.position !== UNGREETED) continue
      const standsThere = reader.position === from || (from === ANYWHERE && reader.position !== UNGREETED)
      if (usable && standsThere && (needs === NO_CHAIN || reader.chain === needs)) {
        if (!reader.hasTokens(sseEventsPerSec, nowMs)) {
          reader.chain = NO_CHAIN
          this.#throttled.add(reader)
          continue
        }
        reader.spendTokens(events)
        reader.position = to
        merged += published - events - reader.accounted
        reader.accounted = published
        reader.chain = chain
        reader.write(bytes, nowMs)
        sent++
      } else if (reader.position === lane.feed.head && reader.accounted >= lane.feed.verdictAt) {
        merged += published - reader.accounted
        reader.accounted = published
      } else {
        this.#catchUp(reader)
      }
    }
    pass.index = end
    this.#ledger.merged(merged)
    this.#ledger.delivered(sent * events, sent * bytes.length)
    return end - begin
  }

  #takeStep(lane: BoardLane): Step {
    const { pending } = lane
    lane.pending = null
    if (pending === null) return NO_STEP
    const [only] = pending.buffers
    const bytes = pending.buffers.length === 1 && only !== undefined ? only : Buffer.concat(pending.buffers)
    const { from, to, events, published, needs, chain } = pending
    return { from, to, events, published, bytes, needs, chain }
  }

  /** Brings one reader to the newest state: merged, encoded once for all readers at its position. */
  #catchUp(reader: BoardReader): void {
    const board = this.#board
    if (board === null || reader.ended || reader.blocked || reader.isQueued) return
    if (reader.position === UNGREETED) {
      if (!this.#holds(reader, board)) this.#greet(reader, board, EMPTY_BYTES)
      return
    }
    const { lane } = reader
    this.#feeds.settle(lane.feed)
    // It may have missed a heartbeat only: the next step begins a chain that it can join.
    if (reader.chain === NO_CHAIN) lane.breakChain()
    if (isInStep(reader)) {
      this.#account(reader, 0)
      return
    }
    // Before encoding: else it would be encoded again for each try of a reader without tokens.
    if (!reader.hasTokens(this.#settings().sseEventsPerSec, this.#connections.nowMs())) {
      this.#throttled.add(reader)
      return
    }
    try {
      const missed = this.#missed(reader, board)
      reader.spendTokens(missed.events)
      reader.position = lane.feed.head
      this.#account(reader, missed.events)
      if (missed.events > 0) this.#write(reader, missed.bytes, missed.events)
    } catch (error) {
      this.#fault(reader, error, EMPTY_BYTES)
    }
  }

  /** Panels that changed since, with the verdict; or the verdict alone. */
  #missed({ lane, position }: BoardReader, board: Board): Encoded {
    return position === lane.feed.head
      ? this.#encoder.verdictFor(lane, board)
      : this.#encoder.missedSince(lane, board, position)
  }

  /**
   * The reader is up to date, or gone: all events published since it last was, except the `sent` ones, were merged.
   * (A merged update that is split at the size limit may have more events than it replaces.)
   */
  #account(reader: BoardReader, sent: number): void {
    const { published } = reader.lane.feed
    this.#ledger.merged(Math.max(0, published - reader.accounted - sent))
    reader.accounted = published
  }

  #write(reader: BoardReader, bytes: Buffer, events: number): void {
    reader.chain = NO_CHAIN
    reader.lane.breakChain()
    this.#ledger.delivered(events, bytes.length)
    reader.write(bytes, this.#connections.nowMs())
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Says `bye` to the readers whose owner the predicate names; returns how many. */
  dismiss(which: (owner: string | null) => boolean, reason: ByeReason): number {
    return this.#connections.dismiss(which, reason, 'board')
  }

  /** Says `bye` to the newest part (0–1) of the readers, with spread `reconnect_ms`; returns how many. */
  shed(part: number): number {
    return this.#connections.shed(part, 'board')
  }

  /** Sends every reader what it lacks and `bye`, and resolves when all are gone or `graceMs` have passed. Idempotent. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    for (const immediate of [this.#immediate, this.#encoding])
      if (immediate !== null) clearImmediate(immediate)
    this.#pass = null
    await this.#connections.close('board', graceMs)
    this.#throttled.close()
    this.#spread.close()
    this.#ledger.close()
  }

  #lastBytes(reader: BoardReader, reason: ByeReason): Buffer {
    const lacking = reason === 'shutdown' ? this.#lacking(reader) : NOTHING
    const bytes = Buffer.concat([lacking.bytes, this.#encoder.farewell(reader.wire, reason)])
    this.#ledger.delivered(lacking.events + 1, bytes.length)
    return bytes
  }

  /** What a reader has not been sent yet, tokens or not: it is the last chance. */
  #lacking(reader: BoardReader): Encoded {
    const board = this.#board
    const { lane } = reader
    // A held reader has all that this server has, and more.
    if (board === null || reader.isHeld) return NOTHING
    this.#feeds.settle(lane.feed)
    try {
      if (reader.position === UNGREETED) {
        const greeting = this.#encoder.greetingFor(lane, board, reader)
        this.#account(reader, 0)
        return greeting
      }
      const missed = isInStep(reader) ? NOTHING : this.#missed(reader, board)
      this.#account(reader, missed.events)
      return missed
    } catch (error) {
      this.#log.error(
        { err: error },
        'the last update for a reader could not be encoded; it gets bye without it',
      )
      return NOTHING
    }
  }

  // ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────

  stats(): HubStats {
    let behind = 0
    for (const { readers, feed } of this.#feeds.lanes) {
      for (const { ended, blocked, position } of readers) {
        if (!ended && (blocked || (this.#board !== null && position !== feed.head))) behind++
      }
    }
    return { clients: this.#connections.count('board'), behind, ...this.#ledger.totals() }
  }
}

/** It has every change of a panel and of the verdict; of the rest it may lack a heartbeat. */
const isInStep = ({ position, accounted, lane: { feed } }: BoardReader): boolean =>
  position === feed.head && accounted >= feed.verdictAt

/** Where a comment would be written: `line` while it got no event, so that the block of its `retry:` is open. */
const placeOf = ({ position }: BoardReader): 'block' | 'line' => (position === UNGREETED ? 'line' : 'block')
