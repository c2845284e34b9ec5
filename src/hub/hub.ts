// The hub: one newest board, many readers.
//
// The idea on which speed, memory and correctness rest: a reader is a position, not a queue. A step (one generation to
// the next) is encoded once per lane (feeds.ts) and written to every reader that stands at its beginning and can be
// written to. Everybody else is left alone; when such a reader can be written to again it gets one update with every panel
// changed since its position. So updates are merged, never queued and never lost, a stalled reader costs its socket and one
// number, and every reader ends at the newest state.
//
// Cost of a delivery: one comparison of positions, the token arithmetic and one `write` of a shared buffer; no string,
// JSON, closure, promise, emitter or metric per reader (bench/fanout notices the loss). Steps published in one tick are
// one buffer and one write. A big fan-out is sliced, so that accepting, health and metrics stay alive.
import type { Board } from '../board/board.js'
import { type Clock, systemClock } from '../clock/clock.js'
import { Closing } from '../connection/closing.js'
import { EMPTY_BYTES } from '../connection/wire.js'
import { silentLog } from '../log/log.js'
import type { ByeReason } from '../protocol/events.js'
import { Encoder, KEEPALIVE_MS } from './encoder.js'
import { Feeds } from './feeds.js'
import { faultEvent } from './frames.js'
import type {
  DisconnectReason,
  ErrorLog,
  HubLike,
  HubObserver,
  HubSettings,
  HubStats,
  JoinRequest,
} from './hub-types.js'
import { ANYWHERE, type Encoded, type Lane } from './lane.js'
import { Ledger } from './ledger.js'
import { fullMilliTokens, hasTokens, NO_CHAIN, type Reader, spendTokens, UNGREETED } from './reader.js'
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
  /** A connection that got no byte for this long gets a comment; `hello` says so. */
  readonly keepaliveMs?: number
}

const TICK_MS = 1_000

