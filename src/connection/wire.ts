// Text to the bytes of a connection: compressed once for everybody, framed once for everybody.
//
// A reader's stream starts with the ten-byte gzip header and never gets a trailer (RFC 1952, RFC 1951 section 3.2.4). Text
// compressed by itself ends at a byte and refers to nothing before it, so the same compressed bytes fit into any gzip stream.
// Text compressed after `past` refers to it, so it fits only into streams whose last bytes, unpacked, are `past` (lane.ts knows
// which): an update of a steady board then takes a third of the bytes.
import { constants, deflateRaw, deflateRawSync } from 'node:zlib'
import type { Wire } from './transport.js'

const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
export const EMPTY_BYTES = Buffer.alloc(0)
/** The defaults of zlib: higher levels, another window or more memory make events of a few KiB 4 % smaller at most. */
const DEFLATE = { level: 6, finishFlush: constants.Z_FULL_FLUSH }

/** HTTP/1.1 chunked framing (RFC 9112 section 7.1), or the bytes as they are. */
function framed(bytes: Buffer, wire: Wire): Buffer {
  if (wire.framing === 'raw' || bytes.length === 0) return bytes
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF])
}

/** As `framed`, in a single pass: assume ASCII length, correct it if wrong. */
function chunk(text: string, wire: Wire): Buffer {
  const guess = text.length.toString(16)
  const bytes = Buffer.from(`${guess}\r\n${text}\r\n`)
  const sizeBytes = bytes.length - guess.length - 2 * CRLF.length
  if (sizeBytes === text.length) return bytes
  const size = sizeBytes.toString(16)
  if (size.length !== guess.length) return framed(Buffer.from(text), wire)
  bytes.write(size, 0, 'latin1')
  return bytes
}

/** For gzip streams whose last unpacked bytes are `past`; empty: for any. */
export function compressed(bytes: Buffer, wire: Wire, past: Buffer): Buffer {
  const options = past.length === 0 ? DEFLATE : { ...DEFLATE, dictionary: past }
  return framed(deflateRawSync(bytes, options), wire)
}

export function bytesToWire(bytes: Buffer, wire: Wire): Buffer {
  return wire.encoding === 'gzip' ? compressed(bytes, wire, EMPTY_BYTES) : framed(bytes, wire)
}

/** As `bytesToWire` for a gzip connection, on another thread. */
export function compressedSoon(
  plain: Buffer,
  wire: Wire,
  done: (fault: Error | null, bytes: Buffer) => void,
): void {
  deflateRaw(plain, DEFLATE, (fault, bytes) =>
    done(fault, fault === null ? framed(bytes, wire) : EMPTY_BYTES),
  )
}

export function toWire(text: string, wire: Wire): Buffer {
  if (wire.encoding === 'gzip') return compressed(Buffer.from(text), wire, EMPTY_BYTES)
  if (wire.framing === 'raw' || text === '') return Buffer.from(text)
  return chunk(text, wire)
}

/** The start of a body, before any event. */
export function wirePrologue(wire: Wire): Buffer {
  return wire.encoding === 'gzip' ? framed(GZIP_HEADER, wire) : EMPTY_BYTES
}

/** The end of a body. */
export function wireEnd(wire: Wire): Buffer {
  return wire.framing === 'chunked' ? LAST_CHUNK : EMPTY_BYTES
}

export function wireKey(wire: Wire): string {
  return `${wire.encoding}/${wire.framing}`
}
