// Our clients on servers they were not made for: the Python original's summary stream, and endless answers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { connect, type StreamError } from '../client/index.js'
import { BoardFollower } from '../src/sources/board.js'
import { capturedLog } from './support/captured-log.js'
import { endAll, g6 } from './support/g6.js'

const ADVICE = 'this is the Python original; g6 serve can follow its /events'
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await endAll()
})

type Served = { readonly url: string; readonly requests: string[] }

async function serve(
  stream: string,
  resync: (response: ServerResponse) => void = r => r.writeHead(404).end(),
) {
  const served: Served & { url: string } = { url: '', requests: [] }
  const server = createServer((request, response) => {
    response.on('error', () => {})
    served.requests.push(request.url ?? '')
    if (request.url?.startsWith('/summary/resync')) {
      resync(response)
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(stream)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return served
}

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** As the original begins: no epoch, no generation, no `id:`. */
const HASH = '0'.repeat(64)
const panels = { indices: { hash: HASH, title: 'Indices', lines: ['NIFTY'] } }
const ORIGINAL = `:ok\n\n${event('hello', { version: null, cycle: 7, panels: [{ key: 'indices', hash: HASH }] })}${event('full_snapshot', { cycle: 7, panels })}`
/** Its queue has lost the beginning. */
const ORIGINAL_LATER = `:ok\n\n${event('panel_update', { cycle: 9, updates: [{ key: 'indices', hash: HASH, title: 'Indices', lines: ['1'] }] })}`

/** The Python client as a command, until it ends. */
async function python(url: string): Promise<{ code: number; err: string }> {
  const script = fileURLToPath(new URL('../clients/python/g6_stream.py', import.meta.url))
  const child = spawn('python3', [script, url, '--json', '--initial-delay', '0.005'])
  closers.push(() => child.kill('SIGKILL'))
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    // A client that retries does not end by itself.
    if (/resync|longer/.test(err)) child.kill('SIGTERM')
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, err }
}

describe('a server of the Python original', () => {
  test.each([
    ['from its first event on', ORIGINAL],
    ['where its first events are gone', ORIGINAL_LATER],
  ])('is one final error with advice, %s', async (_, stream) => {
    const { url, requests } = await serve(stream)
    const connection = connect(url, { initialDelayMs: 1 })
    const errors: StreamError[] = []
    connection.on('error', error => errors.push(error))
    const changes: unknown[] = []
    for await (const change of connection) changes.push(change)
    expect(errors.map(({ code, message }) => [code, message])).toEqual([['original', ADVICE]])
    expect(connection.state).toBe('closed')
    expect(changes).toEqual([])
    expect(requests).toHaveLength(1)
    expect(await python(url)).toEqual({ code: 1, err: `g6_stream: ${ADVICE}\n` })
    expect(requests).toHaveLength(2)
  })

  test('is reported by g6 snapshot, which exits 1', async () => {
    const { url } = await serve(ORIGINAL)
    const run = g6(['snapshot', '--source', url])
    expect(await run.exit).toBe(1)
    expect(run.output().err).toContain(`g6: ${url} cannot be read: io: ${ADVICE}\n`)
  })

  test('is the fault an edge shows, logged once', async () => {
    const { url } = await serve(ORIGINAL)
    const { log, lines } = capturedLog()
    const follower = new BoardFollower({ url, log })
    closers.push(() => follower.close())
    const closed = new Promise<void>(resolve =>
      follower.start(() => {
        if (follower.news.fault !== null) resolve()
      }),
    )
    await closed
    await new Promise(resolve => setImmediate(resolve))
    expect(follower.news).toMatchObject({ board: null, fault: { error: 'io', message: ADVICE } })
    expect(lines().map(({ msg, problem }) => [msg, problem])).toEqual([
      ['the followed server cannot be followed', ADVICE],
    ])
  })
})

describe('an endless answer to /summary/resync', () => {
  const hello = { epoch: 'e', generation: 1, cycle: 1, keepalive_ms: 15_000, resumed: false, panels: [] }
  const wrong = { hash: HASH, title: 'A', tone: 'ok', lines: ['x'] }
  const snapshot = { epoch: 'e', generation: 1, cycle: 1, ts: 1, panels: { a: wrong } }
  const mismatch = event('hello', hello) + event('full_snapshot', snapshot)

  const LONG = Buffer.alloc(1 << 20, 'x')
  const PACKED = gzipSync(LONG)

  const endless = (response: ServerResponse, gzip: boolean): void => {
    response.writeHead(200, {
      'Content-Type': 'application/json',
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    })
    // Packed once: an archive may have any number of parts. Packing on the way took longer than the client waits on a busy machine.
    const piece = gzip ? PACKED : LONG
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', more)
    more()
  }

  test.each([
    ['plain', false],
    ['packed', true],
  ])('is given up at the limit, %s', async (_, gzip) => {
    const { url } = await serve(mismatch, response => endless(response, gzip))
    const connection = connect(url, { initialDelayMs: 1 })
    closers.push(() => connection.close())
    const error = await new Promise<StreamError>(resolve => connection.on('error', resolve))
    expect(error).toMatchObject({ code: 'resync', message: 'mismatch: a; the answer is over 33554432 bytes' })
  })

  test('is given up by the Python client too', async () => {
    const { url } = await serve(mismatch, response => endless(response, false))
    const { err } = await python(url)
    expect(err).toMatch(/^g6_stream: mismatch: a; longer than 33554432 bytes$/m)
  })
})
