// One connection to Redis that is made again whenever it is lost, with a deadline on every command.
//
// No client library is trusted with time: a command on a silently stalled connection waits for ever in some of them. So each
// command has a deadline here; when it passes, the socket is destroyed and a new connection is made, which looks up names and
// asks Sentinels again. Commands are never repeated and never wait for a connection: the caller knows what a lost answer means.
//
// Cost: one timer and two promises for a command, under 2 µs.
import { systemTimers, type Timers } from '../clock/timers.js'
import { type Command, type Connection, EngineError } from './connection.js'
import type { Script } from './script.js'

/**
 * `deadline`: a command got no answer. `connect`: no connection within the deadline. `closed`: the other side ended it.
 * `replica`: it refuses writes, or is loading: resolve again. `deaf`: what is published does not arrive (probe.ts).
 */
export type ResetReason = 'deadline' | 'connect' | 'closed' | 'replica' | 'deaf'

export type LaneTimes = {
  /** The longest wait for an answer. */
  readonly deadlineMs: number
  /** The longest wait for a connection that can be used. */
  readonly connectMs: number
  /** Full jitter: a random part of `retryMs * 2^n`, at most of `retryMaxMs`. */
  readonly retryMs: number
  readonly retryMaxMs: number
}

/** Three beats of a second: a slower engine is treated as gone. */
export const LANE_TIMES: LaneTimes = { deadlineMs: 3_000, connectMs: 2_000, retryMs: 50, retryMaxMs: 2_000 }

export type LaneObserver = {
  onReset?(why: ResetReason): void
  onAnswer?(seconds: number): void
  onUp?(): void
  onDown?(): void
}

export type LaneOptions = {
  readonly open: () => Connection
  /** What a new connection needs before commands may use it: a PING, or its subscriptions. */
  readonly prepare: (connection: Connection) => Promise<unknown>
  readonly monotonicMs: () => number
  readonly timers?: Timers
  readonly random?: () => number
  readonly times?: LaneTimes
  readonly observer?: LaneObserver
}

export type RunOptions = {
  /** The caller stops waiting after this; the connection still has its whole deadline. */
  readonly waitMs?: number
  readonly as?: 'text' | 'bytes'
}

/** More commands without an answer than this: the newest are refused at once. */
const MOST_PENDING = 4_096

/** Errors that say: not this server. From within a script they may come behind other words. */
const NOT_HERE = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN)\b/

export class Lane {
  readonly #options: LaneOptions
  readonly #timers: Timers
  readonly #times: LaneTimes
  #connection: Connection | null = null
  #up = false
  #downSinceMs: number
  #attempts = 0
  #pending = 0
  #cancelNext: () => void = () => {}
  #closed = false

  constructor(options: LaneOptions) {
    this.#options = options
    this.#timers = options.timers ?? systemTimers
    this.#times = options.times ?? LANE_TIMES
    this.#downSinceMs = options.monotonicMs()
  }

  /** Connects, and goes on connecting until `close`. Call once. */
  start(): void {
    this.#connect()
  }

  get isUp(): boolean {
    return this.#up
  }

  /** Since when there is no connection, by the monotonic clock; null while there is one. */
  get downSinceMs(): number | null {
    return this.#up ? null : this.#downSinceMs
  }

  async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
    options: RunOptions = {},
  ): Promise<unknown> {
    try {
      return await this.send(['EVALSHA', script.sha1, keys.length, ...keys, ...args], options)
    } catch (error) {
      if (!(error instanceof EngineError && error.fault === 'refused' && error.message.includes('NOSCRIPT')))
        throw error
      return await this.send(['EVAL', script.text, keys.length, ...keys, ...args], options)
    }
  }

  /** Rejects with an EngineError and nothing else. */
  send(command: Command, { waitMs, as = 'text' }: RunOptions = {}): Promise<unknown> {
    const connection = this.#connection
    if (connection === null || !this.#up)
      return Promise.reject(new EngineError('gone', 'no connection to Redis'))
    if (this.#pending >= MOST_PENDING)
      return Promise.reject(new EngineError('busy', `${MOST_PENDING} commands wait for Redis`))
    const { monotonicMs, observer } = this.#options
    const sentMs = monotonicMs()
    this.#pending++
    const late = (ms: number): EngineError => new EngineError('late', `no answer of Redis within ${ms} ms`)
    return new Promise((resolve, reject) => {
      const { deadlineMs } = this.#times
      const cancels = [
        this.#timers.after(deadlineMs, () => {
          reject(late(deadlineMs))
          this.#reset(connection, 'deadline')
        }),
      ]
      if (waitMs !== undefined && waitMs < deadlineMs)
        cancels.push(this.#timers.after(waitMs, () => reject(late(waitMs))))
      const settle = (): void => {
        this.#pending--
        for (const cancel of cancels) cancel()
      }
      connection.send(command, as).then(
        reply => {
          settle()
          this.#attempts = 0
          observer?.onAnswer?.((monotonicMs() - sentMs) / 1000)
          resolve(reply)
        },
        (error: unknown) => {
          settle()
          const fault =
            error instanceof EngineError ? error : new EngineError('gone', 'the connection to Redis closed')
          reject(fault)
          if (fault.fault === 'refused' && NOT_HERE.test(fault.message)) this.#reset(connection, 'replica')
        },
      )
    })
  }

  /** Drops the connection and makes another. */
  reset(why: ResetReason): void {
    if (this.#connection !== null) this.#reset(this.#connection, why)
  }

  /** Idempotent. Commands without an answer are rejected. */
  close(): void {
    this.#closed = true
    this.#cancelNext()
    this.#connection?.destroy()
    this.#connection = null
    this.#up = false
  }

  #connect(): void {
    if (this.#closed) return
    const connection = this.#options.open()
    this.#connection = connection
    connection.onClosed = () => this.#reset(connection, this.#up ? 'closed' : 'connect')
    this.#cancelNext = this.#timers.after(this.#times.connectMs, () => this.#reset(connection, 'connect'))
    connection.ready
      .then(() => this.#options.prepare(connection))
      .then(
        () => {
          if (this.#connection !== connection) return
          this.#cancelNext()
          this.#up = true
          this.#options.observer?.onUp?.()
        },
        () => this.#reset(connection, 'connect'),
      )
  }

  #reset(connection: Connection, why: ResetReason): void {
    if (this.#connection !== connection) return
    this.#connection = null
    this.#cancelNext()
    connection.destroy()
    if (this.#up) {
      this.#up = false
      this.#downSinceMs = this.#options.monotonicMs()
      this.#options.observer?.onDown?.()
    }
    this.#options.observer?.onReset?.(why)
    const { retryMs, retryMaxMs } = this.#times
    const most = Math.min(retryMaxMs, retryMs * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 30)
    this.#cancelNext = this.#timers.after(most * (this.#options.random ?? Math.random)(), () =>
      this.#connect(),
    )
  }
}
