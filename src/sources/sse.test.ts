import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import { eventually } from '../../test/support/eventually.js'
import type { Reading } from '../snapshot/reading.js'
import { SseIngestor, type SseIngestorOptions } from './sse.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closers.splice(0).reverse()) await close()
})

const event = (type: string, payload: unknown): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, payload })}\n\n`

/** Answers each request with the next text and ends it; repeats the last one and leaves it open. */
async function producer(...texts: readonly string[]) {
  const requests: IncomingMessage[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const isLast = requests.push(request) >= texts.length
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(texts[Math.min(requests.length, texts.length) - 1] ?? '')
    if (!isLast) response.end()
  }
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
  return { requests, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function started(options: SseIngestorOptions): SseIngestor {
  const ingestor = new SseIngestor({ initialDelayMs: 5, ...options })
  closers.push(() => ingestor.close())
  ingestor.start(() => {})
  return ingestor
}

test('each connection sends the user agent, the current token and the requested types', async () => {
  const { requests, origin } = await producer(event('panel_full', { status: {} }), '')
  const tokens = ['one']
  const ingestor = started({
    url: `${origin}/events?key=secret`,
    types: ['panel_full', 'panel_diff'],
    token: () => tokens.shift() ?? null,
  })
  await eventually(() => requests.length >= 2, 'a second connection')
  const asked = requests
    .slice(0, 2)
    .map(({ url, headers }) => [
      new URL(url ?? '', origin).searchParams.toString(),
      headers['user-agent'],
      headers['x-api-token'],
    ])
  const query = 'key=secret&types=panel_full%2Cpanel_diff'
  expect(asked).toEqual([
    [query, 'g6-stream', 'one'],
    [query, 'g6-stream', undefined],
  ])
  const ids = requests.slice(0, 2).map(({ headers }) => headers['x-request-id'])
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
  expect(ids[1]).toBe(ids[0])
  // The name must not have the query, which may be secret.
  expect(ingestor.name).toBe(`${origin}/events`)
})

test('a producer that sends one event and ends is asked later and later, unless it is a status', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  for (const [text, waits] of [
    [event('severity_counts', { counts: { high: 1 } }), [0.0025, 0.1, 0.2]],
    [event('panel_full', { status: { a: 1 } }), [0.0025, 0.0025, 0.0025]],
  ] as const) {
    const { requests, origin } = await producer(text, text, text, text)
    const backoffs: number[] = []
    started({ url: `${origin}/events`, observer: { onBackoff: sec => backoffs.push(sec) } })
    await eventually(() => requests.length === 4, 'four connections')
    expect(backoffs).toEqual(waits)
  }
})

test('the observer is notified of every event, fault, wait and reconnection', async () => {
  const junk = 'event: panel_diff\ndata: {\n\n'
  const first = junk + event('panel_diff', { diff: { a: 1 } })
  const { origin } = await producer(first, event('panel_full', { status: { a: 1 } }))
  const notified: string[] = []
  const backoffs: number[] = []
  const applied: number[] = []
  const { log, lines } = capturedLog()
  const ingestor = started({
    url: `${origin}/events`,
    autoFull: false,
    log,
    observer: {
      onEvent: type => notified.push(`event ${type}`),
      onError: kind => notified.push(`error ${kind}`),
      onReconnect: reason => notified.push(`reconnect ${reason}`),
      onBackoff: sec => backoffs.push(sec),
      onApplied: sec => applied.push(sec),
    },
  })
  await eventually(() => applied.length === 1, 'a status')
  expect(notified).toEqual([
    'event other',
    'error not_json',
    'error diff_dropped',
    'event panel_diff',
    'error diff_dropped',
    'error ended',
    'reconnect ended',
    'event panel_full',
  ])
  // The first wait is at most 5 ms; the observer gets seconds.
  expect(backoffs).toHaveLength(1)
  expect(backoffs[0]).toBeLessThanOrEqual(0.01)
  expect(ingestor.ingest(Date.now(), null)[0]).toMatchObject({ connection: 'live', error: null })
  expect(lines().map(({ msg }) => msg)).toEqual([
    'the stream is lost; connecting again',
    'the stream is back',
  ])
})

test('a status with numbers that are no JSON is read, and its warnings end with the next full status', async () => {
  const raw = (type: string, payload: string): string =>
    `event: ${type}\ndata: {"type": "${type}", "payload": ${payload}}\n\n`
  const { origin } = await producer(
    raw('panel_full', '{"status": {"a": NaN, "b": 1}}') +
      raw('panel_diff', '{"diff": {"b": Infinity, "c": 2}}') +
      raw('panel_full', '{"status": {"a": 1}}'),
  )
  const ingestor = new SseIngestor({ url: `${origin}/events`, initialDelayMs: 5 })
  closers.push(() => ingestor.close())
  const readings: Reading[] = []
  ingestor.start(reading => readings.push(reading))
  await eventually(() => readings.length === 3, 'three statuses')
  expect(readings).toMatchObject([
    { ok: true, status: { a: null, b: 1 }, warnings: [{ path: 'a', count: 1 }] },
    { ok: true, status: { a: null, c: 2 }, warnings: [{ path: 'a', count: 2 }] },
    { ok: true, status: { a: 1 } },
  ])
  expect(readings[2]).not.toHaveProperty('warnings')
})

test('a stream that its server ends after some time is joined again, and nothing is reported; one that cannot be had again is', async () => {
  const answers: ServerResponse[] = []
  const server = createServer((_, response) => {
    answers.push(response)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(answers.length === 1 ? event('panel_full', { status: {} }) : ': ka\n\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise(resolve => server.close(resolve).closeAllConnections())
  closers.push(close)
  const { log, lines } = capturedLog()
  const warned = () => lines().filter(({ level }) => level === 40)
  let addedMs = 0
  const readings: Reading[] = []
  const ingestor = new SseIngestor({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    initialDelayMs: 5,
    autoFull: false,
    log,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() + addedMs },
  })
  closers.push(() => ingestor.close())
  ingestor.start(reading => readings.push(reading))
  await eventually(() => readings.length > 0, 'a first reading')
  addedMs += 60_000
  answers[0]?.end()
  await eventually(() => answers.length === 2, 'a second connection')
  expect(warned()).toEqual([])
  expect(readings.every(({ ok }) => ok)).toBe(true)
  addedMs += 60_000
  await close()
  await eventually(() => readings.at(-1)?.ok === false, 'the loss is reported')
  expect(warned()).toMatchObject([{ level: 40, msg: 'the stream is lost; connecting again' }])
})
