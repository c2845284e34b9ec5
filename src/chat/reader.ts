// A reader: a connection and a position in a log. It is handed what it lacks whenever it can take it, straight from the
// log's own bytes; so a reader that takes nothing costs its position. It owns its connection until that has closed.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import type { Transport, Wire } from '../connection/transport.js'
import { EMPTY_BYTES, toWire, wireEnd } from '../connection/wire.js'
import { type ReaderLimits, readerDue } from './clocks.js'
import { encodeHeartbeat, PING } from './encode.js'
import type { ChatLog, LogSlice } from './log/chat-log.js'
import type { Credential } from './ports.js'

/** One write; more is written when it is gone. */
const ABOUT_WRITE_BYTES = 64 * 1024
/** The first one is copied, so it is small. */
const ABOUT_FIRST_WRITE_BYTES = 4 * 1024

export type ReaderParts = {
  readonly log: ChatLog
  readonly transport: Transport
  readonly wire: Wire
  /** The number of the first event it lacks. */
  readonly from: number
  /** What its connection begins with. */
  readonly greeting: string
  readonly credential: Credential
  readonly limits: ReaderLimits
  readonly clock: Clock
  readonly timers: Timers
  /** It can take more, or has taken more: whoever paces itself by readers looks again. */
  onMoved(): void
  /** The log could not be read; the connection ends, and may come back. */
  onFault(error: unknown): void
  /** Its connection has closed; comes exactly once. */
  onLeave(): void
}

export class Reader {
  readonly #parts: ReaderParts
  readonly #unfollow: () => void
  #position: number
  #isReading = false
  #isLeaving = false
  #isClosed = false
  #blockedSinceMs: number | null = null
  #progress = 0
  #lastSentAtMs: number
  #lastHeartbeatAtMs: number
  #cancelTimer: (() => void) | null = null

  constructor(parts: ReaderParts) {
    this.#parts = parts
    const nowMs = parts.clock.monotonicMs()
    this.#position = parts.from
    this.#lastSentAtMs = nowMs
    this.#lastHeartbeatAtMs = nowMs
    parts.transport.attach({
      onDrain: () => {
        this.#blockedSinceMs = null
        this.#pump()
        parts.onMoved()
        // While it was blocked it waited for nothing but a stall.
        if (!this.#isLeaving) this.#look()
      },
      onClose: () => this.#closed(),
    })
    this.#unfollow = parts.log.follow(() => this.#pump())
  }

  /** Begins; apart from the constructor, so that whoever made it knows it before anything happens to it. */
  start(): void {
    const { log, wire, greeting } = this.#parts
    const hello = toWire(greeting, wire)
    const slice =
      this.#position < log.tail ? log.readFrom(this.#position, wire.framing, ABOUT_FIRST_WRITE_BYTES) : null
    // What is there already goes with the greeting, where it can be had at once: one write, one packet.
    if (slice === null || slice instanceof Promise) {
      this.#write(hello)
      if (slice !== null) this.#takeLater(slice)
    } else this.#take(Buffer.concat([hello, slice.bytes]), slice.next)
    this.#pump()
    if (!this.#isLeaving) this.#look()
  }

  /** The number of the first event it was not handed. */
  get position(): number {
    return this.#position
  }
  get credential(): Credential {
    return this.#parts.credential
  }

  /** Ends the connection where it stands; the client may resume. */
  dismiss(): void {
    if (this.#isLeaving) return
    this.#leave()
    if (this.#blockedSinceMs === null) this.#parts.transport.end(wireEnd(this.#parts.wire))
    else this.#parts.transport.destroy()
  }

  destroy(): void {
    this.#parts.transport.destroy()
  }

  #write(bytes: Buffer): void {
    if (bytes === EMPTY_BYTES) return
    const { transport, clock } = this.#parts
    const nowMs = clock.monotonicMs()
    this.#lastSentAtMs = nowMs
    if (transport.write(bytes)) return
    this.#blockedSinceMs = nowMs
    this.#progress = transport.progress()
    this.#look()
  }

  #pump(): void {
    const { log, wire } = this.#parts
    while (this.#blockedSinceMs === null && !this.#isReading && !this.#isLeaving) {
      if (this.#position >= log.tail) {
        if (log.ended) this.#finish()
        return
      }
      const slice = log.readFrom(this.#position, wire.framing, ABOUT_WRITE_BYTES)
      if (slice instanceof Promise) this.#takeLater(slice)
      else this.#take(slice.bytes, slice.next)
    }
  }

  #takeLater(slice: Promise<LogSlice>): void {
    this.#isReading = true
    slice.then(
      ({ bytes, next }) => {
        this.#isReading = false
        this.#take(bytes, next)
        this.#pump()
      },
      (error: unknown) => {
        this.#parts.onFault(error)
        this.dismiss()
      },
    )
  }

  #take(bytes: Buffer, next: number): void {
    if (this.#isLeaving) return
    this.#position = next
    this.#write(bytes)
  }

  /** It has the terminal event: the response ends. */
  #finish(): void {
    this.#leave()
    this.#parts.transport.end(wireEnd(this.#parts.wire))
  }

  #leave(): void {
    this.#isLeaving = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#unfollow()
  }

  #closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#leave()
    this.#parts.onLeave()
  }

  /** What is due now, and a timer for what is due next. */
  #look(): void {
    const { transport, clock, timers, limits, wire } = this.#parts
    const nowMs = clock.monotonicMs()
    this.#sawProgress(nowMs)
    const due = readerDue(
      {
        lastHeartbeatAtMs: this.#lastHeartbeatAtMs,
        lastSentAtMs: this.#lastSentAtMs,
        blockedSinceMs: this.#blockedSinceMs,
      },
      limits,
      nowMs,
    )
    if (due.isStalled) {
      this.#leave()
      transport.destroy()
      return
    }
    this.#cancelTimer?.()
    this.#cancelTimer = timers.after(Math.max(1, due.lookAgainAtMs - nowMs), () => this.#look())
    if (due.send === null) return
    if (due.send === 'heartbeat') this.#lastHeartbeatAtMs = nowMs
    this.#write(toWire(due.send === 'heartbeat' ? encodeHeartbeat(clock.nowMs()) : PING, wire))
  }

  /** A peer that takes bytes, however slowly, is not stalled. */
  #sawProgress(nowMs: number): void {
    if (this.#blockedSinceMs === null) return
    const progress = this.#parts.transport.progress()
    if (progress !== this.#progress) this.#blockedSinceMs = nowMs
    this.#progress = progress
  }
}
