import { constants, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compressed, EMPTY_BYTES, toWire, wireEnd, wirePrologue } from './wire.js'

const CHUNKED = { encoding: 'plain', framing: 'chunked' } as const

test.each([1, 9, 10, 15, 16, 255, 256, 4_095, 4_096, 70_000])('a chunk of %i bytes says so', size => {
  const text = 'x'.repeat(size)
  expect(toWire(text, CHUNKED).toString()).toBe(`${size.toString(16)}\r\n${text}\r\n`)
})

test('the size of a chunk is in bytes, not in characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), text => {
      const bytes = Buffer.from(text)
      const expected = Buffer.concat([
        Buffer.from(`${bytes.length.toString(16)}\r\n`),
        bytes,
        Buffer.from('\r\n'),
      ])
      expect(toWire(text, CHUNKED)).toEqual(expected)
    }),
  )
})

test('an empty text makes no chunk: an empty one would end the body', () => {
  expect(toWire('', CHUNKED)).toHaveLength(0)
  expect(wireEnd(CHUNKED).toString()).toBe('0\r\n\r\n')
})

test('without framing, the bytes are unchanged', () => {
  expect(toWire('täxt', { encoding: 'plain', framing: 'raw' }).toString()).toBe('täxt')
})

test('text compressed after a past unpacks only after that past', () => {
  const wire = { encoding: 'gzip', framing: 'raw' } as const
  const past = Buffer.from('a row of a panel, much like the next')
  const next = Buffer.from('a row of a panel, much like the last')
  const first = compressed(past, wire, EMPTY_BYTES)
  const second = compressed(next, wire, past)
  const stream = Buffer.concat([wirePrologue(wire), first, second])
  const unpacked = gunzipSync(stream, { finishFlush: constants.Z_SYNC_FLUSH })
  expect(unpacked.toString()).toBe(`${past}${next}`)
  expect(second.length).toBeLessThan(compressed(next, wire, EMPTY_BYTES).length)
})
