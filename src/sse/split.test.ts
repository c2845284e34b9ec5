import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSseParser, type SseMessage } from './parse.js'
import { createEventSplitter } from './split.js'

const PLENTY = 1 << 20

function split(
  chunks: Iterable<Buffer>,
  limit = PLENTY,
): { readonly events: string[]; readonly overflowed: boolean } {
  const splitter = createEventSplitter(limit)
  const events: string[] = []
  for (const chunk of chunks) events.push(...splitter.push(chunk).map(String))
  return { events, overflowed: splitter.overflowed }
}

function parsed(bytes: Buffer): readonly Pick<SseMessage, 'event' | 'data'>[] {
  const events: Pick<SseMessage, 'event' | 'data'>[] = []
  createSseParser({ onEvent: ({ event, data }) => events.push({ event, data }) }).push(bytes)
  return events
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  return [...ends, bytes.length].map(end => {
    const chunk = bytes.subarray(from, end)
    from = end
    return chunk
  })
}

const fragment = fc.oneof(
  fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', ' ', ':', '\ufeff', '€豆腐', '𝄞'),
  fc.constantFrom('data', 'data:', 'data: x', 'datax:', 'event: up', 'event', 'id', 'id: 7', 'idx: 7'),
  fc.constantFrom('retry: 10', 'retry', ': ka', 'color: blue', 'Data: x', 'd', 'i', 'r'),
)

test('however it is cut, readers of the events read what readers of the whole do, and no id or retry', () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''))
        const { events } = split(cutAt(bytes, cuts))
        const seen = { ids: 0, retries: 0, comments: 0 }
        const messages: Pick<SseMessage, 'event' | 'data'>[] = []
        for (const text of events) {
          const parser = createSseParser({
            onEvent: ({ event, data, id }) => {
              messages.push({ event, data })
              if (id !== '') seen.ids++
            },
            onRetry: () => seen.retries++,
            onComment: () => seen.comments++,
          })
          // Behind a line of its own, as it will be sent.
          parser.push(`x: 1\n${text}`)
        }
        expect(messages).toEqual(parsed(bytes))
        expect(seen).toEqual({ ids: 0, retries: 0, comments: 0 })
      },
    ),
    { numRuns: 3000 },
  )
})

describe('an event', () => {
  test('keeps the bytes of its lines as they came', () => {
    const text = 'event:a\r\ndata:  {"x": 1}\r\ndata\r\n\r\ndata: b\n\n'
    expect(split([Buffer.from(text)]).events).toEqual([
      'event:a\r\ndata:  {"x": 1}\r\ndata\r\n\r\n',
      'data: b\n\n',
    ])
  })

  test('keeps its blank line where the lines before it end in CR and what was between them is lost', () => {
    expect(split([Buffer.from('data\r:\n\n')]).events).toEqual(['data\r\r\n'])
    expect(split([Buffer.from('data: a\r: x\n'), Buffer.from('\ndata: b\n\n')]).events).toEqual([
      'data: a\r\r\n',
      'data: b\n\n',
    ])
  })

  test('loses comments and lines of the connection, also between its own', () => {
    const text = ': hi\n\nretry: 3\nid: 1\nevent: a\n: in between\ndata: 1\nid\ndata: 2\n\n'
    expect(split([Buffer.from(text)]).events).toEqual(['event: a\ndata: 1\ndata: 2\n\n'])
  })

  test('that came whole is not copied', () => {
    const chunk = Buffer.from('data: a\n\ndata: b\n\n')
    const splitter = createEventSplitter(PLENTY)
    splitter.push(Buffer.from('data: first\n\n'))
    for (const event of splitter.push(chunk)) expect(event.buffer).toBe(chunk.buffer)
  })

  test('without its blank line is held back, and given at the end of the body', () => {
    const splitter = createEventSplitter(PLENTY)
    expect(splitter.push(Buffer.from('data: a\n\ndata: [DONE]')).map(String)).toEqual(['data: a\n\n'])
    expect(splitter.end().map(String)).toEqual(['data: [DONE]\n\n'])
  })

  test.each([
    ['in one line', 'x'.repeat(200)],
    ['in many lines', '\ndata: y'.repeat(40)],
  ])('over the limit is noticed when it passes it, %s, however it comes', (_, more) => {
    for (const step of [1, 7, 1000]) {
      const bytes = Buffer.from(`data: ok\n\ndata: ${more}`)
      const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
        bytes.subarray(i * step, (i + 1) * step),
      )
      expect(split(chunks, 100)).toEqual({ events: ['data: ok\n\n'], overflowed: true })
    }
  })
})
