// Text to the bytes of a connection: compressed once for everybody, framed once for everybody.
//
// A reader's stream starts with the ten-byte gzip header and never gets a trailer (RFC 1952, RFC 1951 section 3.2.4). What is
// compressed by itself ends at a byte and refers to nothing before it, so the same compressed bytes may be appended to any
// gzip stream. What is compressed after `past` refers to it, so it may be appended only to streams whose last bytes, when
// unpacked, are just that (lane.ts knows which): a board much like the one before takes a third of the bytes.
import { constants, deflateRawSync } from 'node:zlib'
import type { Wire } from './transport.js'

const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
export const EMPTY_BYTES = Buffer.alloc(0)
/** All as zlib has it (level 6): higher levels, another window or more memory make events of a few KiB 4 % smaller at most. */
const DEFLATE = { level: 6, finishFlush: constants.Z_FULL_FLUSH }

/** HTTP/1.1 chunked framing (RFC 9112 section 7.1), or the bytes as they are. */
function framed(bytes: Buffer, wire: Wire): Buffer {
  if (wire.framing === 'raw' || bytes.length === 0) return bytes
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF])
}

/** Room for the size of a chunk, which is only known when its text is encoded. */
const SIZE_DIGITS = 8
const SIZE_ROOM = '0'.repeat(SIZE_DIGITS)
const DIGIT_0 = 0x30
const DIGIT_A = 0x61

/** As `framed`, but gone over once: the size is put in afterwards, its leading zeros left out. */
function chunk(text: string): Buffer {
  const bytes = Buffer.from(`${SIZE_ROOM}\r\n${text}\r\n`)
  let rest = bytes.length - SIZE_DIGITS - 2 * CRLF.length
  let at = SIZE_DIGITS
  do {
    const digit = rest % 16
    bytes[--at] = digit < 10 ? DIGIT_0 + digit : DIGIT_A + digit - 10
    rest = (rest - digit) / 16
  } while (rest > 0)
  return bytes.subarray(at)
}

/** For a connection that unpacks gzip, and whose last unpacked bytes are `past` (empty: whatever they are). */
export function compressed(bytes: Buffer, wire: Wire, past: Buffer): Buffer {
  const options = past.length === 0 ? DEFLATE : { ...DEFLATE, dictionary: past }
  return framed(deflateRawSync(bytes, options), wire)
}

export function toWire(text: string, wire: Wire): Buffer {
  if (wire.encoding === 'gzip') return compressed(Buffer.from(text), wire, EMPTY_BYTES)
  if (wire.framing === 'raw' || text === '') return Buffer.from(text)
  return chunk(text)
}

/** What a connection's body starts with, before any event. */
export function wirePrologue(wire: Wire): Buffer {
  return wire.encoding === 'gzip' ? framed(GZIP_HEADER, wire) : EMPTY_BYTES
}

/** What ends a connection's body. */
export function wireEnd(wire: Wire): Buffer {
  return wire.framing === 'chunked' ? LAST_CHUNK : EMPTY_BYTES
}

export function wireKey(wire: Wire): string {
  return `${wire.encoding}/${wire.framing}`
}
