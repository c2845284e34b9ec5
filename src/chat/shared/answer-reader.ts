// Makes the events of an answer from what Redis has of it: records are opened, what was deflated is inflated. Offsets in Redis are of
// stored bytes, those in the inflated form are of the events in clear; without a key both are the same.
import { inflateRaw } from 'node:zlib'
import type { Seal } from '../../fleet/seal.js'
import { CompactDecoder, type DecodedEvent, UnopenedError } from './compact.js'
import { Records } from './records.js'

/** Of a deflated log; it bounds what a damaged one may become. */
const MOST_INFLATED_BYTES = 32 * 1024 * 1024
const NOTHING = Buffer.alloc(0)

export class AnswerReader {
  readonly #records: Records
  readonly #decoder: CompactDecoder
  #storedBytes = 0
  #plainBytes = 0
  /** A record that is not whole yet. */
  #left: Buffer = NOTHING

  constructor(streamId: string, seal: Seal) {
    this.#records = new Records(streamId, seal)
    this.#decoder = new CompactDecoder(streamId)
  }

  /** What Redis has from this byte on is to be read next. */
  get fromByte(): number {
    return this.#storedBytes
  }

  /** The events from this number on, of the next bytes of the log in any pieces. Throws where they are none of ours. */
  *take(stored: Buffer, from: number): Generator<DecodedEvent> {
    this.#storedBytes += stored.length
    this.#left = this.#left.length === 0 ? stored : Buffer.concat([this.#left, stored])
    for (;;) {
      const record = this.#records.open(this.#left, this.#decoder.count)
      if (record === null) return
      this.#left = this.#left.subarray(record.end)
      yield* this.#events(record.events, from)
    }
  }

  /** The same of the deflated form, which is always given whole. */
  async takeDeflated(stored: Buffer, from: number): Promise<Iterable<DecodedEvent>> {
    const deflated = this.#records.openDeflated(stored)
    const plain = await new Promise<Buffer>((resolve, reject) => {
      inflateRaw(deflated, { maxOutputLength: MOST_INFLATED_BYTES }, (error, all) =>
        error === null ? resolve(all) : reject(error),
      )
    })
    this.#left = NOTHING
    return this.#events(plain.subarray(this.#plainBytes), from)
  }

  /**
   * All that Redis has was taken, up to this event. Throws an UnopenedError where that cannot be: Redis lost a part, which was then
   * written anew in other records than those that were read here.
   */
  checkEnd(next: number): void {
    if (!this.#records.areEncrypted || this.#storedBytes === 0) return
    if (this.#left.length > 0 || this.#decoder.count < next) throw new UnopenedError()
  }

  *#events(plain: Buffer, from: number): Generator<DecodedEvent> {
    let number = this.#decoder.count
    this.#plainBytes += plain.length
    for (const event of this.#decoder.push(plain)) if (number++ >= from) yield event
  }
}
