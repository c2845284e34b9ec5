// The events of a log as they are kept in Redis: without what can be made again from the answer's id and the event's number. A
// token takes 8 bytes more than its text, and not 130. What does not have the usual form is kept as it is, so that every
// event comes back byte for byte.
//
//   code, then: (of a numbered event) its time, 6 bytes; length of the rest, 1 to 5 bytes; the rest
//
// Cost: about 1 µs an event, on the timer of the put loop and not on the way to readers.
import type { LogSlice } from '../log/chat-log.js'

/** The event as it is. */
const AS_IS = 0
/** Behind its id line. */
const BEHIND_ID = 1
/** Numbered events (encode.ts) by their type. The order is part of what is kept: types are added at the end. */
const TYPES = [
  'token',
  'reasoning',
  'refusal',
  'metadata',
  'sources',
  'usage',
  'done',
  'error',
  'aborted',
] as const
const FIRST_TYPE = 16
/** No event, and no beginning of a deflated log: what is encrypted begins with it (records.ts). */
export const ENCRYPTED = 255
const TIME_BYTES = 6
const MOST_HEAD_BYTES = 1 + TIME_BYTES + 5
const HEAD = Buffer.from('event: message\ndata: {"type":"')
const MIDDLE = Buffer.from('","data":')
const TAIL = '}\n\n'
const CR = 13
const CRLF_BYTES = 2

/** A growing buffer. */
class Bytes {
  #bytes = Buffer.allocUnsafe(4 * 1024)
  size = 0

  room(more: number): Buffer {
    if (this.#bytes.length - this.size < more) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.size + more))
      this.#bytes.copy(larger, 0, 0, this.size)
      this.#bytes = larger
    }
    return this.#bytes
  }

  add(code: number, time: number | null, rest: Buffer): void {
    const bytes = this.room(MOST_HEAD_BYTES + rest.length)
    let at = this.size
    bytes[at++] = code
    if (time !== null) at = bytes.writeUIntBE(time, at, TIME_BYTES)
    let length = rest.length
    while (length > 127) {
      bytes[at++] = (length & 127) | 128
      length >>>= 7
    }
    bytes[at++] = length
    bytes.set(rest, at)
    this.size = at + rest.length
  }

  taken(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.size))
  }
}

/** Of all calls, one after the other: a buffer for each would be most of what the put loop leaves to the collector. */
const scratch = new Bytes()

const startsWith = (bytes: Buffer, at: number, with_: Buffer): boolean =>
  bytes.length - at >= with_.length && with_.compare(bytes, at, at + with_.length) === 0

function encodeEvent(into: Bytes, idStart: Buffer, number: number, event: Buffer): void {
  const digits = String(number)
  const idEnd = idStart.length + digits.length + 1
  const hasId =
    startsWith(event, 0, idStart) && event.toString('latin1', idStart.length, idEnd) === `${digits}\n`
  if (!hasId) {
    into.add(AS_IS, null, event)
    return
  }
  if (startsWith(event, idEnd, HEAD)) {
    const typeAt = idEnd + HEAD.length
    const typeEnd = event.indexOf(34, typeAt)
    const code = (TYPES as readonly string[]).indexOf(event.toString('latin1', typeAt, typeEnd))
    const dataAt = typeEnd + MIDDLE.length
    // The time has 13 digits until the year 2286.
    const suffixAt = event.length - TAIL.length - 13 - `,"sequence":${digits},"timestamp":`.length
    if (code !== -1 && suffixAt >= dataAt && startsWith(event, typeEnd, MIDDLE)) {
      const time = Number(
        event.toString('latin1', event.length - TAIL.length - 13, event.length - TAIL.length),
      )
      if (Number.isSafeInteger(time) && event.toString('latin1', suffixAt) === suffixOf(number, time)) {
        into.add(FIRST_TYPE + code, time, event.subarray(dataAt, suffixAt))
        return
      }
    }
  }
  into.add(BEHIND_ID, null, event.subarray(idEnd))
}

const suffixOf = (number: number, time: number): string => `,"sequence":${number},"timestamp":${time}${TAIL}`

export type Encoded = { readonly bytes: Buffer; readonly next: number }

/** `slice`: of a log, framed as chunks, from the event `from` on. */
export function encodeEvents(streamId: string, from: number, slice: LogSlice): Encoded {
  scratch.size = 0
  const idStart = Buffer.from(`id: ${streamId}.`)
  const { bytes } = slice
  let number = from
  for (let at = 0; at < bytes.length; number++) {
    const headEnd = bytes.indexOf(CR, at)
    const size = Number.parseInt(bytes.toString('latin1', at, headEnd), 16)
    const begin = headEnd + CRLF_BYTES
    encodeEvent(scratch, idStart, number, bytes.subarray(begin, begin + size))
    at = begin + size + CRLF_BYTES
  }
  return { bytes: scratch.taken(), next: number }
}

/** An event: an ASCII line, and what follows it. */
export type DecodedEvent = { readonly firstLine: string; readonly rest: Buffer }

/** What was written with a key that this server does not have, or for another place. */
export class UnopenedError extends Error {
  override readonly name = 'UnopenedError'

  constructor() {
    super('the shared log is not encrypted with a key of this server, or was changed')
  }
}

/** Takes the bytes in any pieces; throws where they are none of ours. */
export class CompactDecoder {
  readonly #streamId: string
  #left: Buffer = Buffer.alloc(0)
  #number = 0

  constructor(streamId: string) {
    this.#streamId = streamId
  }

  /** Whole events so far. */
  get count(): number {
    return this.#number
  }

  push(bytes: Buffer): readonly DecodedEvent[] {
    const all = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes])
    const events: DecodedEvent[] = []
    let at = 0
    for (;;) {
      const found = this.#eventAt(all, at)
      if (found === null) break
      events.push(found.event)
      at = found.end
      this.#number++
    }
    this.#left = all.subarray(at)
    return events
  }

  /** Null: it is not whole yet. */
  #eventAt(bytes: Buffer, at: number): { readonly event: DecodedEvent; readonly end: number } | null {
    const code = bytes[at]
    if (code === undefined) return null
    if (code === ENCRYPTED) throw new UnopenedError()
    const type = TYPES[code - FIRST_TYPE]
    if (type === undefined && code !== AS_IS && code !== BEHIND_ID)
      throw new Error(`the shared log has an event of the unknown kind ${code}`)
    let begin = at + 1 + (type === undefined ? 0 : TIME_BYTES)
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[begin++]
      if (byte === undefined) return null
      if (shift > 28) throw new Error('the shared log has an event of impossible length')
      length += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    const end = begin + length
    if (end > bytes.length) return null
    const rest = bytes.subarray(begin, end)
    const number = this.#number
    const idLine = `id: ${this.#streamId}.${number}\n`
    if (type === undefined)
      return { event: { firstLine: code === AS_IS ? '' : idLine, rest: Buffer.from(rest) }, end }
    const time = bytes.readUIntBE(at + 1, TIME_BYTES)
    const firstLine = `${idLine}event: message\ndata: {"type":"${type}","data":`
    return { event: { firstLine, rest: Buffer.concat([rest, Buffer.from(suffixOf(number, time))]) }, end }
  }
}
