// The stream on the network: head, framing, forms, and every way it can end. The test plays the hub.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from './support/boards.js'
import { eventually } from './support/eventually.js'
import { collectGarbage } from './support/footprint.js'
import { RawClient, type Rig, raw, readStream, settle, startRig } from './support/http-rig.js'
import { noTimerWaits } from './support/runner-timers.js'

let rig: Rig
afterEach(() => rig.close())

/** Weak references to the next request, its answer and their socket. */
function nextRequest(): Promise<readonly WeakRef<object>[]> {
  return new Promise(resolve => {
    const name = 'http.server.request.start'
    const onRequest = (message: unknown): void => {
      unsubscribe(name, onRequest)
      const { request, response, socket } = message as Record<'request' | 'response' | 'socket', object>
      resolve([request, response, socket].map(each => new WeakRef(each)))
    }
    subscribe(name, onRequest)
  })
}

test('an open stream keeps nothing of http: not its request, answer or socket', async () => {
  rig = await startRig()
  const started = nextRequest()
  const client = await (await readStream(rig)).until(': hi\n\n\r\n')
  const held = await started
  await eventually(
    () => {
      collectGarbage()
      return held.every(each => each.deref() === undefined)
    },
    () => `nothing of http is held; held: ${held.map(each => each.deref()?.constructor.name)}`,
  )
  expect(client.socket.destroyed).toBe(false)
  client.socket.destroy()
})

