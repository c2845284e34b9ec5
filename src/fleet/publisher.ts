// Writes the own board to Redis while this node leads: what changed since the last accepted write, or the whole board when Redis
// has another base, or when nobody knows what it has. One write at a time; boards that come meanwhile are merged into the next
// one, so a slow engine delays the board and never queues it.
import { type Board, changedSince } from '../board/board.js'
import type { Run } from '../redis/link.js'
import { FLEET_PROTO, type FleetSource, headText, MOST_BOARD_BYTES, panelText } from './board-text.js'
import type { FleetKeys } from './keys.js'
import type { Lease } from './lease.js'
import type { BoardHead } from './scripts/beat.js'
import { type PublishRequest, publish } from './scripts/publish.js'
import { CLEAR, type Seal } from './seal.js'
import { sealedRequest } from './sealed-board.js'

export type OwnBoard = { readonly board: Board; readonly source: FleetSource }

/** The next write, or `large`: this board is not shared. `base`: the generation that Redis has; null: unknown. */
export function writeOf(
  { board, source }: OwnBoard,
  lease: Lease,
  base: number | null,
  revision: number,
  proto?: number,
): PublishRequest | 'large' {
  const { changed, removed } = changedSince(board, base ?? 0)
  const panels = (base === null ? [...board.panels.values()] : changed).map(panelText)
  const head = headText(board, source, proto)
  const bytes = panels.reduce((sum, { json }) => sum + Buffer.byteLength(json), Buffer.byteLength(head))
  if (bytes > MOST_BOARD_BYTES) return 'large'
  const { epoch, generation } = board
  return { lease, epoch, base, generation, revision, head, removed: base === null ? [] : removed, panels }
}

export type PublisherEvents = {
  /** The lease is not this node's any more. */
  onFenced(): void
  /** The board is too large to be shared. */
  onLarge(): void
  /** It could not be written; the next beat that is answered tries again. */
  onFailed(error: unknown): void
}

/** Answers that lead to another write at once: `base`, then `ok`. More means that something else writes there. */
const MOST_TRIES = 3

export class Publisher {
  readonly #run: Run
  readonly #keys: FleetKeys
  readonly #events: PublisherEvents
  readonly #seal: Seal
  readonly #proto: number
  #own: OwnBoard | null = null
  #lease: Lease | null = null
  #base: number | null = null
  #written: OwnBoard | null = null
  /** Of all leases of this process. */
  #revision = 0
  /** The revision that Redis accepted last. */
  #accepted = 0
  #isWriting = false

  constructor(run: Run, keys: FleetKeys, events: PublisherEvents, seal: Seal = CLEAR, proto = FLEET_PROTO) {
    this.#seal = seal
    this.#proto = proto
    this.#run = run
    this.#keys = keys
    this.#events = events
  }

  /** A new own board; written while this node leads. */
  offer(own: OwnBoard): void {
    this.#own = own
    this.#write()
  }

  /** Writes the whole board under this lease. */
  lead(lease: Lease): void {
    this.#lease = lease
    this.#base = null
    this.#written = null
    this.#write()
  }

  stop(): void {
    this.#lease = null
  }

  /**
   * What Redis has, as a beat found it. Beats and writes share a connection, so while no write is under way this is exactly what was
   * written last, or Redis lost it. Writes again what is lost, and what could not be written.
   */
  found(head: BoardHead | null): void {
    if (this.#isWriting || this.#lease === null) return
    const isThere =
      head !== null &&
      head.term === this.#lease.term &&
      head.revision === this.#accepted &&
      head.generation === this.#base
    if (this.#base !== null && !isThere) {
      this.#base = null
      this.#written = null
    }
    this.#write()
  }

  #write(): void {
    if (!this.#isWriting) void this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    try {
      let tries = 0
      for (;;) {
        const own = this.#own
        const lease = this.#lease
        if (own === null || lease === null || own === this.#written || own.board.generation === 0) return
        if (tries++ >= MOST_TRIES) throw new Error('the board in Redis is written by others too')
        if (await this.#writeOne(own, lease)) tries = 0
      }
    } catch (error) {
      // It may have been carried out: only a whole board is right now.
      this.#base = null
      this.#events.onFailed(error)
    } finally {
      this.#isWriting = false
    }
  }

  /** True: it is written, or need not be. */
  async #writeOne(own: OwnBoard, lease: Lease): Promise<boolean> {
    this.#revision++
    const request = writeOf(own, lease, this.#base, this.#revision, this.#proto)
    if (request === 'large') {
      this.#written = own
      this.#base = null
      this.#events.onLarge()
      return true
    }
    const answer = await publish(this.#run, this.#keys, sealedRequest(request, this.#keys, this.#seal))
    // Another term began meanwhile: what this answer says is of the earlier one.
    if (this.#lease !== lease) return true
    if (answer === 'ok') {
      this.#written = own
      this.#base = own.board.generation
      this.#accepted = request.revision
      return true
    }
    if (answer === 'fenced') {
      this.#lease = null
      this.#events.onFenced()
      return true
    }
    this.#base = null
    return false
  }
}
