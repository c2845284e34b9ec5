// One node of a fleet: it beats, sits in its seat, publishes its own board while it leads, and follows the fleet's otherwise.
// What it decides is in seat.ts and follow.ts; this file carries it out, in the order in which answers come.
//
// Nothing here is on the way of a reader: the hub gets boards, and a reader that comes back costs Redis nothing, but for one shared
// pull when its id is ahead of what this node shows.
import type { Board } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import { EngineError } from '../redis/connection.js'
import type { Link } from '../redis/link.js'
import { isDeaf, NEW_PROBE, type Probe, probeAcknowledged, probeAgain, probeHeard } from '../redis/probe.js'
import { FLEET_PROTO, type FleetSource } from './board-text.js'
import { LOWER_TERM_MS } from './follow.js'
import { type FleetKeys, serversKeys } from './keys.js'
import { type Lease, parseLease } from './lease.js'
import { beatOf, type NodeInfo, type Presence } from './presence.js'
import type { OwnBoard } from './publisher.js'
import { type BeatAnswer, beat, type Want } from './scripts/beat.js'
import { join } from './scripts/join.js'
import { steal, transfer } from './scripts/transfer.js'
import { CLEAR, type Seal } from './seal.js'
import {
  newSeat,
  SEAT_LIMITS,
  type Seat,
  type SeatEffect,
  type SeatEvent,
  type SeatLimits,
  type SeatState,
  seatStep,
} from './seat.js'
import { type PullReason, SharedBoard, type SharedBoardEvents, type Unreadable } from './shared-board.js'

export type FleetTimes = {
  readonly beatMs: number
  readonly leaseMs: number
  /** A node without a beat for this long counts as gone. */
  readonly goneMs: number
  /** How long a published beat may take to come back through the subscription. */
  readonly deafMs: number
  /** The longest that a reader ahead of this node waits for a pull. */
  readonly aheadMs: number
  readonly lowerTermMs: number
  /** Beats, or ticks of the loop that makes boards if these are rarer, without a tick after which the loop counts as hung. */
  readonly hungBeats: number
  /** How long a stop waits for the lease to be handed on. */
  readonly leaveMs: number
  readonly seat: SeatLimits
}

export const FLEET_TIMES: FleetTimes = {
  beatMs: 1_000,
  leaseMs: 5_000,
  goneMs: 15_000,
  deafMs: 3_000,
  aheadMs: 300,
  lowerTermMs: LOWER_TERM_MS,
  hungBeats: 3,
  leaveMs: 1_000,
  seat: SEAT_LIMITS,
}

export type FleetObserver = {
  /** Redis knows this node as one of the fleet. */
  onJoined?(): void
  onSeat?(from: Seat, to: Seat): void
  /** The engine is gone, or back. */
  onEngine?(isGone: boolean): void
  onTerm?(term: number): void
  onFenced?(): void
  onPull?(why: PullReason): void
  /** From the notice of a board until it is shown. */
  onNotice?(lagSeconds: number): void
  onUnshared?(why: 'large'): void
  /** The board in Redis cannot be read, or can again. */
  onReadable?(why: Unreadable | null): void
  onBeat?(seconds: number): void
  /** This fleet belongs to others: no token in common. */
  onForeign?(): void
  /** Something that is not the engine being gone: a strange answer, an error reply. */
  onFault?(what: string, error: unknown): void
}

export type FleetPorts = {
  /** Shows this board to all readers; `source` is the publisher's, null: it is this node's own. */
  show(board: Board, source: FleetSource | null): void
  presence(): Presence
  /** The board of the servers; absent: none is made. */
  readonly servers?: ServersPort
}

export type ServersPort = {
  /** As `FleetPorts.show`. */
  show(board: Board, source: FleetSource | null): void
  /** Made once a beat by the publisher, and by each node while the engine is gone, of what it knows then. */
  make(): Promise<OwnBoard>
}

export type FleetOptions = {
  readonly id: string
  readonly keys: FleetKeys
  readonly link: Link
  readonly ports: FleetPorts
  /** HMACs of the tokens of this node. */
  readonly marks: () => readonly string[]
  readonly clock: Clock
  /** A random text for a Redis that has none yet. */
  readonly newLife: () => string
  /** False: it shows the board of another server, which it never publishes. */
  readonly mayLead?: boolean
  /** The longest time between two ticks of the loop that makes boards; a beat unless given. */
  readonly refreshMs?: () => number
  /** What is written to Redis is encrypted with it; by default it is not. */
  readonly seal?: Seal
  /** The version of what it writes, which it reads with the one before; that of this release unless given. */
  readonly proto?: number
  readonly timers?: Timers
  readonly times?: FleetTimes
  readonly observer?: FleetObserver
}

