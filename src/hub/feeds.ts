// The feeds and lanes that have readers, and what each board means for them. A board becomes events once per feed and bytes once
// per lane; the bytes wait in `Lane.pending` until the hub writes them to the readers at their beginning.
//
// Readers choose subsets, so there may be a thousand feeds. Encoding stops after a slice of time and goes on when the event loop
// has had its turn; a feed that still waits when the next board comes goes to that board in one step.
import type { Board } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import { wireKey } from '../connection/wire.js'
import type { Encoder } from './encoder.js'
import { Feed, feedKey, feedShape } from './feed.js'
import {
  catchUpEvents,
  type EventText,
  faultEvent,
  heartbeatEvent,
  snapshotEvents,
  stepEvents,
  verdictEvent,
} from './frames.js'
import type { ErrorLog, HubSettings, JoinRequest } from './hub-types.js'
import { ANYWHERE, Lane } from './lane.js'
import type { Ledger } from './ledger.js'
import { type BoardReader, UNGREETED } from './reader.js'

export type FeedsParts = {
  readonly settings: () => HubSettings
  readonly encoder: Encoder
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: ErrorLog
  /** Encoding may hold the event loop for about this long. */
  readonly sliceMs: number
}

type Published = { readonly previous: Board; readonly board: Board; readonly hitRatio: number | null }

type FeedLanes = { readonly feed: Feed; readonly lanes: Map<string, Lane<BoardReader>> }

export class Feeds {
  readonly #parts: FeedsParts
  readonly #byKey = new Map<string, FeedLanes>()
  /** All lanes, once they were asked for; null: they have changed since. */
  #lanes: readonly Lane<BoardReader>[] | null = null
  /** Feeds that the newest board has not reached, the longest waiting first. */
  readonly #waiting = new Map<Feed, FeedLanes>()
  #newest: Published | null = null
  /** When the last lane was encoded: the end of one encoding is the start of the next, with one reading of the clock. */
  #encodedAtMs = 0
  /** Of the newest board. */
  #interval = 0

  constructor(parts: FeedsParts) {
    this.#parts = parts
  }

