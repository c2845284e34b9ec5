// All open connections: counted once, for limit, health and metrics alike; ended for one reason or another; and watched by one
// timer, once a second, for keep-alives, stalled peers, age and expired credentials. A connection counts until its transport has
// closed, since it holds a socket until then.
//
// How a reader that is gone gives its place back, from the surest sign to the last resort:
//   - its connection closes, or TCP keep-alive finds its host gone;
//   - it takes no byte although some wait in our memory (`hasStalled`), or in queues of the system (unread-watch.ts);
//   - an idle stream has too few bytes to show that: when one more finds no place, readers are sent filler (filler.ts);
//   - its stream has reached its maximum age.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Log } from '../log/log.js'
import type { ByeReason } from '../protocol/events.js'
import type { ConnectionKind, ReaderData } from '../protocol/readers.js'
import type { Connection } from './connection.js'
import { ReaderLog } from './reader-log.js'
import type { WaitingBytes } from './tcp-table.js'
import type { TcpTable } from './tcp-table-files.js'
import { UnreadWatch } from './unread-watch.js'

export type { ConnectionKind }

export type DisconnectReason = 'client' | ByeReason | 'error'

export type ReaderState = Pick<ReaderData, 'position' | 'behind' | 'subset' | 'mode' | 'view'> & {
  /** Where the connection has no owner of its own. */
  readonly has_owner?: boolean
}

/** What is done for connections of one kind by the part that writes to them. */
export interface ConnectionHost<C extends Connection> {
  readonly kind: ConnectionKind
  /** A blocked connection whose peer takes no byte for so long is ended. */
  stallMs(): number
  /** It can be written to again. */
  onDrain(connection: C): void
  /** Once a second while it can be written to: the time to send a keep-alive that is due. */
  onTick(connection: C, nowMs: number): void
  /** Sends it filler; a kind without it gets none. */
  onFill?(connection: C, nowMs: number): void
  /** What it costs compared with others; shedding ends the costliest first. Default 0. */
  costOf?(connection: C): number
  /** What it is sent at its end; null: it is closed at once; `cut`: it is broken off behind what was written, without an end. */
  lastBytes(connection: C, reason: ByeReason): Buffer | null | 'cut'
  /** What only its kind knows, for /summary/readers. */
  describe(connection: C): ReaderState
  /** It was ended or has closed, whichever came first. Exactly once. */
  onLeave(connection: C, reason: DisconnectReason): void
  /** It has closed. Exactly once, after `onLeave`. */
  onClose?(connection: C): void
}

export const TICK_MS = 1_000
/** How long an ended connection may take no byte before it is destroyed. */
const LINGER_MS = 2_000

/** The age of a stream differs by so much either way. */
const AGE_SPREAD = 0.2
/**
 * Between two rounds of filler while places are short: first so long, then twice as long each time, up to the second; and how many
 * readers are sent it in one tick: 2 MiB a second.
 */
const FIRST_FILL_MS = 20_000
const FILL_EVERY_MS = 600_000
const FILLS_PER_TICK = 16

export type ConnectionsOptions = {
  readonly clock?: Clock
  readonly timers?: Timers
  /** What the system knows of its connections; by default nothing. */
  readonly tcpTable?: TcpTable
  /** Of a stream of board or status; 0 = never ended for its age, as by default. */
  readonly maxAgeMs?: () => number
  /** Gets joins and leaves; by default nobody does. */
  readonly log?: Log
  /** 0 ≤ n < 1 */
  readonly random?: () => number
}

type Waiter = { readonly kind: ConnectionKind; readonly resolve: () => void }

export class Connections {
  readonly #clock: Clock
  readonly #timers: Timers
  /** In the order they were opened. */
  readonly #open = new Map<Connection, ConnectionHost<Connection>>()
  readonly #counts: Record<ConnectionKind, number> = { board: 0, status: 0, chat: 0 }
  readonly #byAddress = new Map<string, number>()
  /** The connection that has not ended, for each ticket. */
  readonly #byTicket = new Map<string, Connection>()
  readonly #waiters = new Set<Waiter>()
  readonly #unread: UnreadWatch
  readonly #maxAgeMs: () => number
  readonly #random: () => number
  readonly #log: ReaderLog | null
  /** The round of filler in progress began then; null: there is none. */
  #fillingSinceMs: number | null = null
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #nextFillMs = Number.NEGATIVE_INFINITY
  #fillRounds = 0
  #cancelTick: (() => void) | null = null

  constructor(options: ConnectionsOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#timers = options.timers ?? systemTimers
    this.#unread = new UnreadWatch(options.tcpTable ?? null)
    this.#maxAgeMs = options.maxAgeMs ?? (() => 0)
    this.#random = options.random ?? Math.random
    this.#log = options.log === undefined ? null : new ReaderLog(options.log, this.#clock)
  }

