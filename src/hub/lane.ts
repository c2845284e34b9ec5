// A lane: the readers of one feed whose bytes look the same on the wire, and the bytes waiting for them in this tick.
//
// Compressed steps form chains. The first step of a chain is compressed by itself, so any reader at its beginning may have it.
// Each further step refers to the steps before it, so it goes only to readers that got every byte of the chain and nothing else.
// A reader that gets bytes of its own (greeting, catch-up, comment) or misses a step leaves the chain: from then on it gets
// catch-ups, which stand alone, and the lane begins a new chain with its next step, which the reader can join. So everything is
// still compressed once for all readers, and updates of a steady board take a third of the bytes (bench/fanout `--gzip`).
import type { Board } from '../board/board.js'
import type { Wire } from '../connection/transport.js'
import { compressed, EMPTY_BYTES, toWire, wirePrologue } from '../connection/wire.js'
import { encodeRetry } from '../sse/encode.js'
import type { Feed } from './feed.js'
import type { EventText } from './frames.js'

/** Of a step: it replaces all a reader has, so its position does not matter. */
export const ANYWHERE = -1

/** Of a reader: it is in no chain. Of a step: it continues none, so any reader at its beginning may have it. */
export const NO_CHAIN = 0

/**
 * Above this limit, drop the steps; readers catch up with one merged update instead. Only a publisher that never yields gets
 * here.
 */
const MAX_PENDING_BYTES = 1_048_576

/**
 * What a step may refer to: a few updates of a usual board. Twice as much makes events 2 % smaller and costs 20 µs each;
 * every gzip reader remembers 32 KiB.
 */
const PAST_BYTES = 16_384

/** A step on the wire: for readers in chain `needs` (`NO_CHAIN`: for all), which are in `chain` after it. */
type Link = { readonly bytes: Buffer; readonly needs: number; readonly chain: number }

/** Bytes ready for the wire and how many events they hold. */
export type Encoded = { readonly bytes: Buffer; readonly events: number }

/** What was published in this tick: one buffer, one write for each reader that is at `from`. */
export type Pending = {
  from: number
  to: number
  readonly buffers: Buffer[]
  bytes: number
  events: number
  /** `Feed.published` after the last of them. */
  published: number
  readonly needs: number
  chain: number
}

/** What a lane needs to know of its readers. */
type Member = { readonly ended: boolean; slot: number }

export class Lane<Reader extends Member = Member> {
  readonly readers: Reader[] = []
  pending: Pending | null = null
  /** Encoded once for all readers at that position; emptied by every step. */
  readonly catchUps = new Map<number, Encoded>()
  /** Hello and snapshot for a reader without a past, made once a board. */
  greeting: { readonly board: Board; readonly encoded: Encoded } | null = null
  /** The newest chain, and the end of the text of its steps so far. */
  #chain = NO_CHAIN
  #past: Buffer = EMPTY_BYTES
  #opening: { readonly retryMs: number; readonly bytes: Buffer } | null = null

  constructor(
    readonly wire: Wire,
    readonly feed: Feed,
  ) {}

  /** What every connection begins with: the start of its wire, and `retry:`. */
  opening(retryMs: number): Buffer {
    if (this.#opening?.retryMs !== retryMs) {
      const bytes = Buffer.concat([wirePrologue(this.wire), toWire(encodeRetry(retryMs), this.wire)])
      this.#opening = { retryMs, bytes }
    }
    return this.#opening.bytes
  }

  encode(events: readonly EventText[]): Buffer {
    if (events.length === 0) return EMPTY_BYTES
    return toWire(joined(events), this.wire)
  }

  /** A step for readers that stand at `from`; when compressed, after the steps of the chain so far. */
  encodeStep(events: readonly EventText[], from: number): Link {
    if (this.wire.encoding === 'plain')
      return { bytes: this.encode(events), needs: NO_CHAIN, chain: NO_CHAIN }
    // We don't know what these readers received, so use no dictionary.
    const past = from === ANYWHERE ? EMPTY_BYTES : this.#past
    const plain = Buffer.from(joined(events))
    const bytes = compressed(plain, this.wire, past)
    const isFirst = past.length === 0
    if (isFirst) this.#chain++
    this.#past = lastOf(isFirst ? plain : Buffer.concat([past, plain]))
    return { bytes, needs: isFirst ? NO_CHAIN : this.#chain, chain: this.#chain }
  }

  /** A reader has left the chain: the next step begins a new one. */
  breakChain(): void {
    this.#past = EMPTY_BYTES
  }

  /** For a new epoch: an empty step that no position matches, so that the delivery greets every reader. */
  restart(generation: number): void {
    this.catchUps.clear()
    this.greeting = null
    this.pending = {
      from: Number.NaN,
      to: generation,
      buffers: [],
      bytes: 0,
      events: 0,
      published: this.feed.published,
      needs: NO_CHAIN,
      chain: NO_CHAIN,
    }
  }

  /** Adds a step (`from` → `to`) to what this tick sends; the feed has counted its events already. */
  append(link: Link, events: number, from: number, to: number): void {
    const pending = this.pending
    const { bytes, needs, chain } = link
    const { published } = this.feed
    if (pending === null || from === ANYWHERE) {
      this.pending = { from, to, buffers: [bytes], bytes: bytes.length, events, published, needs, chain }
      return
    }
    pending.to = to
    pending.events += events
    pending.published = published
    pending.chain = chain
    if (pending.bytes + bytes.length > MAX_PENDING_BYTES) {
      pending.buffers.length = 0
      this.breakChain()
    }
    if (pending.buffers.length === 0) return
    pending.buffers.push(bytes)
    pending.bytes += bytes.length
  }

  add(reader: Reader): void {
    reader.slot = this.readers.length
    this.readers.push(reader)
  }

  /** Moves the last reader to the place of this one. Not during a delivery, which walks the list: call `compact` after it. */
  remove(reader: Reader): void {
    const last = this.readers.pop()
    if (last === undefined || last === reader) return
    this.readers[reader.slot] = last
    last.slot = reader.slot
  }

  compact(): void {
    let kept = 0
    for (const reader of this.readers) {
      if (reader.ended) continue
      reader.slot = kept
      this.readers[kept++] = reader
    }
    this.readers.length = kept
  }
}

/** One chunk and one deflate block for a group: clients apply it as a whole anyway. */
function joined(events: readonly EventText[]): string {
  const [only] = events
  return events.length === 1 && only !== undefined ? only.text : events.map(event => event.text).join('')
}

/** A copy, so that it does not keep the whole buffer in memory. */
function lastOf(bytes: Buffer): Buffer {
  return bytes.length <= PAST_BYTES ? bytes : Buffer.from(bytes.subarray(bytes.length - PAST_BYTES))
}
