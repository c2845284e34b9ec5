// Against a small server whose connections break where a test says; the real server and the SDKs: test/gateway/sdk.test.ts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ResumableOptions, ResumeError, resumableFetch } from './index.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void
let handlers: Handler[] = []
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
let url = ''
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (piece: string) => {
    body += piece
  })
  request.on('end', () => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
    const handler = handlers.shift()
    if (handler === undefined) response.writeHead(404).end()
    else handler(request, response)
  })
})
beforeEach(async () => {
  handlers = []
  seen = []
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const event = (n: number, text: string): string => `id: s.${n}\ndata: ${text}\n\n`
/** Sends the texts, then ends as named. */
const stream =
  (how: 'end' | 'cut' | 'reset' | 'open', ...texts: readonly string[]): Handler =>
  (_, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'x-stream-id': 's',
      location: '/v1/streams/s',
    })
    response.write(texts.join(''), () => {
      if (how === 'end') response.end()
      if (how === 'cut') response.destroy()
      if (how === 'reset') response.socket?.resetAndDestroy()
    })
  }
const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}): Handler =>
  (_, response) =>
    void response.writeHead(status, headers).end()
const cut: Handler = request => request.socket.destroy()

const BODY = '{"stream": true}'
const QUICK = { retryDelayMs: 1 }
const ask = (options: ResumableOptions = QUICK, init: RequestInit = {}) =>
  resumableFetch(options)(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: BODY,
    headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    ...init,
  })

test('a connection that breaks before the head, inside an event, by FIN and by RST: each event once, and one question', async () => {
  handlers = [
    cut,
    stream('cut', event(0, 'a'), 'id: s.1\nda'),
    answer(503, { 'retry-after': '0' }),
    stream('reset', event(1, 'b'), 'id: s.2\n'),
    cut,
    stream('end', event(2, 'c'), event(3, '[DONE]')),
  ]
  const ids: string[] = []
  const response = await ask({ ...QUICK, onStream: id => ids.push(id) })
  // What a reset leaves unread is lost, and comes again.
  expect(await response.text()).toBe(
    [event(0, 'a'), event(1, 'b'), event(2, 'c'), event(3, '[DONE]')].join(''),
  )
  expect(ids).toEqual(['s'])
  const keys = seen.map(({ headers }) => headers['idempotency-key'])
  expect(keys[0]).toMatch(/^[\d-]{7,43}$/)
  expect(keys[1]).toBe(keys[0])
  expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST', ...Array(seen.length - 2).fill('GET')])
  expect(seen.map(({ body }) => body)).toEqual([BODY, BODY, ...Array(seen.length - 2).fill('')])
  const last = seen.at(-1)
  expect(last).toMatchObject({
    url: '/v1/streams/s',
    headers: { authorization: 'Bearer k', accept: 'text/event-stream', 'last-event-id': 's.1' },
  })
  expect(last?.headers['content-type']).toBeUndefined()
})

test.each([
  ['204 with X-Stream-End: cut', answer(204, { 'x-stream-end': 'cut' }), 'HTTP 204'],
  ['204 that does not say how it ended', answer(204), 'HTTP 204'],
  ['404', answer(404), 'HTTP 404'],
  ['a page', answer(200, { 'content-type': 'text/html' }), 'HTTP 200'],
])('%s is an error, never a short end', async (_, handler, why) => {
  handlers = [stream('cut', event(0, 'a')), handler]
  const error = await (await ask()).text().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ResumeError)
  expect(String(error)).toContain(why)
  expect(seen).toHaveLength(2)
})

test('204 with X-Stream-End: whole is the end', async () => {
  handlers = [stream('cut', event(0, 'a')), answer(204, { 'x-stream-end': 'whole' })]
  expect(await (await ask()).text()).toBe(event(0, 'a'))
})

test('an orderly end in the middle of an event, or on a connection that the server closes, is no end', async () => {
  const whole = answer(204, { 'x-stream-end': 'whole' })
  const closing: Handler = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-stream-id': 's', connection: 'close' })
    response.write(event(0, 'a'), () => response.destroy())
  }
  handlers = [closing, stream('end', event(1, 'b'), 'data: ha'), stream('end', event(2, 'c')), whole]
  expect(await (await ask()).text()).toBe(event(0, 'a') + event(1, 'b') + event(2, 'c'))
  expect(seen).toHaveLength(3)
})

test('attempts are bounded', async () => {
  handlers = [stream('cut', event(0, 'a')), ...Array(20).fill(answer(503))]
  await expect((await ask({ ...QUICK, maxAttempts: 3 })).text()).rejects.toThrow('HTTP 503')
  expect(seen).toHaveLength(4)
})

