// The library behind each kind of server: the same protocol, checked by the conformance checks and the published client.
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Connection, connect } from '../../client/index.js'
import { CHECKS, Skipped } from '../../src/conformance/checks.js'
import { createBoard, createHub, fields, type LiveHub, table, text } from '../../src/index.js'
import { overHttp2, SERVERS, type Served } from './servers.js'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(name: string, hub: LiveHub): Promise<Served> {
  const server = await (SERVERS[name] as (typeof SERVERS)[string])(hub)
  open.push(server, { close: () => hub.close(500) })
  return server
}

function follow(url: string, options: Parameters<typeof connect>[1] = {}): Connection {
  const connection = connect(url, { initialDelayMs: 10, ...options })
  open.push(connection)
  return connection
}

/** Looks until it holds. */
const soon = (look: () => void) => vi.waitFor(look, { timeout: 30_000, interval: 10 })

const shown = ({ board }: Connection): Record<string, readonly string[]> =>
  Object.fromEntries([...(board?.panels ?? [])].map(([key, { lines }]) => [key, lines]))

describe.each(Object.keys(SERVERS))('behind %s', name => {
  test('keeps every rule of the protocol', async () => {
    const hub = createHub()
    const board = createBoard(hub)
    const { url } = await start(name, hub)
    let n = 0
    const ticking = setInterval(() => board.set('n', fields('N', { n: n++ })), 100)
    board.set(
      'long',
      table(
        'Long',
        ['a'],
        Array.from({ length: 30 }, (_, i) => [`row ${i}`]),
      ),
    )
    const target = { url, token: null, timeoutMs: 20_000, keepalive: false }
    const results: string[] = []
    try {
      for (const check of CHECKS) {
        const result = await check.run(target).then(
          () => 'ok',
          error => (error instanceof Skipped ? 'skipped' : String(error)),
        )
        if (result !== 'ok') results.push(`${check.name}: ${result}`)
      }
    } finally {
      clearInterval(ticking)
    }
    expect(results).toEqual(['keepalive: skipped'])
  })

  test('a client follows what is set and deleted, and resumes after the server has gone and come back', async () => {
    const hub = createHub({ retryMs: 0 })
    const board = createBoard(hub)
    const { url } = await start(name, hub)
    board.set('queue', table('Queue', ['job', 'state'], [['mail', 'running']]))
    board.set('sum', fields('Sum', { jobs: 1 }))
    const client = follow(url)
    await soon(() =>
      expect(shown(client)).toEqual({ queue: ['job   state', 'mail  running'], sum: ['jobs: 1'] }),
    )
    board.set('sum', fields('Sum', { jobs: 2 }))
    expect(board.delete('queue')).toBe(true)
    expect(board.delete('queue')).toBe(false)
    await soon(() => expect(shown(client)).toEqual({ sum: ['jobs: 2'] }))
    expect(client.counts).toMatchObject({ mismatches: 0, malformed: 0, reconnects: 0 })
  })

  test('every other address is not ours, a full hub is 429, and closing says bye', async () => {
    const hub = createHub({ maxClients: 1, reconnectSpreadMs: 0 })
    createBoard(hub).set('a', text('A', 'a'))
    const { url } = await start(name, hub)
    expect((await fetch(`${url}/summary/other`)).status).toBe(404)
    const client = follow(url)
    await soon(() => expect(client.state).toBe('live'))
    const refused = await fetch(`${url}/summary/events`)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toMatch(/^[3-8]$/)
    expect(await refused.json()).toMatchObject({ code: 'too_many_streams', status: 429 })
    expect(hub.stats()).toMatchObject({ clients: 1 })
    const codes: string[] = []
    client.on('error', error => codes.push(`${error.status ?? error.code}`))
    await hub.close(2_000)
    await soon(() => expect(codes).toContain('503'))
    expect(hub.stats()).toMatchObject({ clients: 0 })
  })

  test('authorize decides, also later than at once; an error in it is a 500 and is reported', async () => {
    const errors: unknown[] = []
    const hub = createHub({
      authorize: async request => {
        await Promise.resolve()
        if (request.header('x-api-token') === 'fail') throw new Error('broken')
        return request.header('x-api-token') === 'right' && request.url.includes('/summary/')
      },
      onError: error => errors.push(error),
    })
    createBoard(hub).set('a', text('A', 'a'))
    const { url } = await start(name, hub)
    const status = async (token: string) => {
      const response = await fetch(`${url}/summary/resync`, { headers: { 'X-API-Token': token } })
      await response.arrayBuffer()
      return response.status
    }
    expect([await status('right'), await status('wrong'), await status('fail')]).toEqual([200, 401, 500])
    expect(errors).toEqual([new Error('broken')])
    const client = follow(url, { token: 'right' })
    await soon(() => expect(shown(client)).toEqual({ a: ['a'] }))
  })

  test('pages of an allowed origin may read, others may not', async () => {
    const hub = createHub({ allowOrigin: ['https://a.example'] })
    createBoard(hub).set('a', text('A', 'a'))
    const { url } = await start(name, hub)
    const allowed = async (origin: string, method: string) => {
      const response = await fetch(`${url}/summary/resync`, { method, headers: { Origin: origin } })
      await response.arrayBuffer()
      return [response.status, response.headers.get('access-control-allow-origin')]
    }
    expect(await allowed('https://a.example', 'GET')).toEqual([200, 'https://a.example'])
    expect(await allowed('https://a.example', 'OPTIONS')).toEqual([204, 'https://a.example'])
    expect(await allowed('https://b.example', 'GET')).toEqual([200, null])
  })
})

