// Looks now and then at the queues of the system for all connections at once, and says which readers are dead (unread.ts).
import type { Connection } from './connection.js'
import { WaitingBytes } from './tcp-table.js'
import type { TcpTable } from './tcp-table-files.js'
import { isDead, seeUnread, type Unread } from './unread.js'

/**
 * With a stall time of 20 s or more; more often where it is shorter. Less than the 15 s after which an idle stream gets its next
 * byte, so that a byte that waits is seen before another follows: then it is known when it was written.
 */
const LOOK_EVERY_MS = 10_000
/** While bytes wait for someone, so that a dead reader is found soon after its time. */
const LOOK_AGAIN_MS = 5_000

export class UnreadWatch {
  readonly #table: TcpTable | null
  readonly #seen = new Map<Connection, Unread>()
  #nextAtMs = Number.POSITIVE_INFINITY
  #isReading = false
  #isKnown = false

  constructor(table: TcpTable | null) {
    this.#table = table
  }

  /** Whether this system shows its queues. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** A connection with this stall time is open, or is sent much at once. */
  lookSoon(stallMs: number, nowMs: number): void {
    this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + Math.min(LOOK_EVERY_MS, stallMs / 2))
  }

  forget(connection: Connection): void {
    this.#seen.delete(connection)
  }

  /** When it is time: reads the table, and calls `judge` with what is known of the connections then. */
  tick(nowMs: number, judge: (waiting: WaitingBytes) => void): void {
    if (this.#table === null || this.#isReading || nowMs < this.#nextAtMs) return
    this.#isReading = true
    this.#nextAtMs = Number.POSITIVE_INFINITY
    void this.#table.read().then(waiting => {
      this.#isReading = false
      this.#isKnown = waiting !== null
      judge(waiting ?? new WaitingBytes())
    })
  }

  /** Whether the peer of an open connection has taken no byte for the stall time although some wait. */
  isDead(connection: Connection, waiting: WaitingBytes, stallMs: number, nowMs: number): boolean {
    const { transport, lastByteAtMs } = connection
    const bytes = bytesFor(connection, waiting)
    if (bytes === 0) {
      this.forget(connection)
      this.lookSoon(stallMs, nowMs)
      return false
    }
    const before = this.#seen.get(connection)
    const sent = transport.sent()
    const now = seeUnread(before, { sent, waiting: bytes, lastWriteMs: lastByteAtMs }, nowMs)
    this.#seen.set(connection, now)
    this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + Math.min(LOOK_AGAIN_MS, stallMs / 6))
    return isDead(before, now, stallMs, nowMs)
  }
}

function bytesFor({ transport }: Connection, waiting: WaitingBytes): number {
  if (transport.farPort === null || !waiting.mayHave(transport.farPort)) return 0
  const ends = transport.ends()
  return ends === null ? 0 : waiting.of(ends)
}
