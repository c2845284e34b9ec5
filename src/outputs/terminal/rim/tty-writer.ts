// Writing to a terminal that may not be reading. Node's own stdout blocks the whole process on a full terminal; here the
// terminal is opened anew without blocking (an open of its own: nobody else's writes change), and what does not fit at once
// is kept, at most one write of it, and tried again a little later. Nothing else is taken until it is gone.
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { systemTimers, type Timers } from '../../../clock/timers.js'

export type TerminalWriter = {
  /** Something has not been taken yet; nothing may be written until `onDrained`. */
  readonly blocked: boolean
  write(text: string): void
  /** At the very end: tries for at most `patienceMs` to get it out, holding up everything else; whether it is out. */
  writeNow(text: string, patienceMs: number): boolean
  close(): void
}

export type WriterEdges = {
  /** Bytes written; throws EAGAIN when the terminal takes nothing. */
  readonly write: (bytes: Uint8Array) => number
  readonly close: () => void
  readonly sleepMs: (ms: number) => void
  readonly timers: Timers
}

export type WriterEvents = {
  onDrained(): void
  /** The terminal is gone (EIO, EPIPE): nothing can be shown any more. */
  onGone(error: unknown): void
}

const RETRY_MS = 25
const RETRY_AT_MOST_MS = 250
const PATIENCE_STEP_MS = 10

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
    if (this.#rest !== null) throw new Error('the terminal has not taken the last write yet')
    this.#rest = this.#push(Buffer.from(text, 'utf8'))
    if (this.#rest !== null) this.#tryLater()
  }

  writeNow(text: string, patienceMs: number): boolean {
    if (this.#gone) return false
    const rest = this.#rest
    let bytes: Uint8Array | null = Buffer.concat([rest ?? Buffer.alloc(0), Buffer.from(text, 'utf8')])
    this.#stopTrying()
    this.#rest = null
    for (let waitedMs = 0; ; waitedMs += PATIENCE_STEP_MS) {
      bytes = this.#push(bytes)
      if (bytes === null) return !this.#gone
      if (waitedMs >= patienceMs) return false
      this.edges.sleepMs(PATIENCE_STEP_MS)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopTrying()
    this.#gone = true
    this.edges.close()
  }

  /** What is left. */
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

  #tryLater(): void {
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
        this.#waitMs = left.length < rest.length ? RETRY_MS : Math.min(RETRY_AT_MOST_MS, this.#waitMs * 2)
        this.#tryLater()
      }
    })
  }

  #stopTrying(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** `paths`: names of the terminal that standard output is, tried in order; all failing, the descriptor itself is used. */
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
      // Another user's terminal after `su`, or no such name on this system: the next one, and at last the descriptor itself,
      // which works as well but waits for slow terminals.
    }
  }
  return null
}
