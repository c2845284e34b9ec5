// One open connection: whether it takes bytes, when it last got one, and whether it has ended. Board hub, status hub and
// chat extend it with what they know about its reader. All numbers are whole: V8 keeps those inside the object, so a loop over
// readers touches no other memory.
import type { Transport, Wire } from './transport.js'

/** Of the request that became this connection; for people. */
export type ConnectedClient = { readonly address: string; readonly userAgent: string | null }

export type ConnectionParts = {
  readonly transport: Transport
  readonly wire: Wire
  /** Mark of the credential that let it in; null when none was needed. */
  readonly owner: string | null
  /** What the limit per address counts by. */
  readonly addressKey?: string
  readonly client?: ConnectedClient
  /** Of the ticket that it came with: the client's next connection with it replaces this one. */
  readonly ticketId?: string | null
  /** When the credential that let it in expires, epoch milliseconds; null: never. */
  readonly validUntilMs?: number | null
}

export class Connection {
  readonly transport: Transport
  readonly wire: Wire
  readonly owner: string | null
  readonly addressKey: string | null
  readonly client: ConnectedClient | null
  readonly ticketId: string | null
  readonly validUntilMs: number | null
  readonly openedAtMs: number
  /** The transport takes no bytes until it drains. */
  blocked = false
  /** We ended it, or it has closed: nothing more may be written. */
  ended = false
  lastByteAtMs: number
  /** Its part of the maximum age, in thousandths, so that connections of one age do not end together. */
  agePart = 1_000
  /** When it was last sent filler (filler.ts); 0: never. */
  filledAtMs = 0
  #progress = 0
  #progressAtMs: number

  constructor(parts: ConnectionParts, nowMs: number) {
    const { transport, wire, owner, addressKey, client, ticketId, validUntilMs } = parts
    this.transport = transport
    this.wire = wire
    this.owner = owner
    this.addressKey = addressKey ?? null
    this.client = client ?? null
    this.ticketId = ticketId ?? null
    this.validUntilMs = validUntilMs ?? null
    this.openedAtMs = nowMs
    this.lastByteAtMs = nowMs
    this.#progressAtMs = nowMs
  }

  /** Only while it is neither blocked nor ended. */
  write(bytes: Buffer, nowMs: number): void {
    this.lastByteAtMs = nowMs
    if (this.transport.write(bytes) || this.ended) return
    this.blocked = true
    this.watchProgress(nowMs)
  }

  watchProgress(nowMs: number): void {
    this.#progress = this.transport.progress()
    this.#progressAtMs = nowMs
  }

  /** Whether the peer took no byte for so long, as far as the calls since `watchProgress` could see. */
  hasStalled(limitMs: number, nowMs: number): boolean {
    if (this.transport.progress() === this.#progress) return nowMs - this.#progressAtMs >= limitMs
    this.watchProgress(nowMs)
    return false
  }
}
