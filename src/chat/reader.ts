// One connection that follows an answer: a position in a log. It gets what it lacks whenever it takes bytes, straight from the
// log's own bytes, so a reader that takes none costs its position.
import type { Clock } from '../clock/clock.js'
import { type ConnectedClient, Connection } from '../connection/connection.js'
import type { ConnectionHost, Connections } from '../connection/connections.js'
import type { Transport, Wire } from '../connection/transport.js'
import { EMPTY_BYTES, toWire, wireEnd } from '../connection/wire.js'
import { encodeComment } from '../sse/encode.js'
import { encodeHeartbeat, PING } from './encode.js'
import type { ChatLog, LogSlice } from './log/chat-log.js'
import { type Credential, validUntilOf } from './ports.js'

/** One write; the next one follows when the transport has taken it. */
const ABOUT_WRITE_BYTES = 64 * 1024
/** The first one is copied, so it is small. */
const ABOUT_FIRST_WRITE_BYTES = 4 * 1024

export type AnswerReaderParts = {
  readonly log: ChatLog
  readonly transport: Transport
  readonly wire: Wire
  readonly client?: ConnectedClient
  /** The number of the first event it lacks: what it began with (`beginning`) was sent before. */
  readonly from: number
  readonly credential: Credential
  readonly limits: {
    /** Time between two heartbeat events. */
    readonly heartbeatMs: number
    /** A comment after so long without any byte. */
    readonly pingMs: number
    readonly stallMs: number
  }
  readonly clock: Clock
  readonly connections: Connections
  /** It took bytes, or can take more: a generation that paces itself by its readers checks again. */
  onMoved(): void
  /** The log could not be read; the connection ends, and the client may resume. */
  onFault(error: unknown): void
  /** Its connection has closed. Exactly once. */
  onLeave(): void
}

/** `later`: what follows, on its way from a log that is not in memory. */
export type Beginning = LogSlice & { readonly later: Promise<LogSlice> | null }

/** What a connection begins with: the greeting, and with it what the log has in memory. One write, one packet. */
export function beginning(log: ChatLog, from: number, greeting: string, wire: Wire): Beginning {
  const hello = toWire(greeting, wire)
  const slice = from < log.tail ? log.readFrom(from, wire.framing, ABOUT_FIRST_WRITE_BYTES) : null
  return slice === null || slice instanceof Promise
    ? { bytes: hello, next: from, later: slice }
    : { bytes: Buffer.concat([hello, slice.bytes]), next: slice.next, later: null }
}

export class AnswerReader {
  readonly #parts: AnswerReaderParts
  readonly #connection: Connection
  readonly #unfollow: () => void
  #position: number
  #isReading = false
  /** What follows is missing, so its connection is broken off instead of ended. */
  #isCut = false
  #lastHeartbeatAtMs: number

  constructor(parts: AnswerReaderParts) {
    const { transport, wire, client, connections, limits } = parts
    const nowMs = connections.nowMs()
    this.#parts = parts
    this.#position = parts.from
    this.#lastHeartbeatAtMs = nowMs
    this.#unfollow = parts.log.follow(() => this.#pump())
    const validUntilMs = validUntilOf(parts.credential)
    this.#connection = new Connection(
      { transport, wire, owner: null, validUntilMs, ...(client && { client }) },
      nowMs,
    )
    const host: ConnectionHost<Connection> = {
      kind: 'chat',
      stallMs: () => limits.stallMs,
      onDrain: () => {
        this.#pump()
        parts.onMoved()
      },
      onTick: (_, nowMs) => this.#keepAlive(nowMs),
      describe: () => ({
        position: this.#position,
        behind: parts.log.tail - this.#position,
        subset: null,
        has_owner: parts.credential.kind !== 'server' || parts.credential.owner !== null,
      }),
      lastBytes: ({ blocked }, reason) => {
        if (reason === 'stalled' || blocked) return null
        if (this.#isCut) return 'cut'
        // A comment: the answer itself has not ended, so no event of it may say so.
        const why = reason === 'auth_expired' ? toWire(encodeComment(reason), wire) : EMPTY_BYTES
        return Buffer.concat([why, wireEnd(wire)])
      },
      onLeave: () => this.#unfollow(),
      onClose: () => parts.onLeave(),
    }
    connections.open(this.#connection, host)
  }

  /** Begins; apart from the constructor, so that its owner knows it before anything happens to it. */
  start(later: Beginning['later']): void {
    if (later !== null) this.#takeLater(later)
    this.#pump()
  }

  /** The number of the first event it was not handed. */
  get position(): number {
    return this.#position
  }
  get credential(): Credential {
    return this.#parts.credential
  }

  /** Its credential is no longer valid: ends the connection where it is; with another one the client may resume. */
  dismiss(): void {
    this.#parts.connections.end(this.#connection, 'auth_expired')
  }

  /** This server stops: an answer that has not ended here goes on at another one, where the client may resume. */
  leaveOpen(): void {
    if (this.#parts.log.end === 'open') this.#end()
  }

  #end(): void {
    this.#parts.connections.end(this.#connection, 'shutdown')
  }

  #write(bytes: Buffer): void {
    if (bytes !== EMPTY_BYTES) this.#connection.write(bytes, this.#parts.connections.nowMs())
  }

  #pump(): void {
    const { log, wire } = this.#parts
    while (!this.#connection.blocked && !this.#isReading && !this.#connection.ended) {
      if (this.#position >= log.tail) {
        if (log.end !== 'open') this.#endWith(log)
        return
      }
      // It took so long that the next events were dropped.
      if (this.#position < log.head) {
        this.#isCut = true
        this.#end()
        return
      }
      const slice = log.readFrom(this.#position, wire.framing, ABOUT_WRITE_BYTES)
      if (slice instanceof Promise) this.#takeLater(slice)
      else this.#take(slice.bytes, slice.next)
    }
  }

  /** It has all that the log has. */
  #endWith({ end, lostEnd }: ChatLog): void {
    this.#isCut = end === 'cut' && lostEnd == null
    if (lostEnd != null) this.#write(toWire(lostEnd(this.#position), this.#parts.wire))
    this.#end()
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
        this.#end()
      },
    )
  }

  #take(bytes: Buffer, next: number): void {
    if (this.#connection.ended) return
    this.#position = next
    this.#write(bytes)
  }

  #keepAlive(nowMs: number): void {
    const { clock, limits, wire } = this.#parts
    if (nowMs - this.#lastHeartbeatAtMs >= limits.heartbeatMs) {
      this.#lastHeartbeatAtMs = nowMs
      this.#write(toWire(encodeHeartbeat(clock.nowMs()), wire))
    } else if (nowMs - this.#connection.lastByteAtMs >= limits.pingMs) this.#write(toWire(PING, wire))
  }
}
