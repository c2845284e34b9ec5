import { constants, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GzipMode, StreamReader } from './stream-reader.js'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
const event = (seq: number, stamp: number, pad = 'x') => `data: {"s":${seq},"t":${stamp},"p":"${pad}"}\n\n`
const chunk = (content: Buffer | string) => {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const deflated = (text: string) => deflateRawSync(Buffer.from(text), { finishFlush: constants.Z_FULL_FLUSH })

type Seen = {
  readonly events: (readonly [number | null, number | null])[]
  readonly faults: string[]
  opened: number
}

function reading(gzip: GzipMode = 'none'): { readonly seen: Seen; readonly reader: StreamReader } {
  const seen: Seen = { events: [], faults: [], opened: 0 }
  const reader = new StreamReader(gzip, {
    onOpen: () => {
      seen.opened++
    },
    onEvent: (seq, stamp) => seen.events.push([seq, stamp]),
    onFault: message => seen.faults.push(message),
  })
  return { seen, reader }
}

function pushCut(reader: StreamReader, bytes: Buffer, cuts: readonly number[]): void {
  const shared = Buffer.alloc(bytes.length)
  const edges = [0, ...cuts.map(cut => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (let i = 1; i < edges.length; i++) {
    // One buffer for all reads, overwritten each time, as the client has it.
    const part = bytes.subarray(edges[i - 1], edges[i])
    part.copy(shared)
    reader.push(shared.subarray(0, part.length))
  }
}

const cuts = fc.array(fc.nat(), { maxLength: 30 })

describe('a client connection', () => {
  test('sees the same events however the bytes are cut, chunked', () => {
    const body = Buffer.concat([
      chunk(': hi\n\n'),
      chunk(event(1, 100)),
      chunk(event(2, 200) + event(3, 300, 'y'.repeat(900))),
    ])
    const bytes = Buffer.concat([Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`), body])
    fc.assert(
      fc.property(cuts, where => {
        const { seen, reader } = reading()
        pushCut(reader, bytes, where)
        expect(seen).toEqual({
          opened: 1,
          faults: [],
          events: [
            [1, 100],
            [2, 200],
            [3, 300],
          ],
        })
      }),
    )
  })

  test('and without chunks', () => {
    const bytes = Buffer.from(`${HEAD}\r\n${event(7, 70)}${event(8, 80)}`)
    fc.assert(
      fc.property(cuts, where => {
        const { seen, reader } = reading()
        pushCut(reader, bytes, where)
        expect(seen.events).toEqual([
          [7, 70],
          [8, 80],
        ])
      }),
    )
  })

  test('ignores marks far inside an event, and those of the next event', () => {
    const { seen, reader } = reading()
    reader.push(Buffer.from(`${HEAD}\r\ndata: ${'x'.repeat(300)}"s":1,"t":2\n\n: ka\n\n${event(5, 50)}`))
    expect(seen.events).toEqual([[5, 50]])
  })

  test('counts compressed events by their flushes without inflating', () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEAD}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`),
      chunk(GZIP_HEADER),
      chunk(deflated(event(1, 1, 'z'.repeat(3000)))),
      chunk(deflated(event(2, 2))),
    ])
    fc.assert(
      fc.property(cuts, where => {
        const { seen, reader } = reading('count')
        pushCut(reader, bytes, where)
        expect(seen.events).toEqual([
          [null, null],
          [null, null],
        ])
      }),
    )
  })

  test('inflates when asked to', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEAD}Content-Encoding: gzip\r\n\r\n`),
      GZIP_HEADER,
      deflated(event(1, 10)),
      deflated(event(2, 20)),
    ])
    const two = new Promise<(readonly [number | null, number | null])[]>(resolve => {
      const events: (readonly [number | null, number | null])[] = []
      const reader = new StreamReader('inflate', {
        onOpen: () => {},
        onFault: message => resolve([[null, null], ...events, [message.length, null]]),
        onEvent: (seq, stamp) => {
          events.push([seq, stamp])
          if (events.length < 2) return
          resolve(events)
          reader.close()
        },
      })
      pushCut(reader, bytes, [100, 120, 140])
    })
    expect(await two).toEqual([
      [1, 10],
      [2, 20],
    ])
  })

  test.each([
    ['HTTP/1.1 429 Too Many Requests\r\n\r\n', 'none', 'not 200'],
    [`${HEAD}\r\n`, 'count', 'asked for gzip'],
    [`${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'none', 'ended the stream'],
    ['x'.repeat(20_000), 'none', 'head too long'],
    [`${HEAD}\r\n${'x'.repeat(1_100_000)}`, 'none', 'event too long'],
  ] as const)('says once what is wrong with %.40s', (text, gzip, message) => {
    const { seen, reader } = reading(gzip)
    reader.push(Buffer.from(text))
    reader.push(Buffer.from('more'))
    expect(seen.faults).toHaveLength(1)
    expect(seen.faults[0]).toContain(message)
  })
})
