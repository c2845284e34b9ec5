import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
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
    const server = await serve(stream('retry: 40\ndata: a\n\n', 'end'), stream('data: b\n\n'))
    const { stream: events, errors } = follow(server.url, { initialDelayMs: 100, random: () => 0.1 })
    await take(events, 2)
    expect(errors).toMatchObject([{ code: 'ended', retryInMs: 50 }])
  })

  test('with longer and longer waits while it fails, and a short one after an event', async () => {
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
    expect(errors.map(error => error.retryInMs)).toEqual([1, 2, 4, 6, 1])
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
  test.each([301, 302, 307, 308])('%i is followed with method and body', async code => {
    const target = await serve(stream('data: x\n\n'))
    const server = await serve(status(code, { Location: `${target.url}there` }))
    const { stream: events } = follow(server.url, {
      method: 'POST',
      body: 'b',
      headers: { 'X-API-Token': 'secret' },
    })
    expect(await take(events, 1)).toHaveLength(1)
    expect(target.seen[0]).toMatchObject({ method: 'POST', body: 'b', url: '/there' })
    expect(target.seen[0]?.headers, 'another origin never sees our headers').not.toHaveProperty('x-api-token')
  })

  test('a redirect without Location or in a loop is an error', async () => {
    for (const [headers, wanted] of [
      [{}, /without Location/],
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

test('the waits grow while no event is good, and start over after one that is', async () => {
  const server = await serve(stream('retry: 0\ndata: x\n\n', 'end'))
  const waits = async (isGood: boolean) => {
    const { stream: events, errors } = follow(server.url, {
      initialDelayMs: 1,
      random: () => 0.5,
      isGood: () => isGood,
    })
    await take(events, 4)
    return errors.map(({ retryInMs = 0 }) => Math.round(retryInMs))
  }
  expect(await waits(true)).toEqual([1, 1, 1])
  expect(await waits(false)).toEqual([1, 100, 200])
})