test('Express goes on with every request that is not for the hub, and its headers go out with the stream', async () => {
  const { default: express } = await import('express')
  const hub = createHub()
  createBoard(hub).set('a', text('A', 'a'))
  const app = express()
  app.use((_request, response, next) => {
    response.setHeader('X-Own', 'yes')
    next()
  })
  app.use(hub.express)
  app.get('/summary/other', (_request, response) => {
    response.send('the app')
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push({ close: () => new Promise(done => server.close(done)) }, { close: () => hub.close(500) })
  const { port } = server.address() as { port: number }
  expect(await (await fetch(`http://127.0.0.1:${port}/summary/other`)).text()).toBe('the app')
  const stream = await fetch(`http://127.0.0.1:${port}/summary/events`)
  expect(stream.headers.get('x-own')).toBe('yes')
  await stream.body?.cancel()
})

test('HTTP/2 and HTTP/1.0 clients get the same events', async () => {
  const hub = createHub()
  createBoard(hub).set('a', text('A', 'a'))
  const { status, body } = await overHttp2(hub, '"lines":["a"]')
  expect(status).toBe(200)
  expect(body).toMatch(/^retry: 2000\nevent: hello\n/)
  const { url } = await start('node:http', hub)
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /summary/events HTTP/1.0\r\n\r\n')
  let raw = ''
  for await (const piece of socket.setEncoding('utf8')) {
    raw += String(piece)
    if (raw.includes('"lines":["a"]')) break
  }
  expect(raw).not.toMatch(/transfer-encoding/i)
  expect(raw).toContain('\r\n\r\nretry: 2000\nevent: hello\n')
})

test('a second request on the connection of a stream ends it: its answer would stand among the events', async () => {
  const hub = createHub()
  createBoard(hub).set('a', text('A', 'a'))
  const { url } = await start('node:http', hub)
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /summary/events HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2))
  socket.resume()
  await once(socket, 'close')
  await soon(() => expect(hub.stats().clients).toBe(0))
})

describe('a fetch response', () => {
  const asked = (init: RequestInit = {}) => new Request('http://x/summary/events', init)

  test('that nobody reads holds back a bounded amount; its reader then gets the newest state', async () => {
    const hub = createHub({ eventsPerSec: 1_000_000 })
    open.push({ close: () => hub.close(100) })
    const board = createBoard(hub)
    board.set('a', text('A', 'a'))
    const response = await hub.fetch(asked())
    for (let i = 0; i < 100; i++) {
      board.set('a', text('A', `${i} ${'x'.repeat(190)}\n`.repeat(10)))
      await Promise.resolve()
      await new Promise(setImmediate)
    }
    expect(hub.stats()).toMatchObject({ clients: 1, behind: 1 })
    let size = 0
    let last = ''
    for await (const piece of response.body ?? []) {
      size += (piece as Uint8Array).length
      last = Buffer.from(piece as Uint8Array).toString()
      if (last.includes('"99 ')) break
    }
    expect(last).toContain('"99 ')
    // The queue, the event that filled it, and the update that caught up: not a hundred events of 2 KB.
    expect(size).toBeLessThan(30_000)
    await soon(() => expect(hub.stats().clients).toBe(0))
  })

  test('ends with its request', async () => {
    const hub = createHub()
    open.push({ close: () => hub.close(100) })
    createBoard(hub).set('a', text('A', 'a'))
    const life = new AbortController()
    await hub.fetch(asked({ signal: life.signal }))
    expect(hub.stats().clients).toBe(1)
    life.abort()
    await soon(() => expect(hub.stats().clients).toBe(0))
    const late = new AbortController()
    late.abort()
    await hub.fetch(asked({ signal: late.signal }))
    await soon(() => expect(hub.stats().clients).toBe(0))
  })
})

