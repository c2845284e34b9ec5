// Joins and leaves as lines of the debug log.
import type { Clock } from '../clock/clock.js'
import { LineLimit } from '../log/line-limit.js'
import type { Log } from '../log/log.js'
import type { ConnectionKind } from '../protocol/readers.js'
import type { ConnectedClient } from './connection.js'

export class ReaderLog {
  readonly #log: Log
  readonly #clock: Clock
  readonly #joins: LineLimit
  readonly #leaves: LineLimit

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#joins = new LineLimit(clock.monotonicMs())
    this.#leaves = new LineLimit(clock.monotonicMs())
  }

  joined(kind: ConnectionKind, client: ConnectedClient | null): void {
    this.#write(this.#joins, { kind, ...client }, 'a reader has joined')
  }

  left(kind: ConnectionKind, client: ConnectedClient | null, reason: string, seconds: number): void {
    this.#write(this.#leaves, { kind, ...client, reason, seconds }, 'a reader has left')
  }

  #write(limit: LineLimit, fields: object, message: string): void {
    if (!this.#log.isLevelEnabled('debug')) return
    const suppressed = limit.take(this.#clock.monotonicMs())
    if (suppressed !== null) this.#log.debug({ ...fields, ...suppressed }, message)
  }
}
