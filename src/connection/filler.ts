// Comments that fill the buffers of a reader that reads nothing.
//
// An idle stream is a few bytes now and then. The system of a reader whose program has stopped takes them for hours, and nothing
// shows that nobody reads. Its receive buffer has room for 64 KiB before a program has read much; a reader that reads gets these
// bytes out of the way at once and ignores them.
import { randomBytes } from 'node:crypto'
import type { Wire } from './transport.js'
import { toWire, wireKey } from './wire.js'

export const FILLER_BYTES = 128 * 1024

const made = new Map<string, Buffer>()

/** One buffer for all readers of that wire. Chance, so that it stays as large when compressed (base64 has six bits a character). */
export function fillerFor(wire: Wire, place: 'block' | 'line'): Buffer {
  const key = `${wireKey(wire)}/${place}`
  const known = made.get(key)
  if (known !== undefined) return known
  const random = randomBytes(FILLER_BYTES).toString('base64')
  // Clients in use may limit a line.
  const lines = random.match(/.{1,1000}/g) ?? []
  const text = lines.map(line => `: ${line}\n`).join('')
  const bytes = toWire(place === 'block' ? `${text}\n` : text, wire)
  made.set(key, bytes)
  return bytes
}