describe('a board', () => {
  const events = async (response: Response, count: number): Promise<string[]> => {
    let body = ''
    for await (const piece of response.body ?? []) {
      body += Buffer.from(piece as Uint8Array).toString()
      if (body.split('\nevent: ').length > count) break
    }
    return [...body.matchAll(/event: (\w+)\ndata: (.*)/g)].map(([, name, data]) => `${name} ${data}`)
  }

  test('sends the changes of one tick as one update, and nothing for what looks the same', async () => {
    const hub = createHub()
    open.push({ close: () => hub.close(100) })
    const board = createBoard(hub)
    board.set('a', text('A', '1'))
    board.set('b', text('B', '1'))
    await new Promise(setImmediate)
    const response = await hub.fetch(new Request('http://x/summary/events'))
    board.set('a', text('A', '1'))
    await new Promise(setImmediate)
    board.set('a', text('A', '2'))
    board.set('b', text('B', '2'))
    board.set('a', text('A', '3'))
    const seen = await events(response, 3)
    expect(seen.map(each => each.split(' ')[0])).toEqual(['hello', 'full_snapshot', 'panel_update'])
    expect(seen[2]).toMatch(/"generation":2,.*"lines":\["3"\].*"lines":\["2"\]/)
  })

  test('has a verdict with its worst value, its place and the time since when', async () => {
    const hub = createHub()
    open.push({ close: () => hub.close(100) })
    const board = createBoard(hub)
    const verdictNow = async () => {
      await new Promise(setImmediate)
      const response = await hub.fetch(new Request('http://x/summary/resync'))
      return ((await response.json()) as { verdict: unknown }).verdict
    }
    board.set('job', fields('Job', { state: { text: 'failed', tone: 'error' } }))
    const failing = await verdictNow()
    expect(failing).toEqual({
      word: 'failing',
      reasons: ['Job state: failed'],
      places: [{ panel: 'job', label: 'state' }],
      since: expect.any(Number) as number,
    })
    board.set('other', text('Other', '1'))
    expect(await verdictNow()).toEqual(failing)
  })

  test('gives everybody the whole board anew when more panels were removed than it remembers', async () => {
    const hub = createHub()
    open.push({ close: () => hub.close(100) })
    const board = createBoard(hub)
    board.set('kept', text('Kept', 'x'))
    await new Promise(setImmediate)
    const response = await hub.fetch(new Request('http://x/summary/events'))
    const reading = events(response, 1_100)
    for (let i = 0; i < 300; i++) {
      board.set(`job-${i}`, text('Job', 'x'))
      await new Promise(setImmediate)
      board.delete(`job-${i}`)
      await new Promise(setImmediate)
    }
    await hub.close(1_000)
    const hellos = (await reading).filter(each => each.startsWith('hello'))
    expect(hellos).toHaveLength(2)
    expect(hellos[1]).toMatch(/"panels":\[\{"key":"kept"[^\]]*\]/)
  })

  test('refuses what it cannot show, with what is allowed', () => {
    const hub = createHub()
    const board = createBoard(hub)
    open.push({ close: () => hub.close(0) })
    expect(() => board.set('a b', text('A', 'a'))).toThrow(
      '"a b" cannot be a panel\'s key: use 1 to 64 characters',
    )
    expect(() => board.set('a', 'text' as never)).toThrow(
      'needs { title, blocks }: use fields(), table() or text()',
    )
    for (let i = 0; i < 256; i++) board.set(`k${i}`, text('K', 'k'))
    expect(() => board.set('k256', text('K', 'k'))).toThrow(
      'the board has 256 panels, as many as are allowed',
    )
    board.set('k0', text('K', 'another'))
    expect(() => createBoard(hub)).toThrow('one hub serves one board')
  })
})

test.each([
  [{ maxClients: 0 }, 'createHub: maxClients: '],
  [{ retryMs: -1 }, 'createHub: retryMs: '],
  [{ authorize: true }, 'createHub: authorize: must be a function of a request'],
  [{ maxClient: 5 }, 'maxClient'],
])('options that are not allowed are an error that names them: %o', (options, message) => {
  expect(() => createHub(options as never)).toThrow(message)
})
