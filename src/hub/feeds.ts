// What readers are led along: the feeds of all forms that somebody reads, and what each board means for them. A board becomes
// events once a feed and bytes once a lane, which wait there (`Lane.pending`) until the hub writes them to whoever stands at
// their beginning.
import type { Board } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import type { Encoder } from './encoder.js'
import { Feed, feedKey, feedShape } from './feed.js'
import {
  catchUpEvents,
  type EventText,
  faultEvent,
  heartbeatEvent,
  snapshotEvents,
  stepEvents,
} from './frames.js'
import type { ErrorLog, HubSettings, JoinRequest } from './hub-types.js'
import { ANYWHERE, type Lane } from './lane.js'
import type { Ledger } from './ledger.js'
import { UNGREETED } from './reader.js'

export type FeedsParts = {
  readonly settings: () => HubSettings
  readonly encoder: Encoder
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: ErrorLog
}

export class Feeds {
  readonly #parts: FeedsParts
  readonly #byKey = new Map<string, Feed>()
  /** When the last lane was ready; one reading of the clock is the end of one and the start of the next. */
  #encodedAtMs = 0
  /** Of the newest board. */
  #interval = 0

  constructor(parts: FeedsParts) {
    this.#parts = parts
  }

  /** The feed a reader asks for; one that is new begins at this board. */
  feedFor(request: JoinRequest, board: Board | null): Feed {
    const key = feedKey(request)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const feed = new Feed(feedShape(request), board?.generation ?? 0, this.#interval)
    this.#byKey.set(key, feed)
    return feed
  }

  /** The lanes in which something waits to be written. */
  pendingLanes(): Lane[] {
    const lanes: Lane[] = []
    for (const feed of this.#byKey.values()) {
      for (const lane of feed.lanes.values()) if (lane.pending !== null) lanes.push(lane)
    }
    return lanes
  }

  /** Forgets a lane that nobody reads any more, and its feed with the last one. */
  dropEmpty(lane: Lane): void {
    if (lane.readers.length > 0) return
    const { feed } = lane
    if (feed.lanes.get(lane.key) === lane) feed.lanes.delete(lane.key)
    if (feed.lanes.size > 0) return
    for (const [key, known] of this.#byKey) if (known === feed) this.#byKey.delete(key)
  }

  /** First board, or a new epoch: everybody begins again with hello. */
  restart(board: Board, interval: number): void {
    this.#interval = interval
    for (const feed of this.#byKey.values()) {
      feed.head = board.generation
      feed.lastEventInterval = interval
      for (const lane of feed.lanes.values()) {
        lane.restart(board.generation)
        for (const reader of lane.readers) reader.position = UNGREETED
      }
    }
  }

  /** What leads from the board before to this one. `startedAtMs`: when that began; `hitRatio`: what heartbeats say. */
  advance(
    previous: Board,
    board: Board,
    hitRatio: number | null,
    interval: number,
    startedAtMs: number,
  ): void {
    this.#encodedAtMs = startedAtMs
    const every = this.#parts.settings().sseForceFullEveryN
    const forced = every > 0 && Math.floor(interval / every) > Math.floor(this.#interval / every)
    this.#interval = interval
    for (const feed of this.#byKey.values()) this.#advance(feed, previous, board, hitRatio, forced)
  }

  #advance(feed: Feed, previous: Board, board: Board, hitRatio: number | null, forced: boolean): void {
    const { sseHeartbeatCycles } = this.#parts.settings()
    const { encoder, log } = this.#parts
    const from = feed.head
    const skippedGenerations = board.generation > previous.generation + 1
    try {
      if (feed.needsFull || forced) {
        this.#step(feed, snapshotEvents(board, feed.shape, encoder.limits()), ANYWHERE, board)
        feed.needsFull = false
        return
      }
      // A follower may jump generations; the step is then what changed since.
      const events = skippedGenerations
        ? catchUpEvents(board, feed.shape, previous.generation, encoder.limits())
        : stepEvents(board, feed.shape, encoder.limits())
      if (events.length > 0) {
        this.#step(feed, events, from, board)
        return
      }
      // A new verdict does not wait for a heartbeat's turn.
      const isDue = this.#interval - feed.lastEventInterval >= sseHeartbeatCycles
      if (isDue || board.verdict !== previous.verdict) {
        feed.lastEventInterval = this.#interval
        this.#append(feed, [heartbeatEvent(board, hitRatio)], from, from)
      }
    } catch (error) {
      feed.needsFull = true
      feed.lastEventInterval = this.#interval
      log.error(
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
    feed.lastEventInterval = this.#interval
    for (const lane of feed.lanes.values()) lane.catchUps.clear()
  }

  #append(feed: Feed, events: readonly EventText[], from: number, to: number): void {
    const { ledger, clock } = this.#parts
    ledger.published(events)
    feed.published += events.length
    for (const lane of feed.lanes.values()) {
      lane.append(lane.encodeStep(events, from), events.length, from, to)
      const nowMs = clock.monotonicMs()
      ledger.encoded((nowMs - this.#encodedAtMs) / 1000)
      this.#encodedAtMs = nowMs
    }
  }
}