  /** Whole milliseconds: see Connection. */
  nowMs(): number {
    return Math.trunc(this.#clock.monotonicMs())
  }

  count(kind: ConnectionKind): number {
    return this.#counts[kind]
  }

  /** What the limit of streams counts: readers of the board and of the status. */
  get streams(): number {
    return this.#counts.board + this.#counts.status
  }

  /** Streams of one address. */
  streamsOf(addressKey: string): number {
    return this.#byAddress.get(addressKey) ?? 0
  }

  get total(): number {
    return this.#open.size
  }

  /** One more reader found no place: those that hold one must show that they read. */
  refuse(): void {
    const nowMs = this.nowMs()
    if (nowMs - this.#refusedAtMs > FILL_EVERY_MS) this.#fillRounds = 0
    this.#refusedAtMs = nowMs
    if (this.#fillRounds > 0 && nowMs < this.#nextFillMs) return
    this.#fillingSinceMs = nowMs
    this.#nextFillMs = nowMs + Math.min(FILL_EVERY_MS, FIRST_FILL_MS * 2 ** this.#fillRounds)
    this.#fillRounds++
  }

  /** The addresses with most streams, and how many each has. */
  busiest(most: number): readonly { readonly address: string; readonly streams: number }[] {
    return [...this.#byAddress]
      .sort(([, one], [, other]) => other - one)
      .slice(0, most)
      .map(([address, streams]) => ({ address, streams }))
  }

  /** The newest so many, the newest first. */
  newest(most: number): readonly ReaderData[] {
    const [nowMs, wallMs] = [this.nowMs(), this.#clock.nowMs()]
    return [...this.#open]
      .slice(-most)
      .reverse()
      .map(([connection, host]) => {
        const { client, owner, wire, blocked, openedAtMs, transport } = connection
        return {
          kind: host.kind,
          address: client?.address ?? null,
          user_agent: client?.userAgent ?? null,
          since: new Date(wallMs - (nowMs - openedAtMs)).toISOString(),
          open_sec: (nowMs - openedAtMs) / 1_000,
          has_owner: owner !== null,
          encoding: wire.encoding,
          blocked,
          waiting_bytes: transport.progress(),
          ...host.describe(connection),
        }
      })
  }

  /** The open connection of a client that came with this ticket. */
  withTicket(ticketId: string): Connection | null {
    return this.#byTicket.get(ticketId) ?? null
  }

  /** Owns the connection from now until it has closed. Ends an earlier one with the same ticket. */
  open<C extends Connection>(connection: C, host: ConnectionHost<C>): void {
    this.#replace(connection)
    this.#open.set(connection, host)
    this.#count(connection, host.kind, 1)
    const stallMs = host.stallMs()
    connection.agePart = Math.round(1_000 * (1 + AGE_SPREAD * (2 * this.#random() - 1)))
    this.#unread.lookSoon(stallMs, connection.openedAtMs)
    this.#log?.joined(host.kind, connection.client)
    connection.transport.attach({
      onDrain: () => {
        if (connection.ended) return
        connection.blocked = false
        host.onDrain(connection)
      },
      onClose: () => {
        if (!this.#open.delete(connection)) return
        this.#count(connection, host.kind, -1)
        this.#unread.forget(connection)
        this.#leave(connection, host, 'client')
        host.onClose?.(connection)
        if (this.#open.size === 0) this.#stopTick()
        for (const { kind, resolve } of this.#waiters) if (this.#counts[kind] === 0) resolve()
      },
    })
    this.#cancelTick ??= this.#timers.after(TICK_MS, () => this.#tick())
  }

  /** Writes the last bytes and ends the connection in order; nothing for one that has ended. */
  end(connection: Connection, reason: ByeReason): void {
    const host = this.#open.get(connection)
    if (host === undefined || connection.ended) return
    const bytes = host.lastBytes(connection, reason)
    this.#leave(connection, host, reason)
    if (bytes === null) connection.transport.destroy()
    else {
      connection.watchProgress(this.nowMs())
      if (bytes === 'cut') connection.transport.breakOff(connection.wire.framing === 'raw')
      else connection.transport.end(bytes)
    }
  }

  /** Ends the streams whose owner the predicate names; returns how many. */
  dismiss(which: (owner: string | null) => boolean, reason: ByeReason, kind?: ConnectionKind): number {
    return this.#endAll(
      this.#streams(kind).filter(({ owner }) => which(owner)),
      reason,
    )
  }

  /** Ends a part (0–1) of the streams, the costliest and of equal ones the newest; returns how many. */
  shed(part: number, kind?: ConnectionKind): number {
    const byCost = this.#streams(kind)
      .map(connection => ({ connection, cost: this.#open.get(connection)?.costOf?.(connection) ?? 0 }))
      .reverse()
      .sort((a, b) => b.cost - a.cost)
    const ended = byCost.slice(0, Math.ceil(byCost.length * part)).map(({ connection }) => connection)
    return this.#endAll(ended.reverse(), 'shed')
  }

  /** Ends all of a kind, and waits as `drain` does. */
  close(kind: ConnectionKind, graceMs: number): Promise<void> {
    for (const [connection, host] of this.#open) if (host.kind === kind) this.end(connection, 'shutdown')
    return this.drain(kind, graceMs)
  }

  /** Resolves when none of a kind is left; destroys those that are left after `graceMs`. */
  async drain(kind: ConnectionKind, graceMs: number): Promise<void> {
    if (this.#counts[kind] > 0) {
      await new Promise<void>(done => {
        const cancel = this.#timers.after(graceMs, () => resolve())
        const waiter = { kind, resolve: () => resolve() }
        const resolve = (): void => {
          cancel()
          this.#waiters.delete(waiter)
          done()
        }
        this.#waiters.add(waiter)
      })
    }
    for (const [{ transport }, host] of this.#open) if (host.kind === kind) transport.destroy()
  }

  /** Streams that have not ended; of one kind, or of both. */
  #streams(kind?: ConnectionKind): readonly Connection[] {
    return [...this.#open].flatMap(([connection, host]) => {
      const isMeant = kind === undefined ? host.kind !== 'chat' : host.kind === kind
      return isMeant && !connection.ended ? [connection] : []
    })
  }

  #endAll(connections: readonly Connection[], reason: ByeReason): number {
    for (const connection of connections) this.end(connection, reason)
    return connections.length
  }

  #replace(connection: Connection): void {
    const { ticketId } = connection
    if (ticketId === null) return
    const earlier = this.#byTicket.get(ticketId)
    // Its client does not read it any more: it has come back.
    if (earlier !== undefined) this.end(earlier, 'stalled')
    this.#byTicket.set(ticketId, connection)
  }

  #leave<C extends Connection>(connection: C, host: ConnectionHost<C>, reason: DisconnectReason): void {
    if (connection.ended) return
    connection.ended = true
    const seconds = (this.nowMs() - connection.openedAtMs) / 1_000
    this.#log?.left(host.kind, connection.client, reason, seconds)
    const { ticketId } = connection
    if (ticketId !== null && this.#byTicket.get(ticketId) === connection) this.#byTicket.delete(ticketId)
    host.onLeave(connection, reason)
  }

  #count({ addressKey }: Connection, kind: ConnectionKind, by: 1 | -1): void {
    this.#counts[kind] += by
    if (addressKey === null || kind === 'chat') return
    const count = this.streamsOf(addressKey) + by
    if (count === 0) this.#byAddress.delete(addressKey)
    else this.#byAddress.set(addressKey, count)
  }

  #tick(): void {
    this.#cancelTick = this.#timers.after(TICK_MS, () => this.#tick())
    const nowMs = this.nowMs()
    const maxAgeMs = this.#maxAgeMs()
    // Credentials expire by the time of day.
    const wallMs = this.#clock.nowMs()
    for (const [connection, host] of this.#open) {
      const { ended, blocked, openedAtMs, agePart, validUntilMs } = connection
      if (ended) {
        if (connection.hasStalled(LINGER_MS, nowMs)) connection.transport.destroy()
      } else if (validUntilMs !== null && wallMs > validUntilMs) this.end(connection, 'auth_expired')
      else if (maxAgeMs > 0 && host.kind !== 'chat' && (nowMs - openedAtMs) * 1_000 >= maxAgeMs * agePart) {
        this.end(connection, 'max_age')
      } else if (!blocked) host.onTick(connection, nowMs)
      else if (connection.hasStalled(host.stallMs(), nowMs)) this.end(connection, 'stalled')
    }
    // Without the queues of the system, filler shows nothing; they are known after the first look.
    if (this.#fillingSinceMs !== null && this.#unread.isKnown) this.#fill(this.#fillingSinceMs, nowMs)
    this.#unread.tick(nowMs, waiting => this.#endDead(waiting))
  }

  /** Shows which readers read, the oldest first. */
  #fill(sinceMs: number, nowMs: number): void {
    let left = FILLS_PER_TICK
    for (const [connection, host] of this.#open) {
      if (left === 0) return
      const { ended, blocked, openedAtMs, filledAtMs, transport } = connection
      if (host.onFill === undefined || openedAtMs >= sinceMs || filledAtMs >= sinceMs) continue
      if (ended || blocked || transport.farPort === null) continue
      left--
      connection.filledAtMs = nowMs
      host.onFill(connection, nowMs)
      this.#unread.lookSoon(host.stallMs(), nowMs)
    }
    this.#fillingSinceMs = null
  }

  #endDead(waiting: WaitingBytes): void {
    const nowMs = this.nowMs()
    for (const [connection, host] of this.#open) {
      if (connection.ended) continue
      if (this.#unread.isDead(connection, waiting, host.stallMs(), nowMs)) this.end(connection, 'stalled')
    }
  }

  #stopTick(): void {
    this.#cancelTick?.()
    this.#cancelTick = null
  }
}
