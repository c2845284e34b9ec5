// The log in memory. Events are stored one after the other in blocks (block.ts), framed as HTTP/1.1 chunks, so that a part of a new
// block is written to a socket without a copy. The newest 128 KiB stay as they are, for readers at the end; what is older is
// deflated, a block at a time. A thousand stalled readers hold a thousand numbers and references into the same bytes.
import type { Wire } from '../../connection/transport.js'
import { Block, EVENTS_PER_BLOCK, framedBytes, unframed } from './block.js'
import type { LogEnd, LogSlice, WritableChatLog } from './chat-log.js'

const SMALLEST_BLOCK_BYTES = 4 * 1024
const LARGEST_BLOCK_BYTES = 64 * 1024
/** Kept as they are. */
const PLAIN_BYTES = 128 * 1024

/** The index of the last value up to the limit, -1: none. Values must be ascending. */
function lastUpTo(count: number, valueAt: (index: number) => number, limit: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (valueAt(middle) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}

export class MemoryLog implements WritableChatLog {
  /** In order; the first `#packed` of them are deflated. */
  readonly #blocks: Block[] = []
  #packed = 0
  readonly #followers = new Set<() => void>()
  #tail = 0
  /** Of all events ever, framing included. */
  #writtenBytes = 0
  #plainBytes = 0
  #packedBytes = 0
  #end: LogEnd = 'open'

  constructor(readonly limitBytes: number) {}

  get head(): number {
    return this.#blocks[0]?.first ?? this.#tail
  }
  get tail(): number {
    return this.#tail
  }
  get end(): LogEnd {
    return this.#end
  }
  /** Bytes that are kept, framing included, as they are stored. */
  get sizeBytes(): number {
    return this.#plainBytes + this.#packedBytes
  }

  append(text: string, isLast = false): boolean {
    const textBytes = Buffer.byteLength(text)
    const sizeBytes = framedBytes(textBytes)
    if (!isLast && !this.#hasRoom(sizeBytes)) return false
    this.#blockFor(sizeBytes).writeText(text, textBytes)
    this.#count(sizeBytes)
    return true
  }

  appendBytes(firstLine: string, bytes: Buffer, isLast = false): boolean {
    const sizeBytes = framedBytes(firstLine.length + bytes.length)
    if (!isLast && !this.#hasRoom(sizeBytes)) {
      if (sizeBytes > this.limitBytes) return false
      while (this.sizeBytes + sizeBytes > this.limitBytes) this.#dropOldest()
    }
    this.#blockFor(sizeBytes).writeBytes(firstLine, bytes)
    this.#count(sizeBytes)
    return true
  }

  #count(sizeBytes: number): void {
    this.#writtenBytes += sizeBytes
    this.#plainBytes += sizeBytes
    this.#tail++
  }

  /** Deflates what is plain, where that makes room. */
  #hasRoom(sizeBytes: number): boolean {
    if (this.#end !== 'open') throw new Error('nothing follows the end of a log')
    while (this.sizeBytes + sizeBytes > this.limitBytes && this.#packOldest());
    return this.sizeBytes + sizeBytes <= this.limitBytes
  }

  #blockFor(sizeBytes: number): Block {
    if (this.#end !== 'open') throw new Error('nothing follows the end of a log')
    const last = this.#blocks.at(-1)
    if (last?.takes(sizeBytes)) return last
    while (this.#plainBytes > PLAIN_BYTES && this.#packOldest());
    // As much as 64 events like the last ones take, and a little more.
    const usual = last === undefined ? 0 : (last.storedBytes / last.count) * EVENTS_PER_BLOCK * 1.1
    const capacity = Math.min(LARGEST_BLOCK_BYTES, Math.max(SMALLEST_BLOCK_BYTES, Math.ceil(usual)))
    const block = new Block(this.#tail, this.#writtenBytes, Math.max(capacity, sizeBytes))
    this.#blocks.push(block)
    return block
  }

  /** False: only the newest block is left, which is being written. */
  #packOldest(): boolean {
    const block = this.#blocks[this.#packed]
    if (block === undefined || this.#packed >= this.#blocks.length - 1) return false
    this.#plainBytes -= block.storedBytes
    block.pack()
    this.#packedBytes += block.storedBytes
    this.#packed++
    return true
  }

  #dropOldest(): void {
    const block = this.#blocks.shift()
    if (block === undefined) return
    if (block.isPacked) {
      this.#packedBytes -= block.storedBytes
      this.#packed--
    } else this.#plainBytes -= block.storedBytes
  }

  close(end: 'whole' | 'cut'): void {
    if (this.#end !== 'open') throw new Error('a log ends once')
    this.#end = end
  }

  publish(): void {
    for (const onGrowth of this.#followers) onGrowth()
  }

  follow(onGrowth: () => void): () => void {
    this.#followers.add(onGrowth)
    return () => this.#followers.delete(onGrowth)
  }

  #blockOf(sequence: number): Block {
    const blocks = this.#blocks
    const newest = blocks.at(-1)
    const block =
      newest !== undefined && newest.first <= sequence
        ? newest
        : blocks[lastUpTo(blocks.length, i => blocks[i]?.first ?? 0, sequence)]
    if (block === undefined || sequence >= this.#tail) throw new RangeError(`no event ${sequence} in the log`)
    return block
  }

  readFrom(from: number, framing: Wire['framing'], aboutBytes: number): LogSlice {
    const block = this.#blockOf(from)
    const { bytes, starts } = block.open()
    const index = from - block.first
    const begin = starts[index] ?? 0
    const count = countFrom(starts, bytes.length, index, begin + aboutBytes)
    const slice = bytes.subarray(begin, starts[index + count] ?? bytes.length)
    const next = from + count
    return { bytes: framing === 'chunked' ? slice : raw(bytes, starts, index, index + count), next }
  }

  /** Within a deflated block: of the events before the block. */
  bytesBefore(sequence: number): number {
    if (sequence >= this.#tail) return this.#writtenBytes
    if (sequence < this.head) return 0
    const block = this.#blockOf(sequence)
    return block.isPacked ? block.base : block.base + (block.open().starts[sequence - block.first] ?? 0)
  }
}

/** How many events from this index end within the limit; at least one. */
function countFrom(starts: readonly number[], usedBytes: number, index: number, limit: number): number {
  if (usedBytes <= limit) return starts.length - index
  return Math.max(1, lastUpTo(starts.length, i => starts[i] ?? 0, limit) - index)
}

function raw(bytes: Buffer, starts: readonly number[], from: number, to: number): Buffer {
  const parts: Buffer[] = []
  for (let i = from; i < to; i++)
    parts.push(unframed(bytes.subarray(starts[i], starts[i + 1] ?? bytes.length)))
  return Buffer.concat(parts)
}
