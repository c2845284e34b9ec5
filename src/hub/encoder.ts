// What one reader gets besides the shared steps, as bytes of its lane: the greeting, what it missed, a comment, goodbye. Nearly all
// of it is the same for many readers, and encoded once.
import type { Board } from '../board/board.js'
import type { Wire } from '../connection/transport.js'
import { EMPTY_BYTES, toWire, wireEnd, wireKey } from '../connection/wire.js'
import type { ByeReason, ResyncReason } from '../protocol/events.js'
import { encodeComment, encodeRetry } from '../sse/encode.js'
import {
  byeEvent,
  catchUpEvents,
  type EventText,
  type FrameLimits,
  type HelloFacts,
  helloEvent,
  historyEvent,
  resyncRequiredEvent,
  snapshotEvents,
  verdictEvent,
} from './frames.js'
import type { HistoryAsk, HubSettings, PastOf } from './hub-types.js'
import type { Encoded, Lane } from './lane.js'
import type { Ledger } from './ledger.js'
import { decideResume, type Resume } from './resume.js'

/** A connection that got no byte for this long gets a comment: proxies cut at 60 s. */
export const KEEPALIVE_MS = 15_000

const AGED_SPREAD_MS = 1_000

/** Questions about the past that share bytes within a second; more are answered one by one. */
const MAX_PASTS = 64

const NOTHING: Encoded = { bytes: EMPTY_BYTES, events: 0 }

export type EncoderParts = {
  readonly settings: () => HubSettings
  readonly version: string
  /** 0 ≤ n < 1 */
  readonly random: () => number
  readonly ledger: Ledger
  readonly onPanelCut: () => void
  readonly keepaliveMs: number
  readonly past: PastOf
  readonly nowMs: () => number
}

/** What a greeting depends on besides board and lane. */
type Greeted = { readonly lastEventId: string | null; readonly history: HistoryAsk | null }

