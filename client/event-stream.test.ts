import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createEventStream,
  type EventStream,
  type EventStreamOptions,
  type StreamError,
} from './event-stream.js'

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string }
type Answer = (response: ServerResponse, request: Seen) => void
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that gives its answers in order and repeats the last. */
async function serve(...answers: Answer[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers, body })
    answers[Math.min(seen.length, answers.length) - 1]?.(response, { method, url, headers, body })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen }
}

const stream =
  (text: string | Uint8Array, end: 'open' | 'end' | 'cut' = 'open'): Answer =>
  response => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.write(text, () => {
      if (end === 'end') response.end()
      if (end === 'cut') response.destroy()
    })
  }
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  response =>
    response.writeHead(code, headers).end()

function follow(
  url: string,
  options: EventStreamOptions = {},
): { stream: EventStream; errors: StreamError[] } {
  const errors: StreamError[] = []
  const made = createEventStream(url, { initialDelayMs: 0, onError: error => errors.push(error), ...options })
  closers.push(() => made.close())
  return { stream: made, errors }
}

async function take(
  events: EventStream,
  count: number,
): Promise<{ event: string; data: string; id: string }[]> {
  const taken = []
  for await (const event of events) {
    taken.push(event)
    if (taken.length === count) break
  }
  return taken
}

describe('a request', () => {
  test('is a GET for an event stream that no cache may answer, with no id at first', async () => {
    const server = await serve(stream('data: x\n\n'))
    await take(follow(server.url).stream, 1)
    const [request] = server.seen
    expect(request).toMatchObject({ method: 'GET', body: '' })
    expect(request?.headers).toMatchObject({ accept: 'text/event-stream', 'cache-control': 'no-cache' })
    expect(request?.headers).not.toHaveProperty('last-event-id')
  })

  test.each(['POST', 'REPORT'])('may be a %s with headers, and its body is sent again', async method => {
    const server = await serve(stream('data: a\n\n', 'cut'), stream('data: b\n\n'))
    const { stream: events } = follow(server.url, {
      method,
      body: '{"a":1}',
      headers: { 'Content-Type': 'application/json', 'X-Own': '7' },
    })
    expect((await take(events, 2)).map(e => e.data)).toEqual(['a', 'b'])
    for (const request of server.seen) {
      expect(request).toMatchObject({ method, body: '{"a":1}' })
      expect(request.headers).toMatchObject({ 'content-type': 'application/json', 'x-own': '7' })
    }
  })

  test('carries the id it is given, UTF-8 included', async () => {
    const server = await serve(stream('data: x\n\n'))
    await take(follow(server.url, { lastEventId: '豆-1' }).stream, 1)
    const sent = String(server.seen[0]?.headers['last-event-id'])
    expect(Buffer.from(sent, 'latin1').toString('utf8')).toBe('豆-1')
  })
})

describe('a connection that ends is made again', () => {
  test('with the id of the last whole event', async () => {
    const server = await serve(
      stream('id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: half', 'cut'),
      stream('data: c\n\n'),
    )
    const { stream: events } = follow(server.url)
    expect(await take(events, 3)).toEqual([
      { event: 'message', data: 'a', id: '1' },
      { event: 'message', data: 'b', id: '1' },
      { event: 'message', data: 'c', id: '1' },
    ])
    expect(server.seen[1]?.headers['last-event-id']).toBe('1')
  })

  test('with an id that came without data', async () => {
    const server = await serve(stream('data: a\n\nid: 9\n\n', 'end'), stream('data: b\n\n'))
    expect((await take(follow(server.url).stream, 2)).map(e => e.id)).toEqual(['', '9'])
    expect(server.seen[1]?.headers['last-event-id']).toBe('9')
  })

  test('without an id when the last one was empty', async () => {
    const server = await serve(stream('id: 1\ndata: a\n\nid:\ndata: b\n\n', 'end'), stream('data: c\n\n'))
    expect((await take(follow(server.url).stream, 3)).map(e => e.id)).toEqual(['1', '', ''])
    expect(server.seen[1]?.headers).not.toHaveProperty('last-event-id')
  })

  test('after the delay the server asked for plus a random one', async () => {
    const server = await serve(stream('retry: 140\ndata: a\n\n', 'end'), stream('data: b\n\n'))
    const { stream: events, errors } = follow(server.url, { initialDelayMs: 100, random: () => 0.1 })
    await take(events, 2)
    expect(errors).toMatchObject([{ code: 'ended', retryInMs: 150 }])
  })

  test('with longer and longer waits while it fails, or ends after one event', async () => {
    const refused = status(503)
    const server = await serve(
      refused,
      refused,
      refused,
      refused,
      stream('data: a\n\n', 'end'),
      stream('data: b\n\n'),
    )
    const { stream: events, errors } = follow(server.url, {
      initialDelayMs: 100,
      maxDelayMs: 600,
      random: () => 0.01,
    })
    await take(events, 2)
    expect(errors.map(error => error.retryInMs)).toEqual([1, 2, 4, 6, 6])
  })

  test('after Retry-After, in seconds or as a date; 401 and 403 only after the longest wait', async () => {
    const waits: (number | undefined)[] = []
    for (const answer of [
      status(429, { 'Retry-After': '7' }),
      status(503, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() }),
      status(401),
      status(403),
    ]) {
      const server = await serve(answer)
      const ended = new Promise<StreamError>(resolve => {
        const { stream: events } = follow(server.url, { onError: resolve })
        void take(events, 1)
      })
      waits.push((await ended).retryInMs)
    }
    expect(waits[0]).toBe(7000)
    expect(waits[1]).toBeGreaterThan(55_000)
    expect(waits.slice(2)).toEqual([30_000, 30_000])
  })

  test('at once on restart(), while connected and while waiting', async () => {
    const server = await serve(stream('data: a\n\n'), status(401), stream('data: b\n\n'))
    const { stream: events } = follow(server.url, { onError: () => queueMicrotask(() => events.restart()) })
    const taken: string[] = []
    for await (const { data } of events) {
      taken.push(data)
      if (data === 'a') events.restart()
      else break
    }
    expect(taken).toEqual(['a', 'b'])
  })

  test('after the read timeout without a byte, before and after the response headers', async () => {
    const server = await serve(() => {}, stream('data: a\n\n'), stream('data: b\n\n'))
    const { stream: events, errors } = follow(server.url, { readTimeoutMs: 1_000 })
    expect((await take(events, 2)).map(e => e.data)).toEqual(['a', 'b'])
    expect(errors.map(error => error.code)).toEqual(['timeout', 'timeout'])
  })
})

