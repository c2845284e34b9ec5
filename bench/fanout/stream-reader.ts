// Parses the bytes of one client connection: HTTP head, chunks, gzip, events. It has no socket, so that it can be tested.
//
// It does as little as possible per byte: the client shares the machine with the server it measures. It recognises an event by
// the marks `"s":` (sequence number) and `"t":` (time of publishing, ns) within the first 256 bytes and ignores events without
// them (greetings, comments).
import { createGunzip, type Gunzip } from 'node:zlib'

/** `count` looks for the mark at the end of each full flush instead of inflating, to keep the client faster than the server. */
export type GzipMode = 'none' | 'count' | 'inflate'

export type StreamEvents = {
  /** The head is complete and says 200. */
  onOpen(): void
  /** `seq` and `stampNs` are null where gzip is only counted. */
  onEvent(seq: number | null, stampNs: number | null): void
  onFault(message: string): void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const EVENT_END = Buffer.from('\n\n')
const SEQ = Buffer.from('"s":')
const STAMP = Buffer.from('"t":')
const MARKS_WITHIN = 256
const MAX_HEAD_BYTES = 16_384
const MAX_EVENT_BYTES = 1_048_576
const FLUSH_MARK = 0x0000ffff
const LF = 10
const EMPTY = Buffer.alloc(0)

type ChunkState = 'size' | 'data' | 'end'

function digitsAt(bytes: Buffer, at: number): number {
  let value = 0
  for (let i = at; i < bytes.length; i++) {
    const digit = (bytes[i] as number) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return value
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

export class StreamReader {
  readonly #events: StreamEvents
  readonly #gzip: GzipMode
  #open = false
  #failed = false
  #chunked = false
  #chunk: ChunkState = 'size'
  #chunkLeft = 0
  #rest: Buffer = EMPTY
  #gunzip: Gunzip | null = null
  #lastBytes = 1

  constructor(gzip: GzipMode, events: StreamEvents) {
    this.#gzip = gzip
    this.#events = events
  }

  /** `bytes` may be reused by the caller afterwards. */
  push(bytes: Buffer): void {
    if (this.#failed) return
    if (this.#open) this.#body(bytes)
    else this.#head(bytes)
  }

  close(): void {
    this.#gunzip?.destroy()
  }

  #fail(message: string): void {
    this.#failed = true
    this.#events.onFault(message)
  }

  #head(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const end = this.#rest.indexOf(HEAD_END)
    if (end < 0) {
      if (this.#rest.length > MAX_HEAD_BYTES) this.#fail('response head too long')
      return
    }
    const head = this.#rest.toString('latin1', 0, end).toLowerCase()
    const body = this.#rest.subarray(end + HEAD_END.length)
    this.#rest = EMPTY
    if (!head.startsWith('http/1.1 200')) {
      this.#fail(`not 200: ${head.slice(0, 100)}`)
      return
    }
    if (this.#gzip !== 'none' && !head.includes('content-encoding: gzip')) {
      this.#fail('asked for gzip and got none')
      return
    }
    this.#chunked = head.includes('transfer-encoding: chunked')
    this.#open = true
    this.#events.onOpen()
    if (body.length > 0) this.#body(body)
  }

  #body(bytes: Buffer): void {
    if (!this.#chunked) {
      this.#content(bytes)
      return
    }
    let at = 0
    while (at < bytes.length && !this.#failed) {
      if (this.#chunk === 'data') {
        const end = Math.min(bytes.length, at + this.#chunkLeft)
        this.#content(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
        this.#chunkLeft -= end - at
        at = end
        if (this.#chunkLeft === 0) this.#chunk = 'end'
      } else {
        this.#framing(bytes[at] as number)
        at++
      }
    }
  }

  /** A byte of a chunk's size line, or of the line end after its data. */
  #framing(byte: number): void {
    if (this.#chunk === 'end') {
      if (byte === LF) this.#chunk = 'size'
      return
    }
    if (byte !== LF) {
      const digit = hexDigit(byte)
      if (digit >= 0) this.#chunkLeft = this.#chunkLeft * 16 + digit
      return
    }
    if (this.#chunkLeft === 0) this.#fail('the server ended the stream')
    else this.#chunk = 'data'
  }

  #content(bytes: Buffer): void {
    if (this.#gzip === 'none') this.#text(bytes)
    else if (this.#gzip === 'count') this.#countFlushes(bytes)
    else this.#inflate(bytes)
  }

  #countFlushes(bytes: Buffer): void {
    let last = this.#lastBytes
    for (let i = 0; i < bytes.length; i++) {
      last = ((last << 8) | (bytes[i] as number)) >>> 0
      if (last === FLUSH_MARK) this.#events.onEvent(null, null)
    }
    this.#lastBytes = last
  }

  #inflate(bytes: Buffer): void {
    if (this.#gunzip === null) {
      this.#gunzip = createGunzip()
      this.#gunzip.on('data', (text: Buffer) => this.#text(text))
      this.#gunzip.on('error', error => this.#fail(`gzip: ${error.message}`))
    }
    this.#gunzip.write(Buffer.from(bytes))
  }

  #text(bytes: Buffer): void {
    const kept = this.#rest.length
    const all = kept === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let start = 0
    // The first byte of a blank line may be the last one kept.
    let end = all.indexOf(EVENT_END, Math.max(0, kept - 1))
    while (end >= 0) {
      this.#event(all, start, end)
      start = end + EVENT_END.length
      end = all.indexOf(EVENT_END, start)
    }
    if (all.length - start > MAX_EVENT_BYTES) {
      this.#fail('event too long')
      return
    }
    this.#rest = start === all.length ? EMPTY : Buffer.from(all.subarray(start))
  }

  #event(bytes: Buffer, start: number, end: number): void {
    const limit = Math.min(end, start + MARKS_WITHIN)
    const seqAt = bytes.indexOf(SEQ, start)
    if (seqAt < 0 || seqAt >= limit) return
    const stampAt = bytes.indexOf(STAMP, seqAt)
    const stamp = stampAt < 0 || stampAt >= limit ? null : digitsAt(bytes, stampAt + STAMP.length)
    this.#events.onEvent(digitsAt(bytes, seqAt + SEQ.length), stamp)
  }
}