export class FleetNode {
  readonly #options: FleetOptions
  readonly #timers: Timers
  readonly #times: FleetTimes
  readonly #observer: FleetObserver
  readonly #main: SharedBoard
  /** The board of the servers; null: there is none. */
  readonly #servers: SharedBoard | null
  #seat: SeatState
  #probe: Probe = NEW_PROBE
  #beat = 0
  #answeredBeat = 0
  #engineMs = 0
  #dueMs: number | null = null
  #lateMs = 0
  #life: string | null = null
  /** Redis knows this node's tokens: before that it does not beat. */
  #isMember = false
  #isJoining = false
  #nodes = 1
  #loopBeats = 0
  #isMakingServers = false
  #unreadable: Unreadable | null = null
  #cancelTick: () => void = () => {}
  #isStopped = false

  constructor(options: FleetOptions) {
    this.#options = options
    this.#timers = options.timers ?? systemTimers
    this.#times = options.times ?? FLEET_TIMES
    this.#observer = options.observer ?? {}
    this.#seat = newSeat(options.id, options.clock.monotonicMs(), options.mayLead)
    const { ports, keys } = options
    this.#main = this.#sharedBoard(keys, false, {
      show: (board, source) => ports.show(board, source),
      onUnshared: () => this.#observer.onUnshared?.('large'),
      onPull: why => this.#observer.onPull?.(why),
      onNotice: lagSeconds => this.#observer.onNotice?.(lagSeconds),
      onReadable: why => this.#setUnreadable(why),
    })
    const { servers } = ports
    this.#servers =
      servers === undefined
        ? null
        : this.#sharedBoard(serversKeys(keys), true, {
            show: (board, source) => servers.show(board, source),
            onUnshared: () => {},
            onPull: () => {},
            onNotice: () => {},
            // The main board decides whether this version can follow.
            onReadable: () => {},
          })
  }

  #sharedBoard(
    keys: FleetKeys,
    isOwnAdrift: boolean,
    events: Omit<SharedBoardEvents, 'onFenced' | 'onFailed'>,
  ): SharedBoard {
    const { link } = this.#options
    return new SharedBoard({
      link,
      keys,
      isOwnAdrift,
      nowMs: () => this.#nowMs(),
      lowerTermMs: this.#times.lowerTermMs,
      seal: this.#options.seal ?? CLEAR,
      proto: this.#options.proto ?? FLEET_PROTO,
      state: () => ({ seat: this.#seat.seat, lease: this.#seat.lease, life: this.#life }),
      events: {
        ...events,
        onFenced: () => {
          this.#observer.onFenced?.()
          this.#do({ type: 'fenced' })
        },
        onFailed: (what, error) => this.#failed(what, error),
      },
    })
  }

  #setUnreadable(why: Unreadable | null): void {
    if (why !== this.#unreadable) this.#observer.onReadable?.(why)
    this.#unreadable = why
    this.#do({ type: 'unreadable', isUnreadable: why !== null })
  }

  get #boards(): readonly SharedBoard[] {
    return this.#servers === null ? [this.#main] : [this.#main, this.#servers]
  }

  // ── what the program asks ──────────────────────────────────────────────────────────────────────────────────────

  get seat(): Seat {
    return this.#seat.seat
  }

  /** Of the lease that was last seen; null: nobody has it. */
  get term(): number | null {
    return this.#seat.lease?.term ?? null
  }

  /** What it publishes under; null while it does not lead. */
  get lease(): Lease | null {
    return this.seat === 'leading' ? this.#seat.lease : null
  }

  /** Nodes that beat, as last seen: what limits are shared by while the engine is gone. */
  get nodes(): number {
    return this.#nodes
  }

  get isEngineGone(): boolean {
    return this.#seat.isEngineGone
  }

  /** Why it cannot read the fleet's board; null: it can. */
  get unreadable(): Unreadable | null {
    return this.#seat.isUnreadable ? this.#unreadable : null
  }

  get shown(): Board {
    return this.#main.shown
  }

  /** What it says of itself with the next beat. */
  get info(): NodeInfo {
    return this.#info()
  }

  /** Its tokens changed: they are made known with the next beat. */
  rejoin(): void {
    this.#isMember = false
  }

  /** Begins to beat. Call once. */
  start(): void {
    const { link, keys } = this.#options
    link.subscribe(keys.channels.board, message => this.#main.notice(message))
    link.subscribe(keys.channels.servers, message => this.#servers?.notice(message))
    link.subscribe(keys.channels.vacant, message => this.#onVacant(message))
    link.subscribe(keys.channels.probe, message => {
      if (/^\d{1,15}$/.test(message)) this.#probe = probeHeard(this.#probe, Number(message))
    })
    this.#tick()
  }

  /** A connection to Redis is up. A node that has not joined does so now: a server that starts need not wait for the next beat. */
  reached(): void {
    const { commands, isListening } = this.#options.link
    if (!this.#isStopped && !this.#isMember && commands.isUp && isListening) this.#join()
  }

  /** The loop made a board, or found nothing new: it ticks. `isFresh`: its source is. */
  own(own: OwnBoard, isFresh: boolean): void {
    this.#loopBeats = 0
    this.#main.keep(own)
    this.#do({ type: 'hung', isHung: false })
    this.#do({ type: 'reading', nowMs: this.#nowMs(), isFresh })
    this.#main.share()
  }

  /**
   * Before a reader is answered whose id this node does not have: its epoch or generation may be in Redis already. Resolves after
   * a pull, or after the longest wait; all that wait share the pull.
   */
  async catchUp(): Promise<void> {
    if (this.#isStopped || this.seat === 'leading' || !this.#options.link.commands.isUp) return
    let cancel = (): void => {}
    const enough = new Promise<void>(resolve => {
      cancel = this.#timers.after(this.#times.aheadMs, resolve)
    })
    await Promise.race([Promise.all(this.#boards.map(board => board.pull('reader'))), enough])
    cancel()
  }

  /** Hands the lease on, if it has it, and leaves. Idempotent. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    const { lease, successor } = this.#seat
    const isLeading = this.seat === 'leading'
    this.#isStopped = true
    this.#cancelTick()
    for (const board of this.#boards) board.stop()
    const leaving = (async () => {
      if (isLeading && lease !== null && successor !== null) await this.#transfer(lease, successor)
      await this.#send('resign', false, 0)
    })()
    let cancel = (): void => {}
    const enough = new Promise<void>(resolve => {
      cancel = this.#timers.after(this.#times.leaveMs, resolve)
    })
    await Promise.race([leaving.catch((error: unknown) => this.#failed('leave', error)), enough])
    cancel()
    const { link, keys } = this.#options
    for (const channel of Object.values(keys.channels)) link.unsubscribe(channel)
  }

  /** Ends it as a crash does: nothing is handed on. */
  kill(): void {
    this.#isStopped = true
    this.#cancelTick()
    for (const board of this.#boards) board.stop()
  }

  // ── beats ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  #tick(): void {
    if (this.#isStopped) return
    this.#cancelTick = this.#timers.after(this.#times.beatMs, () => this.#tick())
    const { link } = this.#options
    const nowMs = this.#nowMs()
    this.#lateMs = Math.max(0, nowMs - (this.#dueMs ?? nowMs))
    this.#dueMs = nowMs + this.#times.beatMs
    if (isDeaf(this.#probe, nowMs, this.#times.deafMs)) {
      this.#probe = probeAgain(this.#probe)
      link.reset('deaf')
    }
    if (this.#main.hasOwn && ++this.#loopBeats > this.#hungBeats()) this.#do({ type: 'hung', isHung: true })
    const isUp = link.commands.isUp && link.isListening
    if (isUp !== (this.#seat.closedSinceMs === null)) this.#do({ type: 'link', nowMs, isUp })
    this.#do({ type: 'tick', nowMs })
    if (this.seat === 'alone' || this.seat === 'adrift') this.#makeServers()
  }

  #hungBeats(): number {
    const { beatMs, hungBeats } = this.#times
    return hungBeats * Math.max(1, Math.ceil((this.#options.refreshMs?.() ?? 0) / beatMs))
  }

  #do(event: SeatEvent): void {
    if (this.#isStopped) return
    const { state, effects } = seatStep(this.#seat, event, this.#times.seat)
    const isOther = state.seat !== this.#seat.seat
    this.#seat = state
    if (isOther && state.seat !== 'leading') for (const board of this.#boards) board.stopLeading()
    for (const effect of effects) this.#carryOut(effect)
    if (isOther) for (const board of this.#boards) board.showOwn()
  }

  #carryOut(effect: SeatEffect): void {
    switch (effect.type) {
      case 'beat':
        if (!this.#isMember) {
          this.#join()
          return
        }
        this.#send(effect.want, effect.isReady, this.#times.goneMs).catch((error: unknown) =>
          this.#failed('beat', error),
        )
        return
      case 'lead':
        this.#observer.onTerm?.(effect.lease.term)
        for (const board of this.#boards) board.lead(effect.lease)
        return
      case 'transfer':
        this.#transfer(effect.lease, effect.to).catch((error: unknown) => this.#failed('transfer', error))
        return
      case 'steal':
        steal(this.#options.link.run, this.#options.keys, effect.lease).catch((error: unknown) =>
          this.#failed('steal', error),
        )
        return
      case 'seat':
        this.#observer.onSeat?.(effect.from, effect.to)
        return
      case 'engine':
        this.#observer.onEngine?.(effect.isGone)
    }
  }

  async #transfer(lease: NonNullable<SeatState['lease']>, to: string): Promise<void> {
    const { link, keys } = this.#options
    await transfer(link.run, keys, lease, to, this.#times.leaseMs)
  }

  async #send(want: Want, isReady: boolean, goneMs: number): Promise<void> {
    const { link, keys, id, newLife } = this.#options
    this.#beat++
    const number = this.#beat
    const sentMs = this.#nowMs()
    const answer = await beat(link.run, keys, {
      node: id,
      info: JSON.stringify(this.#info()),
      beat: number,
      want,
      isReady,
      leaseMs: this.#times.leaseMs,
      goneMs,
      life: newLife(),
    })
    // A later beat was answered already, over a new connection.
    if (this.#isStopped || number < this.#answeredBeat) return
    this.#answeredBeat = number
    this.#engineMs = this.#nowMs() - sentMs
    this.#observer.onBeat?.(this.#engineMs / 1000)
    this.#answered(answer, number)
  }

  #info(): NodeInfo {
    const { seat, freshSinceMs, isDraining } = this.#seat
    const { epoch, generation } = this.#main.shown
    return {
      ...this.#options.ports.presence(),
      v: this.#options.proto ?? FLEET_PROTO,
      beat: this.#beat,
      role: seat,
      fresh: freshSinceMs !== null,
      draining: isDraining,
      epoch,
      generation,
      lag_ms: Math.round(this.#lateMs),
      engine_ms: Math.round(this.#engineMs),
    }
  }

  #answered(
    { lease, head, serversHead, life, nodes, successor, holderInfo }: BeatAnswer,
    number: number,
  ): void {
    const nowMs = this.#nowMs()
    this.#probe = probeAcknowledged(this.#probe, number, nowMs)
    // A Redis that forgot everything has forgotten whose fleet this is.
    if (this.#life !== null && this.#life !== life) this.#isMember = false
    this.#life = life
    this.#nodes = Math.max(1, nodes)
    this.#do({ type: 'answered', nowMs, lease, successor, holderBeat: beatOf(holderInfo) })
    // No server of the later version leads any more, after a rollback: its board in Redis does not keep this node from leading.
    if (this.#unreadable === 'version' && this.#seat.vacant >= this.#times.seat.vacantBeats)
      this.#setUnreadable(null)
    this.#main.found({ lease, head, life })
    this.#servers?.found({ lease, head: serversHead, life })
    if (this.seat === 'leading') this.#makeServers()
  }

  #makeServers(): void {
    const { servers } = this.#options.ports
    if (servers === undefined || this.#isMakingServers) return
    this.#isMakingServers = true
    servers
      .make()
      .then(
        own => {
          this.#servers?.keep(own)
          this.#servers?.share()
        },
        (error: unknown) => this.#failed('servers', error),
      )
      .finally(() => {
        this.#isMakingServers = false
      })
  }

  #join(): void {
    if (this.#isJoining) return
    this.#isJoining = true
    const { link, keys, marks } = this.#options
    join(link.run, keys, marks())
      .then(
        answer => {
          this.#isMember = answer === 'ok'
          if (answer === 'foreign') {
            this.#observer.onForeign?.()
            return
          }
          this.#observer.onJoined?.()
          this.#do({ type: 'joined' })
        },
        (error: unknown) => this.#failed('join', error),
      )
      .finally(() => {
        this.#isJoining = false
      })
  }

  /** An engine that is gone is what the beats find out; everything else is reported. */
  #failed(what: string, error: unknown): void {
    if (error instanceof EngineError && error.fault !== 'refused') return
    this.#observer.onFault?.(what, error)
  }

  #onVacant(message: string): void {
    const lease = parseLease(message)
    if (lease !== undefined) this.#do({ type: 'vacant', lease })
  }
}