describe('answers', () => {
  const POSTED = { method: 'POST', body: 'b', headers: { 'X-API-Token': 'secret', 'Content-Type': 'text/x' } }

  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'REPORT', 'REPORT'],
    [303, 'REPORT', 'GET'],
    [303, 'GET', 'GET'],
    [307, 'GET', 'GET'],
  ])('%i is followed as the fetch standard says: %s becomes %s', async (code, method, wanted) => {
    const there: Answer = (response, seen) =>
      (seen.url === '/there' ? stream('data: x\n\n') : status(code, { Location: '/there' }))(response, seen)
    const server = await serve(there)
    const { stream: events } = follow(server.url, method === 'GET' ? {} : { ...POSTED, method })
    expect(await take(events, 1)).toHaveLength(1)
    expect(server.seen[1]).toMatchObject({ method: wanted, body: wanted === 'GET' ? '' : 'b' })
    if (method === 'GET') return
    const { headers } = server.seen[1] as Seen
    expect(headers).toMatchObject({ 'x-api-token': 'secret' })
    expect(headers['content-type']).toBe(wanted === 'GET' ? undefined : 'text/x')
  })

  test.each([301, 302, 303, 307, 308])(
    '%i: another origin never sees our headers, nor does what it sends us to',
    async code => {
      const target = await serve((response, seen) =>
        (seen.url === '/there' ? status(code, { Location: `${target.url}further` }) : stream('data: x\n\n'))(
          response,
          seen,
        ),
      )
      const server = await serve(status(code, { Location: `${target.url}there` }))
      await take(follow(server.url, POSTED).stream, 1)
      expect(target.seen.map(({ url }) => url)).toEqual(['/there', '/further'])
      for (const { headers } of target.seen) expect(headers).not.toHaveProperty('x-api-token')
    },
  )

  test('a redirect without Location, to no address or in a loop is an error', async () => {
    for (const [headers, wanted] of [
      [{}, /without Location/],
      [{ Location: '' }, /without Location/],
      [{ Location: 'http://[' }, /to no address/],
      [{ Location: '/' }, /more than/],
    ] as const) {
      const server = await serve(status(301, headers))
      const error = await new Promise<StreamError>(resolve => {
        void take(follow(server.url, { onError: resolve }).stream, 1)
      })
      expect(error.code).toBe('redirect')
      expect(error.message).toMatch(wanted)
    }
  })

  test('204 ends it without an error', async () => {
    const server = await serve(status(204))
    const { stream: events, errors } = follow(server.url)
    expect(await take(events, 1)).toEqual([])
    expect(errors).toEqual([])
    expect(server.seen).toHaveLength(1)
  })

  test('other statuses and other content types are errors', async () => {
    const page: Answer = response =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('data: x\n\n')
    const server = await serve(status(404), page, stream('data: ok\n\n'))
    const { stream: events, errors } = follow(server.url)
    expect((await take(events, 1))[0]?.data).toBe('ok')
    expect(errors).toMatchObject([
      { code: 'status', status: 404 },
      { code: 'content_type', status: 200 },
    ])
  })

  test('a port that nobody listens on is a network error', async () => {
    const error = await new Promise<StreamError>(resolve => {
      void take(follow('http://127.0.0.1:1/', { onError: resolve }).stream, 1)
    })
    expect(error.code).toBe('network')
  })
})

