// The log in memory. Events are stored one after the other in slabs, framed as HTTP/1.1 chunks, so that a part of a slab is
// written to a socket without a copy. A thousand stalled readers hold a thousand numbers and references into the same bytes.
import type { Wire } from '../../connection/transport.js'
import type { LogEnd, LogSlice, WritableChatLog } from './chat-log.js'

const FIRST_SLAB_BYTES = 4 * 1024
const LARGEST_SLAB_BYTES = 64 * 1024
const CRLF_BYTES = 2

type Slab = {
  readonly buffer: Buffer
  /** The number of its first event. */
  readonly first: number
  /** Bytes in the slabs before it. */
  readonly base: number
  /** The offset of each event. */
  readonly starts: number[]
  used: number
}

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

/** The event without its chunk head and end. */
function unframed(chunk: Buffer): Buffer {
  return chunk.subarray(chunk.indexOf('\r\n') + CRLF_BYTES, chunk.length - CRLF_BYTES)
}

export class MemoryLog implements WritableChatLog {
  readonly #slabs: Slab[] = []
  readonly #followers = new Set<() => void>()
  #tail = 0
  #sizeBytes = 0
  #end: LogEnd = 'open'

  constructor(readonly limitBytes: number) {}

  get head(): number {
    return 0
  }
  get tail(): number {
    return this.#tail
  }
  get end(): LogEnd {
    return this.#end
  }
  /** Bytes of all events, framing included. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  append(text: string, isLast = false): boolean {
    if (this.#end !== 'open') throw new Error('nothing follows the end of a log')
    const textBytes = Buffer.byteLength(text)
    const head = `${textBytes.toString(16)}\r\n`
    const sizeBytes = head.length + textBytes + CRLF_BYTES
    if (!isLast && this.#sizeBytes + sizeBytes > this.limitBytes) return false
    const slab = this.#slabFor(sizeBytes)
    slab.starts.push(slab.used)
    // One byte a character is the usual case, and latin1 is several times as fast.
    const coding = textBytes === text.length ? 'latin1' : 'utf8'
    slab.used += slab.buffer.write(`${head}${text}\r\n`, slab.used, coding)
    this.#sizeBytes += sizeBytes
    this.#tail++
    return true
  }

  appendBytes(firstLine: string, bytes: Buffer, isLast = false): boolean {
    if (this.#end !== 'open') throw new Error('nothing follows the end of a log')
    const head = `${(firstLine.length + bytes.length).toString(16)}\r\n${firstLine}`
    const sizeBytes = head.length + bytes.length + CRLF_BYTES
    if (!isLast && this.#sizeBytes + sizeBytes > this.limitBytes) return false
    const slab = this.#slabFor(sizeBytes)
    slab.starts.push(slab.used)
    slab.used += slab.buffer.write(head, slab.used, 'latin1')
    slab.used += bytes.copy(slab.buffer, slab.used)
    slab.used += slab.buffer.write('\r\n', slab.used, 'latin1')
    this.#sizeBytes += sizeBytes
    this.#tail++
    return true
  }

  #slabFor(sizeBytes: number): Slab {
    const last = this.#slabs.at(-1)
    if (last !== undefined && last.buffer.length - last.used >= sizeBytes) return last
    const usual = last === undefined ? FIRST_SLAB_BYTES : Math.min(last.buffer.length * 2, LARGEST_SLAB_BYTES)
    const slab: Slab = {
      buffer: Buffer.allocUnsafeSlow(Math.max(usual, sizeBytes)),
      first: this.#tail,
      base: this.#sizeBytes,
      starts: [],
      used: 0,
    }
    this.#slabs.push(slab)
    return slab
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

  #slabOf(sequence: number): Slab {
    const newest = this.#slabs.at(-1)
    const slab =
      newest !== undefined && newest.first <= sequence
        ? newest
        : this.#slabs[lastUpTo(this.#slabs.length, i => this.#slabs[i]?.first ?? 0, sequence)]
    if (slab === undefined || sequence >= this.#tail) throw new RangeError(`no event ${sequence} in the log`)
    return slab
  }

  readFrom(from: number, framing: Wire['framing'], aboutBytes: number): LogSlice {
    const slab = this.#slabOf(from)
    const begin = slab.starts[from - slab.first] ?? 0
    const count = this.#countFrom(slab, from - slab.first, begin + aboutBytes)
    const endIndex = from - slab.first + count
    const bytes = slab.buffer.subarray(begin, slab.starts[endIndex] ?? slab.used)
    const next = from + count
    return { bytes: framing === 'chunked' ? bytes : this.#raw(slab, from - slab.first, endIndex), next }
  }

  /** How many events from this index end within the limit; at least one. */
  #countFrom(slab: Slab, index: number, limit: number): number {
    if (slab.used <= limit) return slab.starts.length - index
    return Math.max(1, lastUpTo(slab.starts.length, i => slab.starts[i] ?? 0, limit) - index)
  }

  #raw(slab: Slab, fromIndex: number, endIndex: number): Buffer {
    const parts: Buffer[] = []
    for (let i = fromIndex; i < endIndex; i++) {
      parts.push(unframed(slab.buffer.subarray(slab.starts[i], slab.starts[i + 1] ?? slab.used)))
    }
    return Buffer.concat(parts)
  }

  bytesBefore(sequence: number): number {
    if (sequence >= this.#tail) return this.#sizeBytes
    const slab = this.#slabOf(sequence)
    return slab.base + (slab.starts[sequence - slab.first] ?? 0)
  }
}
