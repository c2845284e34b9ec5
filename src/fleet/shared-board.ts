// One board that the nodes of a fleet share: the publisher writes its own, the others read what changed and show that. Which node
// publishes is not decided here (seat.ts).
import type { Board } from '../board/board.js'
import type { Link } from '../redis/link.js'
import type { FleetSource } from './board-text.js'
import { follow, mergePulled, NOTHING_SHOWN, type Seen, type Shown, showing } from './follow.js'
import type { FleetKeys } from './keys.js'
import type { Lease } from './lease.js'
import { type OwnBoard, Publisher } from './publisher.js'
import { Puller } from './puller.js'
import type { BoardHead } from './scripts/beat.js'
import { parseNotice } from './scripts/publish.js'
import { type Pulled, pull } from './scripts/pull.js'
import type { Seal } from './seal.js'
import { openedBoard } from './sealed-board.js'
import type { Seat } from './seat.js'

/** It is of a later version, or encrypted with a key that this server does not have. */
export type Unreadable = 'version' | 'key'

/** Why a pull was made, for the metric. */
export type PullReason = 'notice' | 'beat' | 'reader' | 'whole'

export type SharedBoardEvents = {
  /** Shows this board to all readers; `source` is the publisher's, null: it is this node's own. */
  show(board: Board, source: FleetSource | null): void
  /** The lease is not this node's any more. */
  onFenced(): void
  onUnshared(): void
  onPull(why: PullReason): void
  onNotice(lagSeconds: number): void
  /** Why the board in Redis cannot be read; null: it can. */
  onReadable(why: Unreadable | null): void
  onFailed(what: string, error: unknown): void
}

/** What the node knows now. `life`: of the Redis that answered last. */
export type SharedBoardState = {
  readonly seat: Seat
  readonly lease: Lease | null
  readonly life: string | null
}

export type SharedBoardOptions = {
  readonly link: Link
  readonly keys: FleetKeys
  readonly nowMs: () => number
  readonly lowerTermMs: number
  readonly seal: Seal
  /** The version of what this node writes; it reads that and the one before. */
  readonly proto: number
  readonly state: () => SharedBoardState
  /** A node that is adrift shows its own board, although it has another one. */
  readonly isOwnAdrift: boolean
  readonly events: SharedBoardEvents
}

export class SharedBoard {
  readonly #options: SharedBoardOptions
  readonly #publisher: Publisher
  readonly #puller: Puller
  #own: OwnBoard | null = null
  #shown: Shown = NOTHING_SHOWN
  #pullReason: PullReason = 'beat'
  #isStopped = false

  constructor(options: SharedBoardOptions) {
    const { link, keys, events, seal, proto } = options
    this.#options = options
    const ofPublisher = {
      onFenced: () => events.onFenced(),
      onLarge: () => events.onUnshared(),
      onFailed: (error: unknown) => events.onFailed('publish', error),
    }
    this.#publisher = new Publisher(link.run, keys, ofPublisher, seal, proto)
    this.#puller = new Puller(() => this.#pull())
  }

  get shown(): Board {
    return this.#shown.board
  }

  get hasOwn(): boolean {
    return this.#own !== null
  }

  /** The own board; `share` follows when the seat was looked at. */
  keep(own: OwnBoard): void {
    this.#own = own
  }

  /** Shows the own board and writes it, where this node does so. */
  share(): void {
    if (this.#own === null) return
    this.#publisher.offer(this.#own)
    this.showOwn()
  }

  lead(lease: Lease): void {
    this.#publisher.lead(lease)
  }

  /** Another node leads. */
  stopLeading(): void {
    this.#publisher.stop()
  }

  stop(): void {
    this.#isStopped = true
    this.#publisher.stop()
  }

  /** What a beat found in Redis. */
  found(seen: Seen): void {
    if (this.#options.state().seat === 'leading') this.#publisher.found(seen.head)
    else if (this.#follows(seen)) void this.pull('beat')
  }

  notice(message: string): void {
    const notice = parseNotice(message)
    const { nowMs, events, state } = this.#options
    if (notice === null || state().seat === 'leading' || this.#isStopped) return
    const { epoch, generation } = this.#shown.board
    if (notice.epoch === epoch && notice.generation < generation) return
    const noticedMs = nowMs()
    void this.pull('notice').then(() => events.onNotice((nowMs() - noticedMs) / 1000))
  }

  /** Resolves when what is in Redis now is shown; all that ask meanwhile share one pull. */
  pull(why: PullReason): Promise<void> {
    this.#pullReason = why
    return this.#puller.request()
  }

  #follows(seen: Seen): boolean {
    const { nowMs, lowerTermMs } = this.#options
    const { take, shown } = follow(this.#shown, seen, nowMs(), lowerTermMs)
    this.#shown = shown
    return take
  }

  async #pull(): Promise<void> {
    if (this.#isStopped) return
    const { link, keys, events } = this.#options
    events.onPull(this.#pullReason)
    try {
      const { epoch, generation } = this.#shown.board
      const isMerged = this.#take(await pull(link.run, keys, { epoch, generation }))
      if (isMerged) return
      events.onPull('whole')
      if (!this.#take(await pull(link.run, keys, { epoch: '', generation: 0 })))
        throw new Error('the board in Redis lacks panels that its head names')
    } catch (error) {
      events.onFailed('pull', error)
    }
  }

  /** False: pull all panels. */
  #take({ lease, board }: Pulled): boolean {
    const { state, events, keys, seal, proto } = this.#options
    const { life } = state()
    if (this.#isStopped || board === null || state().seat === 'leading') return true
    if (!this.#follows({ lease, head: board satisfies BoardHead, life: life ?? '' })) return true
    const opened = openedBoard(board, keys, seal)
    if (opened === null) {
      events.onReadable('key')
      return true
    }
    const merged = mergePulled(this.#shown.board, opened, proto)
    if (!merged.ok) {
      if (merged.why === 'whole') return false
      events.onReadable(merged.why === 'unreadable' ? 'version' : null)
      if (merged.why === 'corrupt') events.onFailed('pull', new Error('the board in Redis is corrupt'))
      return true
    }
    events.onReadable(null)
    const { seat } = state()
    if (seat !== 'following' && seat !== 'adrift') return true
    const { term, revision } = board
    this.#shown = showing(this.#shown, { board: merged.board, term, revision, life })
    events.show(merged.board, merged.source)
    return true
  }

  /** The own board is shown while this node leads or is alone; and while it is adrift and has no other. */
  showOwn(): void {
    const own = this.#own
    if (own === null || own.board.generation === 0 || this.#isStopped) return
    const { isOwnAdrift, state, events } = this.#options
    const { seat, lease, life } = state()
    const { epoch } = this.#shown.board
    const hasNoOther = isOwnAdrift || epoch === '' || epoch === own.board.epoch
    if (seat !== 'leading' && seat !== 'alone' && !(seat === 'adrift' && hasNoOther)) return
    // Alone it is published under no term: any publisher is followed when the engine is back.
    const term = seat === 'leading' && lease !== null ? lease.term : 0
    this.#shown = showing(this.#shown, { board: own.board, term, revision: 0, life })
    events.show(own.board, null)
  }
}
