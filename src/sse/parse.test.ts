import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeComment, encodeEvent, encodeRetry } from './encode.js'
import { createSseParser, type SseMessage, type SseOverflow, type SseParserOptions } from './parse.js'

type Seen = {
  readonly events: readonly SseMessage[]
  readonly comments: readonly string[]
  readonly retries: readonly number[]
  readonly overflows: readonly SseOverflow[]
  readonly lastEventId: string
}

function read(chunks: Iterable<Uint8Array | string>, options: SseParserOptions = {}): Seen {
  const seen = {
    events: [] as SseMessage[],
    comments: [] as string[],
    retries: [] as number[],
    overflows: [] as SseOverflow[],
  }
  const parser = createSseParser(
    {
      onEvent: message => seen.events.push(message),
      onComment: text => seen.comments.push(text),
      onRetry: ms => seen.retries.push(ms),
      onOverflow: overflow => seen.overflows.push(overflow),
    },
    options,
  )
  for (const chunk of chunks) parser.push(chunk)
  return { ...seen, lastEventId: parser.lastEventId }
}

/** The standard's algorithm, word for word and without optimisation. */
function reference(bytes: Uint8Array, initialId = ''): Omit<Seen, 'overflows'> {
  const lines = new TextDecoder('utf-8').decode(bytes).split(/\r\n|\r|\n/)
  lines.pop() // what follows the last line end is unfinished
  const events: SseMessage[] = []
  const comments: string[] = []
  const retries: number[] = []
  let dataBuffer = ''
  let typeBuffer = ''
  let idBuffer = initialId
  let lastEventId = initialId
  for (const line of lines) {
    if (line === '') {
      lastEventId = idBuffer
      if (dataBuffer !== '') {
        const data = dataBuffer.endsWith('\n') ? dataBuffer.slice(0, -1) : dataBuffer
        events.push({ event: typeBuffer === '' ? 'message' : typeBuffer, data, id: lastEventId })
      }
      dataBuffer = ''
      typeBuffer = ''
      continue
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const rest = colon < 0 ? '' : line.slice(colon + 1)
    const value = rest.startsWith(' ') ? rest.slice(1) : rest
    if (colon === 0) comments.push(value)
    else if (field === 'event') typeBuffer = value
    else if (field === 'data') dataBuffer += `${value}\n`
    else if (field === 'id' && !value.includes('\0')) idBuffer = value
    else if (field === 'retry' && value !== '' && [...value].every(c => c >= '0' && c <= '9')) {
      retries.push(Number.parseInt(value, 10))
    }
  }
  return { events, comments, retries, lastEventId }
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const chunks: Uint8Array[] = []
  let from = 0
  for (const end of [...ends, bytes.length]) {
    chunks.push(bytes.subarray(from, end))
    from = end
  }
  return chunks
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const fragment = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\r\r',
    '\r\n\r\n',
    ' ',
    ':',
    '\0',
    '\ufeff',
    '€豆腐',
    '𝄞',
    'é',
  ),
  fc.constantFrom(
    'data',
    'data:',
    'data: ',
    'dat',
    'datax:',
    'event: up',
    'event:',
    'event',
    'id',
    'id:',
    'id: 7',
  ),
  fc.constantFrom(
    'retry: 10',
    'retry:',
    'retry: 1x',
    'retry: -1',
    'retry: ١',
    ': ka',
    'color: blue',
    'Data: x',
  ),
  fc.string({ maxLength: 6 }),
)
const streamBytes = fc.oneof(
  { weight: 4, arbitrary: fc.array(fragment, { maxLength: 60 }).map(parts => bytesOf(parts.join(''))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
)

describe('the parser agrees with the standard', () => {
  test('for every stream, however it is cut', () => {
    fc.assert(
      fc.property(streamBytes, fc.array(fc.nat(), { maxLength: 40 }), (bytes, cuts) => {
        const { overflows, ...seen } = read(cutAt(bytes, cuts))
        expect(seen).toEqual(reference(bytes))
        expect(overflows).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('for every stream that comes byte by byte', () => {
    fc.assert(
      fc.property(streamBytes, bytes => {
        const { overflows: _, ...seen } = read(Array.from(bytes, byte => Uint8Array.of(byte)))
        expect(seen).toEqual(reference(bytes))
      }),
      { numRuns: 500 },
    )
  })

  test('for text as for bytes', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), parts => {
        const bytes = bytesOf(parts.join(''))
        const { overflows: _, ...seen } = read(parts)
        expect(seen).toEqual(reference(bytes))
      }),
    )
  })

  test('and with what our own encoder writes', () => {
    const field = fc.string().map(text => text.replace(/[\r\n\0]/g, ''))
    fc.assert(
      fc.property(fc.array(fc.record({ event: field, data: fc.string(), id: field })), events => {
        const text = events.map(encodeEvent).join('')
        expect(read([text]).events).toEqual(
          events.map(({ event, data, id }) => ({
            event: event === '' ? 'message' : event,
            data: data.replace(/\r\n|\r/g, '\n'),
            id,
          })),
        )
      }),
    )
    expect(read([encodeRetry(1500), encodeComment('ka')])).toMatchObject({
      retries: [1500],
      comments: ['ka'],
    })
  })
})

describe('a stream', () => {
  test('loses one byte order mark at its start, and only that', () => {
    expect(read([bytesOf('\ufeff\ufeffdata: x\n\ndata: \ufeffy\n\n')]).events.map(e => e.data)).toEqual([
      '\ufeffy',
    ])
    expect(read([Uint8Array.of(0xef), Uint8Array.of(0xbb), bytesOf('')]).events).toEqual([])
    expect(read([Uint8Array.of(0xef), Uint8Array.of(0xbb, 0xbf), 'data: x\n\n']).events).toHaveLength(1)
  })

  test('gives an event at its blank line, without waiting for an LF after a CR', () => {
    const seen: string[] = []
    const parser = createSseParser({ onEvent: message => seen.push(message.data) })
    parser.push('data: a\r\r')
    expect(seen).toEqual(['a'])
    parser.push('\ndata: b\r\n\r')
    expect(seen).toEqual(['a', 'b'])
  })

  test('keeps its id until it sends another, across events and for the next connection', () => {
    const { events, lastEventId } = read([
      'id: 7\ndata: a\n\ndata: b\n\nid: 8\n\ndata: c\n\nid: 9\ndata: cut',
    ])
    expect(events.map(e => e.id)).toEqual(['7', '7', '8'])
    expect(lastEventId).toBe('8')
    expect(read(['data: a\n\n'], { lastEventId: '5' }).events[0]?.id).toBe('5')
    expect(read(['id\ndata: a\n\n'], { lastEventId: '5' }).lastEventId).toBe('')
    expect(read(['id: a\0b\ndata: a\n\n'], { lastEventId: '5' }).lastEventId).toBe('5')
  })
})

describe('limits', () => {
  const limits = { maxLineLength: 100, maxEventLength: 200 }

  test('drop a line that is too long with its event, report it once, and continue with the next event', () => {
    const chunkings = [
      (text: string) => [text],
      (text: string) => [...text],
      (text: string) => [text.slice(0, 120), text.slice(120)],
    ]
    for (const cut of chunkings) {
      const seen = read(cut(`id: 1\ndata: ${'x'.repeat(101)}\ndata: rest\n\nid: 2\ndata: ok\n\n`), limits)
      expect(seen.overflows).toEqual([{ what: 'line', limit: 100 }])
      expect(seen.events).toEqual([{ event: 'message', data: 'ok', id: '2' }])
    }
  })

  test('drop an event whose data lines, empty ones included, are too long in sum', () => {
    const seen = read([`${'data:\n'.repeat(34)}\ndata: ok\n\n`], limits)
    expect(seen.overflows).toEqual([{ what: 'event', limit: 200 }])
    expect(seen.events.map(e => e.data)).toEqual(['ok'])
    expect(read([`${'data:\n'.repeat(33)}\n`], limits).events).toHaveLength(1)
  })

  test('a dropped event does not move the id', () => {
    const seen = read([`id: 1\ndata: a\n\nid: 2\ndata: ${'x'.repeat(200)}\n\n`], limits)
    expect(seen.lastEventId).toBe('1')
  })

  test('a comment that is too long drops no event', () => {
    const seen = read([`data: a\n:${'x'.repeat(500)}\n\n`], limits)
    expect(seen.events).toHaveLength(1)
    expect(seen.overflows).toHaveLength(1)
    expect(seen.comments).toEqual([])
  })
})