export class Encoder {
  readonly #keepalives = new Map<string, Buffer>()
  /** Of one board and second, by wire and question. */
  #pasts: { board: Board | null; second: number; readonly known: Map<string, Encoded> } = {
    board: null,
    second: 0,
    known: new Map(),
  }

  constructor(private readonly parts: EncoderParts) {}

  /**
   * Hello and what the reader lacks: everything, or what changed since it left; then the history it asked for. Throws what encoding
   * throws.
   */
  greetingFor(lane: Lane, board: Board, { lastEventId, history }: Greeted): Encoded {
    const resume = decideResume(lastEventId, board, lane.feed.shape.idSuffix)
    const greeting = this.#greetingAfter(lane, board, resume)
    if (history === null) return greeting
    const past = this.#pastFor(lane, board, history, resume.kind === 'resumed' ? resume.position : null)
    if (past.events === 0) return greeting
    return {
      bytes: Buffer.concat([greeting.bytes, past.bytes]),
      events: greeting.events + past.events,
    }
  }

  #greetingAfter(lane: Lane, board: Board, resume: Resume): Encoded {
    if (resume.kind === 'fresh') return this.#greeting(lane, board)
    const result = resume.kind === 'resumed' ? 'resumed' : resume.reason
    const greeting =
      resume.kind === 'resumed'
        ? this.#resumption(lane, board, resume.position)
        : this.encoded(lane, this.#startAfresh(lane, board, resume.reason))
    this.parts.ledger.resumed(result)
    return greeting
  }

  /** Encoded once for all readers that ask the same in this second. */
  #pastFor({ wire }: Lane, board: Board, asked: HistoryAsk, after: number | null): Encoded {
    const second = Math.floor(this.parts.nowMs() / 1000)
    if (this.#pasts.board !== board || this.#pasts.second !== second)
      this.#pasts = { board, second, known: new Map() }
    const { known } = this.#pasts
    const key = JSON.stringify([wireKey(wire), asked.seconds, asked.series, after])
    const found = known.get(key)
    if (found !== undefined) return found
    const { maxEventBytes } = this.limits()
    const events = this.parts.past(asked, after, maxEventBytes).map(historyEvent)
    if (events.length === 0) return NOTHING
    this.#published(events)
    const made = { bytes: toWire(events.map(({ text }) => text).join(''), wire), events: events.length }
    if (known.size < MAX_PASTS) known.set(key, made)
    return made
  }

  /**
   * Everything after `position`, merged; encoded once for all readers at that position. It does not count as published: its
   * changes were counted when they happened.
   */
  missedSince(lane: Lane, board: Board, position: number): Encoded {
    const known = lane.catchUps.get(position)
    if (known !== undefined) return known
    const events = catchUpEvents(board, lane.feed.shape, position, this.limits())
    const made = { bytes: lane.encode(events), events: events.length }
    lane.catchUps.set(position, made)
    return made
  }

  /** The verdict for a reader that is in step and was not ready for its event. As with `missedSince`, it was counted before. */
  verdictFor(lane: Lane, board: Board): Encoded {
    return { bytes: lane.encode([verdictEvent(board, this.limits())]), events: 1 }
  }

  /** Events for one reader, or for all that join while a board is the newest; they count as published. */
  encoded(lane: Lane, events: readonly EventText[]): Encoded {
    this.#published(events)
    return { bytes: lane.encode(events), events: events.length }
  }

  #published(events: readonly EventText[]): void {
    this.parts.ledger.published(events)
    this.parts.ledger.reportSoon()
  }

  /** `line`: for a reader that got no event yet. */
  keepalive(wire: Wire, place: 'block' | 'line'): Buffer {
    const key = `${wireKey(wire)}/${place}`
    const known = this.#keepalives.get(key) ?? toWire(encodeComment('ka', place), wire)
    this.#keepalives.set(key, known)
    return known
  }

  /**
   * `retry:` and `bye` with a random delay, so that readers do not all return at once; then the end of the body. Readers that leave
   * for their age leave at different times anyway, so they return soon.
   */
  farewell(wire: Wire, reason: ByeReason): Buffer {
    const { sseReconnectSpreadMs } = this.parts.settings()
    const spreadMs =
      reason === 'max_age' ? Math.min(sseReconnectSpreadMs, AGED_SPREAD_MS) : sseReconnectSpreadMs
    const reconnectMs = Math.floor(this.parts.random() * spreadMs)
    const bye = byeEvent(reason, reconnectMs)
    this.#published([bye])
    return Buffer.concat([toWire(`${encodeRetry(reconnectMs)}${bye.text}`, wire), wireEnd(wire)])
  }

  limits(): FrameLimits {
    const { sseMaxEventBytes, sseStructMaxChanges } = this.parts.settings()
    return {
      maxEventBytes: sseMaxEventBytes,
      structMaxChanges: sseStructMaxChanges,
      onPanelCut: this.parts.onPanelCut,
    }
  }

  /** Hello and the whole board: the same bytes for all readers that join while this board is the newest. */
  #greeting(lane: Lane, board: Board): Encoded {
    if (lane.greeting?.board !== board) {
      lane.greeting = { board, encoded: this.encoded(lane, this.#startAfresh(lane, board, null)) }
    }
    return lane.greeting.encoded
  }

  #startAfresh(lane: Lane, board: Board, reason: ResyncReason | null): EventText[] {
    const { shape } = lane.feed
    const hello = helloEvent(board, shape, this.#helloFacts(), null)
    const snapshot = snapshotEvents(board, shape, this.limits())
    return reason === null ? [hello, ...snapshot] : [hello, resyncRequiredEvent(reason), ...snapshot]
  }

  #resumption(lane: Lane, board: Board, position: number): Encoded {
    const { shape } = lane.feed
    const hello = helloEvent(board, shape, this.#helloFacts(), position)
    const events = [hello, ...catchUpEvents(board, shape, position, this.limits())]
    this.#published([hello])
    return { bytes: lane.encode(events), events: events.length }
  }

  #helloFacts(): HelloFacts {
    const { sseHeartbeatCycles, summaryRefreshSec } = this.parts.settings()
    return {
      version: this.parts.version,
      heartbeatCycles: sseHeartbeatCycles,
      refreshMs: Math.round(summaryRefreshSec * 1000),
      keepaliveMs: this.parts.keepaliveMs,
    }
  }
}
