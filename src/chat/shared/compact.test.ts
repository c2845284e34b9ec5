import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeNumbered } from '../encode.js'
import { MemoryLog } from '../log/memory-log.js'
import { CompactDecoder, encodeEvents } from './compact.js'

const ID = 'abcdefghijklmnopqrstuv'
const OTHER = 'vutsrqponmlkjihgfedcba'

const numbered = fc
  .record({
    type: fc.constantFrom('token', 'refusal', 'metadata', 'done', 'error', 'usage'),
    data: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
    timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 41 }), fc.constant(1_750_000_000_000)),
  })
  .map(event => (number: number) => encodeNumbered(ID, { ...event, sequence: number } as never))
/** What is passed on: bytes of others, behind an id line, and what only looks like ours. */
const passed = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'data: {}\n\n',
      'event: message\ndata: {"type":"token","data":"a","sequence":0,"timestamp":1}\n\n',
      'event: message\ndata: {"type":"',
    ),
  )
  .map(text => (number: number) => `id: ${ID}.${number}\n${text}`)
const foreign = fc
  .oneof(fc.string({ minLength: 1 }), fc.constantFrom(`id: ${OTHER}.0\n`, `id: ${ID}.99\nx`))
  .map(text => () => text)

test('every event comes back byte for byte, from wherever it is encoded and in whichever pieces it comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(numbered, passed, foreign), { minLength: 1, maxLength: 90 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      (events, sizes) => {
        const log = new MemoryLog(1 << 20)
        events.forEach((event, i) => void log.append(event(i)))
        const decoder = new CompactDecoder(ID)
        const copy = new MemoryLog(1 << 20)
        let piece = 0
        const size = (): number => sizes[piece++ % sizes.length] ?? 1
        for (let from = 0; from < log.tail; ) {
          const slice = log.readFrom(from, 'chunked', size())
          const { bytes, next } = encodeEvents(ID, from, slice)
          expect(next).toBe(slice.next)
          for (let at = 0; at < bytes.length; ) {
            const end = at + size()
            for (const { firstLine, rest } of decoder.push(bytes.subarray(at, end)))
              copy.appendBytes(firstLine, rest)
            at = end
          }
          from = next
        }
        expect(copy.tail).toBe(log.tail)
        for (let i = 0; i < log.tail; i++)
          expect(copy.readFrom(i, 'chunked', 1).bytes.equals(log.readFrom(i, 'chunked', 1).bytes)).toBe(true)
      },
    ),
    { numRuns: Number(process.env.FC_RUNS ?? 100) },
  )
})

test('a token takes eight bytes more than its text', () => {
  const log = new MemoryLog(1 << 20)
  for (let i = 0; i < 1_000; i++) {
    const token = { type: 'token', data: ' word', sequence: i, timestamp: 1_750_000_000_000 + i } as const
    log.append(encodeNumbered(ID, token))
  }
  let size = 0
  for (let from = 0; from < log.tail; ) {
    const { bytes, next } = encodeEvents(ID, from, log.readFrom(from, 'chunked', 65_536))
    size += bytes.length
    from = next
  }
  expect(size).toBe(1_000 * (1 + 6 + 1 + '" word"'.length))
})

test('bytes of another version are an error, and no event', () => {
  expect(() => new CompactDecoder(ID).push(Buffer.from([200, 1, 2]))).toThrow('unknown kind 200')
  expect(() => new CompactDecoder(ID).push(Buffer.from([0, 255, 255, 255, 255, 255, 255]))).toThrow('length')
})
