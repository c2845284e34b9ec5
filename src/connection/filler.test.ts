import { expect, test } from 'vitest'
import { StreamReader } from '../../test/support/stream-reader.js'
import { FILLER_BYTES, fillerFor } from './filler.js'
import { toWire, wirePrologue } from './wire.js'

const WIRES = (['plain', 'gzip'] as const).flatMap(encoding =>
  (['chunked', 'raw'] as const).map(framing => ({ encoding, framing })),
)

test.each(WIRES)('filler fills a buffer ($encoding, $framing), and a reader sees comments only', wire => {
  const filler = fillerFor(wire, 'block')
  expect(filler.length).toBeGreaterThanOrEqual(FILLER_BYTES)
  expect(fillerFor(wire, 'block')).toBe(filler)
  const reader = new StreamReader(wire)
  reader.feed(Buffer.concat([wirePrologue(wire), filler]))
  const bye = 'event: bye\ndata: {"reason":"max_age","reconnect_ms":1}\n\n'
  reader.feed(toWire(bye, wire))
  expect(reader.events.map(({ event }) => event)).toEqual(['bye'])
  expect(reader.blocksWithoutEvent).toBe(0)
})
