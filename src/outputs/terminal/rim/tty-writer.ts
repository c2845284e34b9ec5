// Writes to a terminal that may have stalled. Node's stdout blocks the process on a full terminal, so the terminal is opened
// again in non-blocking mode (the mode of other descriptors does not change). The rest of a write that does not fit is kept
// and retried; until it is written no other write is accepted.
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { systemTimers, type Timers } from '../../../clock/timers.js'

export type TerminalWriter = {
  /** The last write is not complete; do not write until `onDrained`. */
  readonly blocked: boolean
  write(text: string): void
  /** Blocks for at most `timeoutMs` until everything is written; returns whether it is. For the end. */
  writeNow(text: string, timeoutMs: number): boolean
  close(): void
}

export type WriterEdges = {
  /** Returns the bytes written; throws EAGAIN when the terminal is full. */
  readonly write: (bytes: Uint8Array) => number
  readonly close: () => void
  readonly sleepMs: (ms: number) => void
  readonly timers: Timers
}

export type WriterEvents = {
  onDrained(): void
  /** The terminal is gone (EIO, EPIPE). */
  onGone(error: unknown): void
}

const RETRY_MS = 25
const MAX_RETRY_MS = 250
const BLOCKING_RETRY_MS = 10

function isFull(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK')
  )
}

export class TtyWriter implements TerminalWriter {
  #rest: Uint8Array | null = null
  #cancelRetry: (() => void) | null = null
  #waitMs = RETRY_MS
  #gone = false
  #closed = false

  constructor(
    private readonly events: WriterEvents,
    private readonly edges: WriterEdges,
  ) {}

  get blocked(): boolean {
    return this.#rest !== null || this.#gone
  }

  write(text: string): void {
    if (this.#gone || text === '') return
    if (this.#rest !== null) throw new Error('the last write is not complete')
    this.#rest = this.#push(Buffer.from(text, 'utf8'))
    if (this.#rest !== null) this.#retryLater()
  }

  writeNow(text: string, timeoutMs: number): boolean {
    if (this.#gone) return false
    const rest = this.#rest
    let bytes: Uint8Array | null = Buffer.concat([rest ?? Buffer.alloc(0), Buffer.from(text, 'utf8')])
    this.#cancelTimer()
    this.#rest = null
    for (let waitedMs = 0; ; waitedMs += BLOCKING_RETRY_MS) {
      bytes = this.#push(bytes)
      if (bytes === null) return !this.#gone
      if (waitedMs >= timeoutMs) return false
      this.edges.sleepMs(BLOCKING_RETRY_MS)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer()
    this.#gone = true
    this.edges.close()
  }

  /** Returns the bytes that were not written. */
  #push(bytes: Uint8Array): Uint8Array | null {
    let left = bytes
    try {
      while (left.length > 0) left = left.subarray(this.edges.write(left))
      return null
    } catch (error) {
      if (isFull(error)) return left
      this.#gone = true
      this.events.onGone(error)
      return null
    }
  }

  #retryLater(): void {
    this.#cancelRetry = this.edges.timers.after(this.#waitMs, () => {
      this.#cancelRetry = null
      const rest = this.#rest
      if (rest === null) return
      const left = this.#push(rest)
      this.#rest = left
      if (left === null) {
        this.#waitMs = RETRY_MS
        if (!this.#gone) this.events.onDrained()
      } else {
        this.#waitMs = left.length < rest.length ? RETRY_MS : Math.min(MAX_RETRY_MS, this.#waitMs * 2)
        this.#retryLater()
      }
    })
  }

  #cancelTimer(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** `paths`: names of the terminal, tried in order; if all fail, the descriptor itself is used. */
export function openTerminal(
  events: WriterEvents,
  fd = 1,
  paths: readonly string[] = [`/proc/self/fd/${fd}`, '/dev/tty'],
): TtyWriter {
  const own = openFirst(paths)
  const target = own ?? fd
  return new TtyWriter(events, {
    write: bytes => writeSync(target, bytes),
    close: () => {
      if (own !== null) closeSync(own)
    },
    sleepMs: ms => void Atomics.wait(sleeper, 0, 0, ms),
    timers: systemTimers,
  })
}

function openFirst(paths: readonly string[]): number | null {
  for (const path of paths) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    } catch {
      // Another user's terminal after `su`, or no such name on this system: try the next. The descriptor itself works too, but
      // blocks on slow terminals.
    }
  }
  return null
}