describe('content', () => {
  test('may be 5 MB in a line, and comments are reported', async () => {
    const comments: string[] = []
    const server = await serve(stream(`:hi\ndata: ${'x'.repeat(5_000_000)}\n\n`))
    const { stream: events } = follow(server.url, { onComment: text => comments.push(text) })
    expect((await take(events, 1))[0]?.data).toHaveLength(5_000_000)
    expect(comments).toEqual(['hi'])
  })

  test('is reported in its order: comments and dropped events among the events of one piece', async () => {
    const seen: string[] = []
    const text = `:1\ndata: a\n\n:2\ndata: ${'x'.repeat(2000)}\n\ndata: b\n\n:3\ndata: c\n\n`
    const { stream: events } = follow((await serve(stream(text))).url, {
      maxEventLength: 1000,
      onComment: comment => seen.push(comment),
      onError: ({ code }) => seen.push(code),
    })
    for await (const { data } of events) {
      seen.push(data)
      if (data === 'c') break
    }
    expect(seen).toEqual(['1', 'a', '2', 'too_large', 'b', '3', 'c'])
  })

  test('over the limit is dropped and reported, and the stream goes on', async () => {
    const server = await serve(stream(`data: ${'x'.repeat(2000)}\n\ndata: ok\n\n`))
    const { stream: events, errors } = follow(server.url, { maxEventLength: 1000 })
    expect((await take(events, 1))[0]?.data).toBe('ok')
    expect(errors).toMatchObject([{ code: 'too_large', retryInMs: undefined }])
  })
})

describe('the end', () => {
  test('close() ends the iteration, waiting for bytes or for the next try', async () => {
    for (const answer of [stream(': open\n\n'), status(503)]) {
      const server = await serve(answer)
      const { stream: events } = follow(server.url, {
        initialDelayMs: 10_000,
        random: () => 0.9,
        onOpen: () => setImmediate(() => events.close()),
        onError: () => setImmediate(() => events.close()),
      })
      expect(await take(events, 1)).toEqual([])
    }
  })

  test('so does the signal, before or after the start', async () => {
    const server = await serve(stream('data: a\n\n'))
    const abort = new AbortController()
    const taken: string[] = []
    for await (const { data } of follow(server.url, { signal: abort.signal }).stream) {
      taken.push(data)
      abort.abort()
    }
    expect(taken).toEqual(['a'])
    expect(await take(follow(server.url, { signal: abort.signal }).stream, 1)).toEqual([])
    expect(server.seen).toHaveLength(1)
  })

  test('leaving the loop closes the connection', async () => {
    let gone = (): void => {}
    const left = new Promise<void>(resolve => {
      gone = resolve
    })
    const server = await serve(response => {
      response.on('close', gone)
      stream('data: a\n\n')(response, { method: '', url: '', headers: {}, body: '' })
    })
    await take(follow(server.url).stream, 1)
    await left
  })
})

test('the waits grow unless an event is good; retry: 0 does not remove them', async () => {
  const server = await serve(stream('retry: 0\ndata: x\n\n', 'end'))
  const waits = async (options: EventStreamOptions) => {
    const { stream: events, errors } = follow(server.url, {
      initialDelayMs: 10,
      random: () => 0.5,
      ...options,
    })
    await take(events, 4)
    return errors.map(({ retryInMs = 0 }) => Math.round(retryInMs))
  }
  expect(await waits({ isGood: () => true })).toEqual([15, 15, 15])
  expect(await waits({ isGood: () => false })).toEqual([15, 110, 210])
  expect(await waits({})).toEqual([15, 110, 210])
})

describe('a refusal', () => {
  const refused = (answer: Answer): Promise<StreamError> =>
    serve(answer).then(
      ({ url }) => new Promise(resolve => void take(follow(url, { onError: resolve }).stream, 1)),
    )

  test('reports what the server says to people and to programs', async () => {
    const document = { status: 429, code: 'connections_full', detail: 'All 50\n places are taken.' }
    const error = await refused(response => {
      response.writeHead(429, { 'Content-Type': 'application/problem+json', 'Retry-After': '5' })
      response.end(JSON.stringify(document))
    })
    expect(error).toMatchObject({
      code: 'status',
      status: 429,
      problem: 'connections_full',
      detail: 'All 50 places are taken.',
      message: 'HTTP 429: All 50 places are taken.',
      retryAfterSec: 5,
    })
    expect(error.retryInMs).toBeGreaterThanOrEqual(5_000)
  })

  test('whose body never ends, or unpacks without end, is one without words', async () => {
    const megabyte = Buffer.alloc(2 ** 20, 'x')
    const endless: Answer = response => {
      const more = (): void => {
        while (!response.destroyed && response.write(megabyte)) {}
      }
      response.writeHead(503).on('drain', more)
      more()
    }
    const bomb = gzipSync(Buffer.alloc(2 ** 27, 'x'))
    const packed: Answer = response => response.writeHead(503, { 'Content-Encoding': 'gzip' }).end(bomb)
    for (const answer of [endless, packed]) {
      const before = process.memoryUsage().rss
      expect(await refused(answer)).toMatchObject({ code: 'status', message: 'HTTP 503', status: 503 })
      expect(process.memoryUsage().rss - before).toBeLessThan(40 * 2 ** 20)
    }
  })
})
