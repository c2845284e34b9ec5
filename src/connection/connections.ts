// All open connections: counted once, for limit, health and metrics alike; ended for one reason or another; and watched by one
// timer, once a second, for keep-alives and stalled peers. A connection counts until its transport has closed, since it holds
// a socket until then.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { ByeReason } from '../protocol/events.js'
import type { Connection } from './connection.js'

/** `board`: /summary/events; `status`: /events; `chat`: answers. */
export type ConnectionKind = 'board' | 'status' | 'chat'

export type DisconnectReason = 'client' | ByeReason | 'error'

/** What is done for connections of one kind by the part that writes to them. */
export interface ConnectionHost<C extends Connection> {
  readonly kind: ConnectionKind
  /** A blocked connection whose peer takes no byte for so long is ended. */
  stallMs(): number
  /** It can be written to again. */
  onDrain(connection: C): void
  /** Once a second while it can be written to: the time to send a keep-alive that is due. */
  onTick(connection: C, nowMs: number): void
  /** What it costs compared with others; shedding ends the costliest first. Default 0. */
  costOf?(connection: C): number
  /** What it is sent at its end; null: it is closed at once. */
  lastBytes(connection: C, reason: ByeReason): Buffer | null
  /** It was ended or has closed, whichever came first. Exactly once. */
  onLeave(connection: C, reason: DisconnectReason): void
  /** It has closed. Exactly once, after `onLeave`. */
  onClose?(connection: C): void
}

export const TICK_MS = 1_000
/** How long an ended connection may take no byte before it is destroyed. */
const LINGER_MS = 2_000

type Waiter = { readonly kind: ConnectionKind; readonly resolve: () => void }

export class Connections {
  readonly #clock: Clock
  readonly #timers: Timers
  /** In the order they were opened. */
  readonly #open = new Map<Connection, ConnectionHost<Connection>>()
  readonly #counts: Record<ConnectionKind, number> = { board: 0, status: 0, chat: 0 }
  readonly #byAddress = new Map<string, number>()
  readonly #waiters = new Set<Waiter>()
  #cancelTick: (() => void) | null = null

  constructor({ clock = systemClock, timers = systemTimers }: { clock?: Clock; timers?: Timers } = {}) {
    this.#clock = clock
    this.#timers = timers
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

  /** Owns the connection from now until it has closed. */
  open<C extends Connection>(connection: C, host: ConnectionHost<C>): void {
    this.#open.set(connection, host)
    this.#count(connection, host.kind, 1)
    connection.transport.attach({
      onDrain: () => {
        if (connection.ended) return
        connection.blocked = false
        host.onDrain(connection)
      },
      onClose: () => {
        if (!this.#open.delete(connection)) return
        this.#count(connection, host.kind, -1)
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
      connection.transport.end(bytes)
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

  #leave<C extends Connection>(connection: C, host: ConnectionHost<C>, reason: DisconnectReason): void {
    if (connection.ended) return
    connection.ended = true
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
    for (const [connection, host] of this.#open) {
      if (connection.ended) {
        if (connection.hasStalled(LINGER_MS, nowMs)) connection.transport.destroy()
      } else if (!connection.blocked) host.onTick(connection, nowMs)
      else if (connection.hasStalled(host.stallMs(), nowMs)) this.end(connection, 'stalled')
    }
  }

  #stopTick(): void {
    this.#cancelTick?.()
    this.#cancelTick = null
  }
}
