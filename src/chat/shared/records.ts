// The log of an answer as it is encrypted in Redis. What is written at a time is one record:
//
//   255; length of the rest, 4 bytes; nonce, tag and events, as seal.ts makes them
//
// The answer and the number of its first event are authenticated with a record, so it opens in no other place. The deflated form is one
// record. Without a key nothing is added: the log is the events one after the other. Cost: 33 bytes a write,
// and 15 to 20 µs on a busy machine, on the put timer.
import type { Seal } from '../../fleet/seal.js'
import { ENCRYPTED, UnopenedError } from './compact.js'

const HEAD_BYTES = 5
/** What one write may hold, with room: an answer over 16 MiB is not shared. */
const MOST_RECORD_BYTES = 64 * 1024 * 1024

/** `end`: of the record, in the bytes that it was found in. */
export type OpenedRecord = { readonly events: Buffer; readonly end: number }

export class Records {
  readonly #streamId: string
  readonly #fleet: Seal
  /** Keys of this answer alone: many answers write many records. Made with the first record, not with the answer. */
  #own: Seal | null = null

  constructor(streamId: string, seal: Seal) {
    this.#streamId = streamId
    this.#fleet = seal
  }

  get areEncrypted(): boolean {
    return this.#fleet.hasKey
  }

  /** `first`: the number of the first event. No events: no record. */
  ofEvents(events: Buffer, first: number): Buffer {
    return events.length === 0 ? events : this.#record(events, this.#aboutEvents(first))
  }

  ofDeflated(deflated: Buffer): Buffer {
    return this.#record(deflated, this.#aboutDeflated)
  }

  /** The record that the bytes begin with, whose first event has this number; null: it is not whole yet. Throws an UnopenedError. */
  open(bytes: Buffer, first: number): OpenedRecord | null {
    if (!this.areEncrypted) return bytes.length === 0 ? null : { events: bytes, end: bytes.length }
    return this.#open(bytes, this.#aboutEvents(first))
  }

  /** Throws an UnopenedError. */
  openDeflated(bytes: Buffer): Buffer {
    if (!this.areEncrypted) {
      if (bytes[0] === ENCRYPTED) throw new UnopenedError()
      return bytes
    }
    const opened = this.#open(bytes, this.#aboutDeflated)
    if (opened?.end !== bytes.length) throw new UnopenedError()
    return opened.events
  }

  #aboutEvents(first: number): string {
    return `${this.#streamId} ${first}`
  }

  get #aboutDeflated(): string {
    return `${this.#streamId} deflated`
  }

  get #seal(): Seal {
    this.#own ??= this.#fleet.within(`answer ${this.#streamId}`)
    return this.#own
  }

  #record(plain: Buffer, about: string): Buffer {
    if (!this.areEncrypted) return plain
    const sealed = this.#seal.sealBytes(plain, about)
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head[0] = ENCRYPTED
    head.writeUInt32BE(sealed.length, 1)
    return Buffer.concat([head, sealed])
  }

  #open(bytes: Buffer, about: string): OpenedRecord | null {
    if (bytes.length > 0 && bytes[0] !== ENCRYPTED) throw new UnopenedError()
    if (bytes.length < HEAD_BYTES) return null
    const length = bytes.readUInt32BE(1)
    if (length > MOST_RECORD_BYTES) throw new UnopenedError()
    const end = HEAD_BYTES + length
    if (end > bytes.length) return null
    const events = this.#seal.openBytes(bytes.subarray(HEAD_BYTES, end), about)
    if (events === null) throw new UnopenedError()
    return { events, end }
  }
}