test('silence is a lost connection', async () => {
  handlers = [stream('open', event(0, 'a')), stream('end', event(1, 'b'))]
  expect(await (await ask({ ...QUICK, silenceMs: 300 })).text()).toBe(event(0, 'a') + event(1, 'b'))
})

const stopped = async (): Promise<void> => {
  while (seen.at(-1)?.method !== 'DELETE') await new Promise(resolve => setImmediate(resolve))
}

test('an abort stops the answer on the server too, and so does a cancelled body', async () => {
  for (const isAbort of [true, false]) {
    handlers = [stream('open', event(0, 'a')), answer(202)]
    const abort = new AbortController()
    const reader = (await ask(QUICK, { signal: abort.signal })).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(event(0, 'a'))
    if (isAbort) {
      abort.abort()
      await expect(reader?.read()).rejects.toMatchObject({ name: 'AbortError' })
    } else await reader?.cancel()
    await stopped()
    expect(seen.at(-1)).toMatchObject({ url: '/v1/streams/s', headers: { authorization: 'Bearer k' } })
    seen = []
  }
})

test('with stopOnAbort off, or after the end, nothing is stopped', async () => {
  handlers = [stream('open', event(0, 'a')), stream('end', event(0, 'a')), answer(204)]
  const abort = new AbortController()
  const reader = (await ask({ stopOnAbort: false }, { signal: abort.signal })).body?.getReader()
  await reader?.read()
  abort.abort()
  const later = new AbortController()
  await (await ask(QUICK, { signal: later.signal })).text()
  later.abort()
  // Any request of the abort would have come before this one.
  await fetch(`${url}/last`)
  expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
})

test('a Request, a URL, a body that is a stream, and what is no question', async () => {
  const whole = stream('end', event(0, 'a'))
  handlers = [cut, whole, cut, whole]
  const address = `${url}/v1/messages`
  const request = new Request(address, { method: 'POST', body: BODY, headers: { 'x-api-key': 'k' } })
  expect(await (await resumableFetch(QUICK)(request)).text()).toBe(event(0, 'a'))
  expect(seen.map(({ body, headers }) => [body, headers['x-api-key']])).toEqual([
    [BODY, 'k'],
    [BODY, 'k'],
  ])

  const body = new ReadableStream({
    start: controller => {
      controller.enqueue(new TextEncoder().encode(BODY))
      controller.close()
    },
  })
  const once = resumableFetch(QUICK)(new URL(address), {
    method: 'POST',
    body,
    duplex: 'half',
  } as RequestInit)
  await expect(once).rejects.toThrow()
  expect(seen).toHaveLength(3)
  handlers = [cut]
  await expect(
    resumableFetch(QUICK)(`${url}/v1/embeddings`, { method: 'POST', body: '{}' }),
  ).rejects.toThrow()
  expect(seen).toHaveLength(4)
  handlers = [answer(200, { 'x-own': '1' })]
  expect((await resumableFetch()(`${url}/v1/models`)).headers.get('x-own')).toBe('1')
  expect(seen.at(-1)?.headers['idempotency-key']).toBeUndefined()
})

test('a key of the app’s own is kept', async () => {
  handlers = [stream('end', event(0, 'a'))]
  await (await ask(QUICK, { headers: { 'idempotency-key': 'mine' } })).text()
  expect(seen[0]?.headers['idempotency-key']).toBe('mine')
})

test('an answer is continued by its id, from its beginning or after an event', async () => {
  handlers = [cut, stream('cut', event(4, 'e')), stream('end', event(5, 'f'))]
  const options = { ...QUICK, baseUrl: `${url}/v1/`, headers: { 'x-api-key': 'k' }, lastEventId: 's.3' }
  expect(await (await resumableFetch.resume('s', options)).text()).toBe(event(4, 'e') + event(5, 'f'))
  expect(seen.map(({ headers }) => headers['last-event-id'])).toEqual(['s.3', 's.3', 's.4'])
  expect(seen.every(({ headers }) => headers['x-api-key'] === 'k')).toBe(true)
  expect((await resumableFetch.resume('s', options)).status).toBe(404)
})

test('the key goes to no other origin', async () => {
  handlers = [
    (_, response) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'x-stream-id': 's',
        location: 'http://127.0.0.1:1/s',
      })
      response.write(event(0, 'a'), () => response.destroy())
    },
  ]
  const response = await resumableFetch(QUICK)(`${url}/api/chat`, { method: 'POST', body: BODY })
  await expect(response.text()).rejects.toThrow('terminated')
})
