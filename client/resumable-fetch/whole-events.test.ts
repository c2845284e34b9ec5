import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWholeEvents } from './whole-events.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (pieces: readonly Uint8Array[]) => new TextDecoder().decode(Buffer.concat(pieces))

test.each(['\n', '\r\n', '\r'])(
  'whole events only, whatever the pieces are, with lines that end with %j',
  end => {
    const event = (n: number) => `id: s.${n}\ndata: é${n}${end}data: 😀\u2028id: x${end}${end}`
    const all = bytes(`${event(0)}: ping${end}${end}${event(1)}`)
    const rest = bytes(`id: s.2\ndata: half${end}`)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), sizes => {
        const events = createWholeEvents(null)
        const out: Uint8Array[] = []
        const stream = Buffer.concat([all, rest])
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1
          out.push(events.push(stream.subarray(at, at + size)))
          at += size
          // An event is given with its id, and never without its empty line.
          expect(text(out)).toMatch(/^$|[\r\n]{2}$/)
        }
        expect(text(out)).toBe(text([all]).slice(0, text(out).length))
        expect(text([all]).slice(text(out).length)).toMatch(/^\n?$/)
        expect([events.lastId(), events.isAtEnd()]).toEqual(['s.1', false])
        events.restart()
        expect([events.lastId(), events.isAtEnd()]).toEqual(['s.1', true])
      }),
    )
  },
)

test('keeps the id it began with until an event has another, and fails on an event without an end', () => {
  const events = createWholeEvents('s.7')
  expect(text([events.push(bytes(': ping\n\n'))])).toBe(': ping\n\n')
  expect(events.lastId()).toBe('s.7')
  const piece = bytes('x'.repeat(2 ** 22))
  expect(() => {
    for (let i = 0; i < 5; i++) events.push(piece)
  }).toThrow('too long')
})