describe('the head of a stream', () => {
  test('has exactly the promised headers, and chunks, on HTTP/1.1', async () => {
    rig = await startRig()
    const client = await (await readStream(rig, { 'X-Request-ID': 'abc-1' })).until(': hi\n\n\r\n')
    const names = client.head
      .split('\r\n')
      .slice(1)
      .map(line => line.split(':')[0]?.toLowerCase())
    expect(client.status).toBe(200)
    expect(new Set(names)).toEqual(
      new Set([
        'content-type',
        'cache-control',
        'x-accel-buffering',
        'x-content-type-options',
        'vary',
        'x-request-id',
        'transfer-encoding',
        'keep-alive',
        'date',
      ]),
    )
    expect(client.header('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(client.header('cache-control')).toBe('no-cache, no-transform')
    expect(client.header('x-accel-buffering')).toBe('no')
    expect(client.header('x-content-type-options')).toBe('nosniff')
    expect(client.header('vary')).toBe('Origin, Accept-Encoding')
    expect(client.header('x-request-id')).toBe('abc-1')
    // No `Connection: close`: with it clients take a cut for an end.
    expect(client.header('keep-alive')).toBe('timeout=0')
    expect(client.body).toBe('6\r\n: hi\n\n\r\n')
    client.socket.destroy()
  })

  test('announces no chunks on HTTP/1.0, whose stream is the bare bytes until close', async () => {
    rig = await startRig()
    const client = new RawClient(rig.port, 'GET /summary/events HTTP/1.0\r\n\r\n')
    await client.until(': hi\n\n')
    expect(client.header('transfer-encoding')).toBeNull()
    expect(client.header('connection')).toBe('close')
    expect(client.body).toBe(': hi\n\n')
    expect(rig.hub.joined[0]?.wire).toEqual({ encoding: 'plain', framing: 'raw' })
    rig.hub.joined[0]?.transport.end(Buffer.from('bye'))
    await client.end()
    expect(client.body).toBe(': hi\n\nbye')
  })

  test('HEAD gets the headers of a GET and no stream, and the connection goes on', async () => {
    rig = await startRig()
    const client = new RawClient(rig.port, raw('HEAD /summary/events', { 'Accept-Encoding': 'gzip' }))
    await client.until('\r\n\r\n')
    expect(client.status).toBe(200)
    expect(client.header('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(client.header('content-encoding')).toBe('gzip')
    expect(client.header('vary')).toBe('Origin, Accept-Encoding')
    expect(client.header('x-frame-options')).toBeNull()
    expect(client.body).toBe('')
    await client.end()
    expect(rig.hub.joined).toEqual([])
  })

  test.each([
    ['gzip', true, 'gzip', 'gzip'],
    ['gzip;q=0', true, 'plain', null],
    ['gzip, deflate, br', true, 'gzip', 'gzip'],
    // Named, so that no proxy compresses it and holds events back.
    ['gzip', false, 'plain', 'identity'],
    ['br', true, 'plain', null],
  ])('Accept-Encoding %s with G6_SSE_GZIP=%s gives %s', async (accept, sseGzip, encoding, header) => {
    rig = await startRig({ sseGzip })
    const client = await readStream(rig, { 'Accept-Encoding': accept })
    await rig.hub.until(() => rig.hub.joined.length === 1)
    expect(rig.hub.joined[0]?.wire.encoding).toBe(encoding)
    expect(client.header('content-encoding')).toBe(header)
    client.socket.destroy()
  })

  test('the alias is the same stream', async () => {
    rig = await startRig()
    const client = await readStream(rig, {}, '/summary/stream')
    expect(client.status).toBe(200)
    client.socket.destroy()
  })
})

describe('the join request', () => {
  const requestOf = async (path: string, headers = {}, settings = {}) => {
    rig = await startRig(settings)
    const client = await readStream(rig, headers, path)
    await rig.hub.until(() => rig.hub.joined.length === 1)
    client.socket.destroy()
    const { transport: _, ...rest } = rig.hub.joined[0] ?? { transport: null }
    return rest
  }

  test('all panels as lines, by default', async () => {
    expect(await requestOf('/summary/events')).toEqual({
      wire: { encoding: 'plain', framing: 'chunked' },
      addressKey: '127.0.0.1',
      client: { address: '127.0.0.1', userAgent: null },
      mode: 'lines',
      view: 'lines',
      subset: null,
      lastEventId: null,
      owner: null,
    })
  })
  test('structured when the server is set so, and not when the client asks for 0', async () => {
    expect(await requestOf('/summary/events', {}, { sseStructured: true })).toMatchObject({
      mode: 'structured',
    })
    await rig.close()
    expect(await requestOf('/summary/events?structured=0', {}, { sseStructured: true })).toMatchObject({
      mode: 'lines',
    })
    await rig.close()
    expect(await requestOf('/summary/events?structured=1')).toMatchObject({ mode: 'structured' })
  })
  test('blocks imply lines mode', async () => {
    expect(await requestOf('/summary/events?view=blocks&structured=1')).toMatchObject({
      view: 'blocks',
      mode: 'lines',
    })
  })
  test('a subset is sorted and unique', async () => {
    expect(await requestOf('/summary/events?panels=indices,alerts,%20indices')).toMatchObject({
      subset: ['alerts', 'indices'],
    })
  })
  test('the last minutes of some numbers, or of all', async () => {
    expect(await requestOf('/summary/events?history=60&series=a.n,b/c')).toMatchObject({
      history: { seconds: 60, series: ['a.n', 'b/c'] },
    })
    await rig.close()
    expect(await requestOf('/summary/events?history=900')).toMatchObject({
      history: { seconds: 900, series: ['*'] },
    })
  })
  test('Last-Event-ID of the header wins over that of the query', async () => {
    const path = '/summary/events?last_event_id=e1-3'
    expect(await requestOf(path)).toMatchObject({ lastEventId: 'e1-3' })
    await rig.close()
    expect(await requestOf(path, { 'Last-Event-ID': 'e1-5' })).toMatchObject({ lastEventId: 'e1-5' })
  })
})

describe('a query that cannot be served is 400 and names what is allowed', () => {
  test.each([
    ['history=901', 'invalid_query', 'history: must be 1 to 900 seconds'],
    ['series=a.n', 'invalid_query', 'series needs history; for example history=900&series=*.'],
    [
      `history=60&series=${Array.from({ length: 33 }, (_, i) => i).join(',')}`,
      'invalid_query',
      'series has 33 names; up to 32 are allowed.',
    ],
    ['panels=nope', 'unknown_panels', '"nope" is not a panel; allowed: indices, alerts'],
    ['panels=', 'unknown_panels', 'panels has an empty name; allowed: indices, alerts'],
    ['panels=indices,,alerts', 'unknown_panels', 'panels has an empty name; allowed: indices, alerts'],
    ['panels=a%0d%0ab', 'unknown_panels', '"a??b" is not a panel; allowed: indices, alerts'],
    ['panels=alerts&panels=indices', 'invalid_query', 'panels: must be given once'],
    ['structured=yes', 'invalid_query', 'structured: must be 0 or 1'],
    ['view=html', 'invalid_query', 'view: must be lines or blocks'],
  ])('%s', async (query, code, detail) => {
    rig = await startRig()
    const response = await fetch(`${rig.url}/summary/events?${query}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code, detail, status: 400 })
    expect(rig.hub.joined).toEqual([])
  })

  test('panels asked for before they are known: 503, come back', async () => {
    rig = await startRig({}, { panelKeys: () => new Set() })
    const response = await fetch(`${rig.url}/summary/events?panels=indices`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
  })
})

describe('a stream ends, and its slot is free again', () => {
  const capped = { sseMaxConnections: 1 }
  const expectFree = async () => {
    const next = await readStream(rig)
    expect(next.status).toBe(200)
    next.socket.destroy()
    await rig.hub.until(() => rig.hub.closed.length === 2)
    expect(rig.hub.closed.length).toBe(2)
  }

  test('while it is open there is no second', async () => {
    rig = await startRig(capped)
    const first = await readStream(rig)
    const second = await (await readStream(rig)).until('}')
    expect(second.status).toBe(429)
    expect(second.header('retry-after')).toBe('5')
    expect(second.body).toContain('"code":"too_many_streams"')
    expect(rig.rejected).toEqual(['cap'])
    first.socket.destroy()
    second.socket.destroy()
  })

  test('by the client closing', async () => {
    rig = await startRig(capped)
    const client = await readStream(rig)
    client.socket.end()
    await rig.hub.until(() => rig.hub.closed.length === 1)
    await expectFree()
  })

  test('by a reset', async () => {
    rig = await startRig(capped)
    const client = await readStream(rig)
    client.socket.resetAndDestroy()
    await rig.hub.until(() => rig.hub.closed.length === 1)
    await expectFree()
  })

  test('by the server, in order: last bytes, end of the chunks, end of the connection', async () => {
    rig = await startRig(capped)
    const client = await (await readStream(rig)).until(': hi\n\n\r\n')
    rig.hub.joined[0]?.transport.end(Buffer.from('3\r\nbye\r\n0\r\n\r\n'))
    await client.end()
    expect(client.body).toBe('6\r\n: hi\n\n\r\n3\r\nbye\r\n0\r\n\r\n')
    expect(client.error).toBeNull()
    await expectFree()
  })

  test('by the server, at once', async () => {
    rig = await startRig(capped)
    const client = await readStream(rig)
    rig.hub.joined[0]?.transport.destroy()
    await client.end()
    await expectFree()
  })

  test('by a client that keeps sending', async () => {
    rig = await startRig(capped)
    const client = await readStream(rig)
    client.socket.write(Buffer.alloc(200_000))
    await rig.hub.until(() => rig.hub.closed.length === 1)
    await client.end()
    await expectFree()
  })

  test('a refused query takes none', async () => {
    rig = await startRig(capped)
    for (let i = 0; i < 3; i++) expect((await readStream(rig, {}, '/summary/events?view=x')).status).toBe(400)
    const next = await readStream(rig)
    expect(next.status).toBe(200)
    next.socket.destroy()
  })

  test('by the server closing, which leaves no handle behind', async () => {
    await settle()
    await noTimerWaits()
    const before = process.getActiveResourcesInfo().length
    rig = await startRig()
    const clients = [await readStream(rig), await readStream(rig)]
    await rig.close()
    for (const client of clients) await client.end()
    expect(rig.hub.closed.length).toBe(2)
    await rig.close()
    await settle()
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before)
  })
})

describe('writing', () => {
  test('bytes the kernel took whole do not block, even past the high-water mark', async () => {
    rig = await startRig()
    const client = await readStream(rig)
    await rig.hub.until(() => rig.hub.joined.length === 1)
    expect(rig.hub.joined[0]?.transport.write(Buffer.alloc(20_000, 'x'))).toBe(true)
    client.socket.destroy()
  })

  test('a reader that takes nothing blocks, shows progress when it takes some, and drains', async () => {
    rig = await startRig()
    const client = await readStream(rig)
    await rig.hub.until(() => rig.hub.joined.length === 1)
    client.socket.pause()
    const transport = rig.hub.joined[0]?.transport
    if (transport === undefined) throw new Error('nobody joined')
    expect(transport.write(Buffer.alloc(16_000_000, 'x'))).toBe(false)
    const stuck = transport.progress()
    expect(stuck).toBeGreaterThan(0)
    client.socket.resume()
    await rig.hub.until(() => rig.hub.drained.length === 1)
    expect(transport.progress()).toBeLessThan(stuck)
    client.socket.destroy()
  })

  test('progress is seen within one large write, long before it ends', async () => {
    rig = await startRig()
    const client = await readStream(rig)
    await rig.hub.until(() => rig.hub.joined.length === 1)
    const transport = rig.hub.joined[0]?.transport
    client.socket.pause()
    transport?.write(Buffer.alloc(64_000_000, 'x'))
    const stuck = transport?.progress() ?? 0
    let taken = 0
    await new Promise<void>(resolve => {
      client.socket.on('data', (bytes: Buffer) => {
        taken += bytes.length
        if (taken < 16_000_000) return
        client.socket.pause()
        resolve()
      })
      client.socket.resume()
    })
    expect(transport?.progress()).toBeLessThan(stuck)
    expect(transport?.progress()).toBeGreaterThan(0)
    expect(rig.hub.drained).toEqual([])
    client.socket.destroy()
  })
})

test('requests pipelined behind a stream are ignored', async () => {
  rig = await startRig({ sseMaxConnections: 1 })
  const twice = raw('GET /summary/events') + raw('GET /livez') + raw('GET /summary/events')
  const client = new RawClient(rig.port, twice)
  await client.until(': hi\n\n\r\n')
  expect(client.body).toBe('6\r\n: hi\n\n\r\n')
  expect(rig.hub.joined.length).toBe(1)
  client.socket.destroy()
  await rig.hub.until(() => rig.hub.closed.length === 1)
})

test('a stream pipelined behind another request is served in its turn, and nothing after it is', async () => {
  rig = await startRig()
  const three = raw('GET /summary/health') + raw('GET /summary/events') + raw('GET /livez')
  const client = await new RawClient(rig.port, three).until(': hi\n\n\r\n')
  client.socket.write(raw('GET /livez'))
  await fetch(`${rig.url}/livez`)
  const answers = client.text.split('HTTP/1.1 ').slice(1)
  expect(answers.map(answer => answer.slice(0, 3))).toEqual(['200', '200'])
  expect(answers[1]).toContain('text/event-stream')
  client.socket.destroy()
  await rig.hub.until(() => rig.hub.closed.length === 1)
})

test('a stream on a connection that has answered before', async () => {
  rig = await startRig()
  const client = new RawClient(rig.port, raw('GET /livez'))
  await client.until('ok\n')
  client.text = ''
  client.socket.write(raw('GET /summary/events'))
  await client.until(': hi\n\n\r\n')
  expect(client.status).toBe(200)
  client.socket.destroy()
})

test('G6_SSE_HTTP=0 switches the stream off and nothing else', async () => {
  rig = await startRig({ sseHttp: false })
  const response = await fetch(`${rig.url}/summary/events`)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ code: 'stream_disabled' })
  expect((await fetch(`${rig.url}/summary/resync`)).status).toBe(200)
})

test('a server that lags refuses new streams, then ends some', async () => {
  rig = await startRig({}, { lagGauge: { takeWorstMs: () => 5_000, stop: () => {} } })
  const clients: RawClient[] = []
  for (let i = 0; i < 11; i++) clients.push(await readStream(rig))
  rig.pass(16_000)
  await rig.hub.until(() => rig.hub.closed.length === 2)
  expect(rig.hub.ended).toEqual([9, 10].map(index => ({ index, reason: 'shed' })))
  const refused = await readStream(rig)
  expect(refused.status).toBe(503)
  expect(refused.header('retry-after')).toBe('5')
  expect(rig.rejected).toEqual(['shed'])
  expect((await fetch(`${rig.url}/summary/health`)).status).toBe(200)
  for (const { socket } of clients) socket.destroy()
})

test('a server set to never shed accepts readers however much it lags', async () => {
  let looks = 0
  const looked = new Promise<void>(resolve => {
    const takeWorstMs = (): number => {
      if (++looks === 2) resolve()
      return 60_000
    }
    void startRig({ shedLagMs: 0 }, { lagGauge: { takeWorstMs, stop: () => {} } }).then(started => {
      rig = started
      rig.pass(60_000)
    })
  })
  await looked
  expect(rig.hub.ended).toEqual([])
  expect((await readStream(rig)).status).toBe(200)
})

describe('a server of a fleet', () => {
  async function joining(lastEventId: string, catchUp: () => Promise<void>) {
    rig = await startRig({}, { catchUp })
    const client = await readStream(rig, { 'Last-Event-ID': lastEventId })
    await rig.hub.until(() => rig.hub.joined.length === 1)
    client.socket.destroy()
    return rig.hub.board
  }

  test.each(['e1-2', 'e2-1'])('catches up before it answers a reader of %s', async id => {
    const later = boardMaker('e2')(textPanel('indices', 'NIFTY 2'))
    const board = await joining(id, async () => {
      expect(rig.hub.joined).toEqual([])
      rig.hub.board = later
    })
    expect(board).toBe(later)
  })

  test.each(['e1-1', 'nonsense', ''])('asks nobody for a reader of "%s"', async id => {
    let asked = 0
    await joining(id, async () => void asked++)
    expect(asked).toBe(0)
  })
})
