// A lane: the readers of one feed whose bytes look the same on the wire, and the bytes waiting for them in this tick.

import type { Board } from '../board/board.js'
import { encodeRetry } from '../sse/encode.js'
import type { Feed } from './feed.js'
import type { EventText } from './frames.js'
import type { Reader } from './reader.js'
import type { Wire } from './transport.js'
import { EMPTY_BYTES, toWire, wireKey, wirePrologue } from './wire.js'

/** A step for readers that stand anywhere: what it carries replaces all they have. */
export const ANYWHERE = -1

/**
 * More than this waits for nobody: the steps are let go and the readers catch up with one merged update instead.
 * Only a publisher that never yields gets here.
 */
const MAX_PENDING_BYTES = 1_048_576

/** Bytes ready for the wire and how many events they hold. */
export type Encoded = { readonly bytes: Buffer; readonly events: number }

/** What was published in this tick: one buffer, one write for each reader that stands at `from`. */
export type Pending = {
  from: number
  to: number
  readonly buffers: Buffer[]
  bytes: number
  events: number
}

export class Lane {
  readonly key: string
  readonly wire: Wire
  readonly readers: Reader[] = []
  pending: Pending | null = null
  /** Encoded once for all readers at that position; emptied by every step. */
  readonly catchUps = new Map<number, Encoded>()
  /** Hello and snapshot for a reader without a past, made once a board. */
  greeting: { readonly board: Board; readonly encoded: Encoded } | null = null
  #opening: { readonly retryMs: number; readonly bytes: Buffer } | null = null

  constructor(
    wire: Wire,
    readonly feed: Feed,
  ) {
    this.key = wireKey(wire)
    this.wire = wire
  }

  /** What every connection begins with: the wire's own start and `retry:`. */
  opening(retryMs: number): Buffer {
    if (this.#opening?.retryMs !== retryMs) {
      const bytes = Buffer.concat([wirePrologue(this.wire), toWire(encodeRetry(retryMs), this.wire)])
      this.#opening = { retryMs, bytes }
    }
    return this.#opening.bytes
  }

  encode(events: readonly EventText[]): Buffer {
    if (events.length === 0) return EMPTY_BYTES
    const [only] = events
    if (events.length === 1 && only !== undefined) return toWire(only.text, this.wire)
    // One chunk and one deflate block for a group: it is applied as a whole anyway.
    return toWire(events.map(event => event.text).join(''), this.wire)
  }

  /** Adds a step (`from` → `to`) to what this tick sends. */
  append(bytes: Buffer, events: number, from: number, to: number): void {
    const pending = this.pending
    if (pending === null) {
      this.pending = { from, to, buffers: [bytes], bytes: bytes.length, events }
      return
    }
    if (from === ANYWHERE) {
      this.pending = { from, to, buffers: [bytes], bytes: bytes.length, events }
      return
    }
    pending.to = to
    pending.events += events
    if (pending.bytes + bytes.length > MAX_PENDING_BYTES) pending.buffers.length = 0
    if (pending.buffers.length === 0) return
    pending.buffers.push(bytes)
    pending.bytes += bytes.length
  }

  add(reader: Reader): void {
    reader.slot = this.readers.length
    this.readers.push(reader)
  }

  /** Takes the reader's place with the last one. Not while a delivery is walking the list: then `compact` does it. */
  remove(reader: Reader): void {
    const last = this.readers.pop()
    if (last === undefined || last === reader) return
    this.readers[reader.slot] = last
    last.slot = reader.slot
  }

  compact(): void {
    let kept = 0
    for (const reader of this.readers) {
      if (reader.closed) continue
      reader.slot = kept
      this.readers[kept++] = reader
    }
    this.readers.length = kept
  }
}