/** One walk over every lane that has something to send, in slices. `step` is what the current lane is being sent. */
type Pass = { readonly lanes: readonly Lane[]; lane: number; index: number; step: Step | null }
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
  readonly #keepaliveMs: number
  readonly #encoder: Encoder
  readonly #feeds: Feeds
  readonly #readers = new Set<Reader>()
  readonly #blocked = new Set<Reader>()
  readonly #throttled = new Throttled(reader => this.#catchUp(reader))
  readonly #closing = new Closing()
  readonly #tick: NodeJS.Timeout
  #board: Board | null = null
  #pass: Pass | null = null
  #flushQueued = false
  #immediate: NodeJS.Immediate | null = null
  #publishedAtMs = 0
  #stepPanels: readonly string[] = []
  #closed = false

  constructor(options: HubOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLog
    this.#observer = options.observer ?? {}
    this.#ledger = new Ledger(this.#observer)
    this.#keepaliveMs = options.keepaliveMs ?? KEEPALIVE_MS
    this.#encoder = new Encoder({
      settings: options.settings,
      version: options.version,
      random: options.random ?? Math.random,
      ledger: this.#ledger,
      onPanelCut: () => this.#observer.onPanelCut?.(),
      keepaliveMs: this.#keepaliveMs,
    })
    this.#feeds = new Feeds({
      settings: options.settings,
      encoder: this.#encoder,
      ledger: this.#ledger,
      clock: this.#clock,
      log: this.#log,
    })
    this.#tick = setInterval(() => this.#onTick(), TICK_MS)
    this.#tick.unref()
  }

  get board(): Board | null {
    return this.#board
  }

  /** Whole milliseconds: see Reader. */
  #nowMs(): number {
    return Math.trunc(this.#clock.monotonicMs())
  }

  // ── joining ────────────────────────────────────────────────────────────────────────────────────────────────────

  join(request: JoinRequest): void {
    const { transport } = request
    if (this.#closed) {
      transport.attach({ onDrain: () => {}, onClose: () => {} })
      const bytes = this.#encoder.farewell(request.wire, 'shutdown')
      this.#ledger.delivered(1, bytes.length)
      transport.end(bytes)
      return
    }
    const lane = this.#feeds.feedFor(request, this.#board).lane(request.wire)
    const nowMs = this.#nowMs()
    const reader: Reader = {
      transport,
      lane,
      owner: request.owner,
      lastEventId: request.lastEventId,
      joinedAtMs: nowMs,
      position: UNGREETED,
      chain: NO_CHAIN,
      blocked: false,
      closed: false,
      milliTokens: fullMilliTokens(this.#settings().sseEventsPerSec),
      tokensAtMs: nowMs,
      lastByteAtMs: nowMs,
      accounted: lane.feed.published,
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

  /** Sends hello and what the reader lacks; `opening` goes before it in the same write. */
  #greet(reader: Reader, board: Board, opening: Buffer): void {
    const { lane } = reader
    try {
      const { bytes, events } = this.#encoder.greetingFor(lane, board, reader.lastEventId)
      reader.lastEventId = null // used up: a later greeting (new epoch) begins afresh
      reader.position = lane.feed.head
      this.#account(reader, 0)
      this.#write(reader, opening.length > 0 ? Buffer.concat([opening, bytes]) : bytes, events)
    } catch (error) {
      this.#fault(reader, error, opening)
    }
  }

  /** Something inside failed for one reader: it is told, and begins again with the next board. */
  #fault(reader: Reader, error: unknown, opening: Buffer): void {
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

  /** Takes the newest board, and sends what it changes at the end of this tick: boards of one tick are one write. */
  publish(board: Board, hitRatio: number | null, interval: number = board.cycle): void {
    this.#take(board, hitRatio, interval)
    if (this.#flushQueued) return
    this.#flushQueued = true
    queueMicrotask(() => this.#flush())
  }

  /** Takes the newest board, and sends what it changes at once. `hitRatio` is what heartbeats say. */
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
      // Positions of the old epoch mean nothing in the new one: what is half delivered is let go.
      if (this.#pass !== null) this.#pass.step = NO_STEP
      this.#feeds.restart(board, interval)
      return
    }
    if (board.changed.length > 0 || board.removed.length > 0) {
      this.#stepPanels =
        this.#stepPanels.length === 0 ? board.changed : [...this.#stepPanels, ...board.changed]
    }
    this.#feeds.advance(previous, board, hitRatio, interval, this.#publishedAtMs)
  }

  /** The panels of what was published are out; `seconds`: until the last write, null when nobody reads. */
  #stepDone(seconds: number | null): void {
    this.#ledger.tellSoon()
    if (this.#stepPanels.length === 0) return
    this.#ledger.stepDone(this.#stepPanels, seconds)
    this.#stepPanels = []
  }

  // ── delivering ─────────────────────────────────────────────────────────────────────────────────────────────────

  #flush(): void {
    this.#flushQueued = false
    if (this.#pass !== null || this.#closed) return // slices under way take it along when they are done
    const lanes = this.#feeds.pendingLanes()
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
      this.#feeds.dropEmpty(lane)
    }
    this.#stepDone((this.#clock.monotonicMs() - this.#publishedAtMs) / 1000)
    this.#flush()
  }

  /** Walks up to `budget` readers of a lane; returns how many. The hot loop. */
  #deliver(lane: Lane, pass: Pass, budget: number): number {
    pass.step ??= this.#takeStep(lane)
    const { from, to, events, published, bytes, needs, chain } = pass.step
    const usable = bytes.length > 0
    const { readers } = lane
    const { sseEventsPerSec } = this.#settings()
    const nowMs = this.#nowMs()
    const end = Math.min(readers.length, pass.index + budget)
    const begin = pass.index
    let sent = 0
    let merged = 0
    for (let i = begin; i < end; i++) {
      const reader = readers[i] as Reader
      if (reader.closed) continue
      if (reader.blocked) {
        reader.chain = NO_CHAIN
        continue
      }
      // It joined or caught up after the step was published.
      if (reader.accounted >= published && reader.position !== UNGREETED) continue
      const standsThere = reader.position === from || (from === ANYWHERE && reader.position !== UNGREETED)
      if (usable && standsThere && (needs === NO_CHAIN || reader.chain === needs)) {
        if (!hasTokens(reader, sseEventsPerSec, nowMs)) {
          reader.chain = NO_CHAIN
          this.#throttled.add(reader)
          continue
        }
        spendTokens(reader, events)
        reader.position = to
        merged += published - events - reader.accounted
        reader.accounted = published
        reader.chain = chain
        reader.lastByteAtMs = nowMs
        sent++
        if (!reader.transport.write(bytes)) this.#block(reader, nowMs)
      } else if (reader.position === lane.feed.head) {
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

  #takeStep(lane: Lane): Step {
    const { pending } = lane
    lane.pending = null
    if (pending === null) return NO_STEP
    const [only] = pending.buffers
    const bytes = pending.buffers.length === 1 && only !== undefined ? only : Buffer.concat(pending.buffers)
    const { from, to, events, published, needs, chain } = pending
    return { from, to, events, published, bytes, needs, chain }
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
    // It may have missed a heartbeat only: it comes along again with the next step.
    if (reader.chain === NO_CHAIN) lane.breakChain()
    if (reader.position === lane.feed.head) {
      this.#account(reader, 0)
      return
    }
    // Looked at before anything is encoded, which a reader without tokens would have again and again.
    if (!hasTokens(reader, this.#settings().sseEventsPerSec, this.#nowMs())) {
      this.#throttled.add(reader)
      return
    }
    try {
      const missed = this.#encoder.missedSince(lane, board, reader.position)
      spendTokens(reader, missed.events)
      reader.position = lane.feed.head
      this.#account(reader, missed.events)
      if (missed.events > 0) this.#write(reader, missed.bytes, missed.events)
    } catch (error) {
      this.#fault(reader, error, EMPTY_BYTES)
    }
  }

  /**
   * The reader is in step, or gone: what was published since it last was in step and is not among the `sent` events was merged.
   * (A merged update split at the size limit may be more events than it replaces.)
   */
  #account(reader: Reader, sent: number): void {
    const { published } = reader.lane.feed
    this.#ledger.merged(Math.max(0, published - reader.accounted - sent))
    reader.accounted = published
  }

  #write(reader: Reader, bytes: Buffer, events: number): void {
    const nowMs = this.#nowMs()
    reader.lastByteAtMs = nowMs
    reader.chain = NO_CHAIN
    reader.lane.breakChain()
    this.#ledger.delivered(events, bytes.length)
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

  // ── the one timer: comments, stalled readers, lingering connections ────────────────────────────────────────────

  #onTick(): void {
    const nowMs = this.#nowMs()
    for (const reader of this.#blocked) this.#checkStalled(reader, nowMs)
    for (const reader of this.#readers) {
      if (!reader.blocked && nowMs - reader.lastByteAtMs >= this.#keepaliveMs) {
        const place = reader.position === UNGREETED ? 'line' : 'block'
        this.#write(reader, this.#encoder.keepalive(reader.lane.wire, place), 0)
      }
    }
    this.#closing.tick(nowMs)
  }

  #checkStalled(reader: Reader, nowMs: number): void {
    const progress = reader.transport.progress()
    if (progress !== reader.progressSeen) {
      reader.progressSeen = progress
      reader.progressAtMs = nowMs
      return
    }
    if (nowMs - reader.progressAtMs < this.#settings().sseStallTimeoutMs) return
    this.#ledger.stalled()
    this.#sendAway(reader, 'stalled', NOTHING)
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  dismiss(which: (owner: string | null) => boolean, reason: ByeReason): number {
    const leaving = [...this.#readers].filter(reader => which(reader.owner))
    for (const reader of leaving) this.#sendAway(reader, reason, NOTHING)
    return leaving.length
  }

  shed(part: number): number {
    const count = Math.ceil(this.#readers.size * part)
    // A Set keeps the order of joining: the newest are at its end.
    const leaving = count === 0 ? [] : [...this.#readers].slice(-count)
    for (const reader of leaving) this.#sendAway(reader, 'shed', NOTHING)
    return leaving.length
  }

  #sendAway(reader: Reader, reason: ByeReason, lacking: Encoded): void {
    const bytes = Buffer.concat([lacking.bytes, this.#encoder.farewell(reader.lane.wire, reason)])
    this.#forget(reader, reason)
    this.#ledger.delivered(lacking.events + 1, bytes.length)
    this.#closing.begin(reader.transport, bytes, this.#nowMs())
  }

  #onClose(reader: Reader): void {
    if (!reader.closed) this.#forget(reader, 'client')
    this.#closing.closed(reader.transport)
  }

  #forget(reader: Reader, reason: DisconnectReason): void {
    reader.closed = true
    // What it was still owed would have been one merged update.
    this.#account(reader, 0)
    this.#readers.delete(reader)
    this.#blocked.delete(reader)
    this.#throttled.delete(reader)
    this.#observer.onLeave?.(reason, (this.#clock.monotonicMs() - reader.joinedAtMs) / 1000)
    if (this.#pass !== null) return // compacted when the pass ends
    reader.lane.remove(reader)
    this.#feeds.dropEmpty(reader.lane)
  }

  /** Sends every reader what it lacks and `bye`, and resolves when all are gone or `graceMs` have passed. Idempotent. */
  async close(graceMs: number): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      if (this.#immediate !== null) clearImmediate(this.#immediate)
      this.#pass = null
      for (const reader of [...this.#readers]) this.#sendAway(reader, 'shutdown', this.#lacking(reader))
    }
    await this.#closing.finish(graceMs)
    clearInterval(this.#tick)
    this.#throttled.close()
    this.#ledger.close()
  }

  /** What a reader has not been sent yet, tokens or not: it is the last chance. */
  #lacking(reader: Reader): Encoded {
    const board = this.#board
    const { lane } = reader
    if (board === null) return NOTHING
    try {
      if (reader.position === UNGREETED) {
        const greeting = this.#encoder.greetingFor(lane, board, reader.lastEventId)
        this.#account(reader, 0)
        return greeting
      }
      const isInStep = reader.position === lane.feed.head
      const missed = isInStep ? NOTHING : this.#encoder.missedSince(lane, board, reader.position)
      this.#account(reader, missed.events)
      return missed
    } catch (error) {
      this.#log.error({ err: error }, 'a leaving reader could not be given what it lacked')
      return NOTHING
    }
  }

  // ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────

  stats(): HubStats {
    let behind = 0
    for (const reader of this.#readers) {
      if (reader.blocked || (this.#board !== null && reader.position !== reader.lane.feed.head)) behind++
    }
    return { clients: this.#readers.size, behind, ...this.#ledger.totals() }
  }
}