  /** The lane of a request; a new feed begins at this board. */
  laneFor(request: JoinRequest, board: Board | null): Lane<BoardReader> {
    const key = feedKey(request)
    let known = this.#byKey.get(key)
    if (known === undefined) {
      const feed = new Feed(feedShape(request), board?.generation ?? 0, this.#interval, board)
      known = { feed, lanes: new Map() }
      this.#byKey.set(key, known)
    }
    const { feed, lanes } = known
    const form = wireKey(request.wire)
    const found = lanes.get(form)
    if (found !== undefined) return found
    const lane = new Lane<BoardReader>(request.wire, feed)
    lanes.set(form, lane)
    this.#lanes = null
    return lane
  }

  get lanes(): readonly Lane<BoardReader>[] {
    this.#lanes ??= [...this.#byKey.values()].flatMap(({ lanes }) => [...lanes.values()])
    return this.#lanes
  }

  /** Drops a lane without readers, and its feed with the last lane. */
  dropEmpty(lane: Lane<BoardReader>): void {
    if (lane.readers.length > 0) return
    for (const [key, { feed, lanes }] of this.#byKey) {
      if (feed !== lane.feed) continue
      this.#lanes = null
      if (lanes.get(wireKey(lane.wire)) === lane) lanes.delete(wireKey(lane.wire))
      if (lanes.size > 0) continue
      this.#byKey.delete(key)
      this.#waiting.delete(feed)
    }
  }

  /** First board, or a new epoch: every reader begins again with hello. */
  restart(board: Board, interval: number): void {
    this.#interval = interval
    this.#newest = null
    this.#waiting.clear()
    for (const { feed, lanes } of this.#byKey.values()) {
      feed.seen = board
      feed.head = board.generation
      feed.lastEventInterval = interval
      for (const lane of lanes.values()) {
        lane.restart(board.generation)
        for (const reader of lane.readers) reader.position = UNGREETED
      }
    }
  }

  /** Some feeds still wait for the newest board: call `encodeSome` when the event loop has had its turn. */
  get isBehind(): boolean {
    return this.#waiting.size > 0
  }

  /** Begins to encode the step from the previous board to this one. `startedAtMs`: when that began; `hitRatio`: for heartbeats. */
  advance(
    previous: Board,
    board: Board,
    hitRatio: number | null,
    interval: number,
    startedAtMs: number,
  ): void {
    const every = this.#parts.settings().sseForceFullEveryN
    const isForced = every > 0 && Math.floor(interval / every) > Math.floor(this.#interval / every)
    this.#interval = interval
    this.#newest = { previous, board, hitRatio }
    for (const each of this.#byKey.values()) {
      if (isForced) each.feed.needsFull = true
      if (!this.#waiting.has(each.feed)) this.#waiting.set(each.feed, each)
    }
    this.encodeSome(startedAtMs)
  }

  encodeSome(startedAtMs: number): void {
    this.#encodedAtMs = startedAtMs
    for (const feed of this.#waiting.keys()) {
      this.settle(feed)
      if (this.#encodedAtMs - startedAtMs >= this.#parts.sliceMs) return
    }
  }

  /** Encodes at once what the feed lacks of the newest board: before a reader is brought to it. */
  settle(feed: Feed): void {
    const each = this.#waiting.get(feed)
    if (each === undefined || this.#newest === null) return
    this.#waiting.delete(feed)
    const seen = feed.seen ?? this.#newest.previous
    feed.seen = this.#newest.board
    this.#advance(each, seen, this.#newest)
  }

  #advance(each: FeedLanes, seen: Board, { previous, board, hitRatio }: Published): void {
    const { feed } = each
    const { sseHeartbeatCycles } = this.#parts.settings()
    const { encoder, log } = this.#parts
    const from = feed.head
    const isNext = seen === previous && board.generation <= previous.generation + 1
    try {
      if (feed.needsFull) {
        this.#step(each, snapshotEvents(board, feed.shape, encoder.limits()), ANYWHERE, board)
        feed.needsFull = false
        return
      }
      // A follower may jump generations, and a feed may have waited; the step is then what changed since.
      const events = isNext
        ? stepEvents(board, feed.shape, encoder.limits())
        : catchUpEvents(board, feed.shape, seen.generation, encoder.limits())
      if (events.length > 0) {
        this.#step(each, events, from, board)
        return
      }
      // It does not delay the next heartbeat, from which clients that do not know this event take the verdict.
      if (board.verdict !== null && board.verdict !== seen.verdict) {
        this.#append(each, [verdictEvent(board, encoder.limits())], from, from)
        feed.verdictAt = feed.published
        for (const lane of each.lanes.values()) lane.catchUps.clear()
      }
      if (this.#interval - feed.lastEventInterval >= sseHeartbeatCycles) {
        feed.lastEventInterval = this.#interval
        this.#append(each, [heartbeatEvent(board, hitRatio)], from, from)
      }
    } catch (error) {
      feed.needsFull = true
      feed.lastEventInterval = this.#interval
      log.error(
        { err: error, feed: feed.shape.mode },
        'an update could not be encoded; sending a full snapshot',
      )
      this.#append(each, [faultEvent('encode_failed')], from, from)
    }
  }

  #step(each: FeedLanes, events: readonly EventText[], from: number, board: Board): void {
    if (events.length === 0) return
    const { feed, lanes } = each
    this.#append(each, events, from, board.generation)
    feed.head = board.generation
    feed.lastEventInterval = this.#interval
    for (const lane of lanes.values()) lane.catchUps.clear()
  }

  #append({ feed, lanes }: FeedLanes, events: readonly EventText[], from: number, to: number): void {
    const { ledger, clock } = this.#parts
    ledger.published(events)
    feed.published += events.length
    for (const lane of lanes.values()) {
      lane.append(lane.encodeStep(events, from), events.length, from, to)
      const nowMs = clock.monotonicMs()
      ledger.encoded((nowMs - this.#encodedAtMs) / 1000)
      this.#encodedAtMs = nowMs
    }
  }
}
