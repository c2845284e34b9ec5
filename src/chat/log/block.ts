// A part of a log: up to 64 events, one after the other, framed as HTTP/1.1 chunks. While it is new its bytes are as they will be
// written; later they are deflated, and where each event begins is found again from its chunk's head.
//
// Deflating takes a few microseconds an event (level 1 is within 5 % of the best size here: events differ in little), and is done
// at once: it costs less than a callback from another thread would.
import { deflateRawSync, inflateRawSync } from 'node:zlib'

export const EVENTS_PER_BLOCK = 64
/** A window of 8 KiB and little memory: blocks are small, and the state is made anew for each. */
const DEFLATE = { level: 1, memLevel: 5, windowBits: 13 }
const CRLF_BYTES = 2
const CR = 13
const LF = 10
const ZERO = 48
const LETTER_A = 97

export type Opened = {
  readonly bytes: Buffer
  /** The offset of each event. */
  readonly starts: readonly number[]
}

export class Block {
  #bytes: Buffer
  #starts: number[] | null = []
  /** Deflated bytes were opened, and somebody may still have them. */
  #opened: WeakRef<Opened> | null = null
  #used = 0
  count = 0

  constructor(
    /** The number of its first event. */
    readonly first: number,
    /** Bytes of the events before it. */
    readonly base: number,
    capacityBytes: number,
  ) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes)
  }

  get isPacked(): boolean {
    return this.#starts === null
  }
  /** What it takes in memory, as far as events count. */
  get storedBytes(): number {
    return this.isPacked ? this.#bytes.length : this.#used
  }

  /** False: it has no room. */
  takes(sizeBytes: number): boolean {
    return this.count < EVENTS_PER_BLOCK && this.#bytes.length - this.#used >= sizeBytes
  }

  /** One byte a character is the usual case, and latin1 is several times as fast. */
  writeText(text: string, textBytes: number): void {
    this.#begin()
    const encoding = textBytes === text.length ? 'latin1' : 'utf8'
    this.#used += this.#bytes.write(`${textBytes.toString(16)}\r\n${text}\r\n`, this.#used, encoding)
  }

  /** `firstLine` is ASCII. The hot path of what is passed on: bytes are set one by one, as a call for so few costs more. */
  writeBytes(firstLine: string, rest: Buffer): void {
    this.#begin()
    const bytes = this.#bytes
    const sizeBytes = firstLine.length + rest.length
    let at = this.#used
    for (let shift = 4 * (hexDigits(sizeBytes) - 1); shift >= 0; shift -= 4) {
      const digit = (sizeBytes >>> shift) & 15
      bytes[at++] = digit < 10 ? ZERO + digit : LETTER_A + digit - 10
    }
    bytes[at++] = CR
    bytes[at++] = LF
    for (let i = 0; i < firstLine.length; i++) bytes[at++] = firstLine.charCodeAt(i)
    bytes.set(rest, at)
    at += rest.length
    bytes[at++] = CR
    bytes[at++] = LF
    this.#used = at
  }

  #begin(): void {
    this.#starts?.push(this.#used)
    this.count++
  }

  /** Nothing is written to it any more. */
  pack(): void {
    if (this.isPacked) return
    const packed = deflateRawSync(this.#bytes.subarray(0, this.#used), DEFLATE)
    // The library gives a view into a larger buffer.
    this.#bytes = Buffer.allocUnsafeSlow(packed.length)
    packed.copy(this.#bytes)
    this.#starts = null
  }

  /** Its bytes must not be changed. */
  open(): Opened {
    const starts = this.#starts
    if (starts !== null) return { bytes: this.#bytes.subarray(0, this.#used), starts }
    const known = this.#opened?.deref()
    if (known !== undefined) return known
    const bytes = inflateRawSync(this.#bytes)
    const opened = { bytes, starts: startsIn(bytes) }
    this.#opened = new WeakRef(opened)
    return opened
  }
}

function startsIn(bytes: Buffer): readonly number[] {
  const starts: number[] = []
  for (let at = 0; at < bytes.length; ) {
    starts.push(at)
    const headEnd = bytes.indexOf(CR, at)
    const size = Number.parseInt(bytes.toString('latin1', at, headEnd), 16)
    at = headEnd + CRLF_BYTES + size + CRLF_BYTES
  }
  return starts
}

/** The event without its chunk head and end. */
export function unframed(chunk: Buffer): Buffer {
  return chunk.subarray(chunk.indexOf(CR) + CRLF_BYTES, chunk.length - CRLF_BYTES)
}

/** Of a number above 0. */
function hexDigits(value: number): number {
  return (35 - Math.clz32(value)) >> 2
}

/** What an event takes with its framing. */
export function framedBytes(eventBytes: number): number {
  return hexDigits(eventBytes) + CRLF_BYTES + eventBytes + CRLF_BYTES
}
