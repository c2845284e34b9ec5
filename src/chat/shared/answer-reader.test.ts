import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLEAR, KeySeal, type Seal } from '../../fleet/seal.js'
import { encodeNumbered } from '../encode.js'
import { MemoryLog } from '../log/memory-log.js'
import { AnswerReader } from './answer-reader.js'
import { type DecodedEvent, encodeEvents, UnopenedError } from './compact.js'
import { Records } from './records.js'

const ID = 'abcdefghijklmnopqrstuv'
const OTHER = 'vutsrqponmlkjihgfedcba'
const KEY = randomBytes(32)
const seal = new KeySeal([KEY])
const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 100) }

type Write = { readonly first: number; readonly events: Buffer }

/** Events with these texts, cut into writes of so many events each, one size after the other. */
function writesOf(texts: readonly string[], sizes: readonly number[]): readonly Write[] {
  const log = new MemoryLog(1 << 20)
  texts.forEach((data, sequence) => {
    log.append(encodeNumbered(ID, { type: 'token', data, sequence, timestamp: 1_750_000_000_000 }))
  })
  const writes: Write[] = []
  for (let first = 0, i = 0; first < log.tail; i++) {
    const end = Math.min(log.tail, first + (sizes[i % sizes.length] ?? 1))
    const pieces: Buffer[] = []
    for (let at = first; at < end; at++)
      pieces.push(encodeEvents(ID, at, log.readFrom(at, 'chunked', 1)).bytes)
    writes.push({ first, events: Buffer.concat(pieces) })
    first = end
  }
  return writes
}

const stored = (writes: readonly Write[], by: Seal, id = ID): Buffer => {
  const records = new Records(id, by)
  return Buffer.concat(writes.map(({ events, first }) => records.ofEvents(events, first)))
}
const plain = (writes: readonly Write[]): Buffer => Buffer.concat(writes.map(({ events }) => events))
const textOf = (events: Iterable<DecodedEvent>): readonly string[] =>
  [...events].map(({ firstLine, rest }) => firstLine + rest.toString('utf8'))
const read = (bytes: Buffer, by: Seal = seal): readonly string[] =>
  textOf(new AnswerReader(ID, by).take(bytes, 0))

const texts = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 40 })
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })

describe('an encrypted answer', () => {
  test('is read as one in clear, in whichever writes it came and in whichever pieces it is read', () => {
    fc.assert(
      fc.property(texts, sizes, sizes, (words, cuts, pieces) => {
        const writes = writesOf(words, cuts)
        const bytes = stored(writes, seal)
        const reader = new AnswerReader(ID, seal)
        const events: string[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + 40 * (pieces[i % pieces.length] ?? 1)
          events.push(...textOf(reader.take(bytes.subarray(at, end), events.length)))
          at = end
        }
        reader.checkEnd(words.length)
        expect(reader.fromByte).toBe(bytes.length)
        expect(events).toEqual(read(plain(writes), CLEAR))
      }),
      RUNS,
    )
  })

  test('goes on in its deflated form after any event, with a record that is not whole, or anew', async () => {
    await fc.assert(
      fc.asyncProperty(texts, sizes, fc.nat(), async (words, cuts, cut) => {
        const writes = writesOf(words, cuts)
        const bytes = stored(writes, seal)
        const deflated = new Records(ID, seal).ofDeflated(deflateRawSync(plain(writes)))
        const reader = new AnswerReader(ID, seal)
        const begun = textOf(reader.take(bytes.subarray(0, cut % (bytes.length + 1)), 0))
        const rest = textOf(await reader.takeDeflated(deflated, begun.length))
        const all = read(plain(writes), CLEAR)
        expect([...begun, ...rest]).toEqual(all)
        const anew = textOf(await new AnswerReader(ID, seal).takeDeflated(deflated, begun.length))
        expect(anew).toEqual(all.slice(begun.length))
      }),
      RUNS,
    )
  })

  const writes = writesOf(['one', 'two', 'three', 'four'], [2])
  const bytes = stored(writes, seal)
  const all = read(bytes)

  test('that is cut at any byte has whole writes only, and says that something is missing', () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new AnswerReader(ID, seal)
      const events = textOf(reader.take(bytes.subarray(0, cut), 0))
      expect([[], all.slice(0, 2)]).toContainEqual(events)
      expect(() => reader.checkEnd(4)).toThrow(UnopenedError)
    }
  })

  test('of which any byte was changed gives nothing from there on', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      const events: string[] = []
      expect(() => {
        const reader = new AnswerReader(ID, seal)
        for (const event of reader.take(changed, 0)) events.push(...textOf([event]))
        reader.checkEnd(4)
      }).toThrow(UnopenedError)
      expect([[], all.slice(0, 2)]).toContainEqual(events)
    }
  })

  test('opens in its place only, with a key of the file, and is not mixed up with one in clear', async () => {
    const [first, second] = writes.map(write => stored([write], seal))
    if (first === undefined || second === undefined) throw new Error('two writes')
    const deflated = new Records(ID, seal).ofDeflated(deflateRawSync(plain(writes)))
    const wrong: readonly (readonly [Buffer, Seal])[] = [
      [second, seal],
      [Buffer.concat([first, first]), seal],
      [stored(writes, seal, OTHER), seal],
      [deflated, seal],
      [bytes, new KeySeal([randomBytes(32)])],
      [bytes, CLEAR],
      [plain(writes), seal],
    ]
    for (const [found, by] of wrong) expect(() => read(found, by)).toThrow(UnopenedError)
    for (const [found, by] of [
      [first, seal],
      [new Records(OTHER, seal).ofDeflated(deflateRawSync(plain(writes))), seal],
      [deflated, new KeySeal([randomBytes(32)])],
      [deflated, CLEAR],
      [deflateRawSync(plain(writes)), seal],
      [Buffer.concat([deflated, deflated]), seal],
    ] as const)
      await expect(new AnswerReader(ID, by).takeDeflated(found, 0)).rejects.toThrow(UnopenedError)
    expect(read(bytes, new KeySeal([randomBytes(32), KEY]))).toEqual(all)
  })

  test('hides every word, and without a key nothing is added', () => {
    const [, clear] = [stored(writes, seal), stored(writes, CLEAR)]
    expect(clear.equals(plain(writes))).toBe(true)
    expect(clear.includes('three')).toBe(true)
    expect(bytes.includes('three')).toBe(false)
    expect(new Records(ID, seal).ofEvents(Buffer.alloc(0), 4)).toHaveLength(0)
  })
})
