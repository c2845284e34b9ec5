import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Change, type Connection, type ConnectOptions, connect, type StreamError } from './index.js'
import { sha256Hex } from './sha256.js'

const closers: (() => void)[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const close of closers.splice(0)) close()
})

type Stream = {
  send(event: string, data: unknown, id?: string): void
  raw(text: string): void
  cut(): void
  end(): void
  /** Resolves when the client has gone. */
  readonly closed: Promise<void>
}
type Rig = {
  readonly url: string
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[]
  /** Resolves with the n-th stream once a client has opened it. */
  stream(n: number): Promise<Stream>
  /** The answer of /summary/resync; null: 404. */
  resync: { status: number; body: unknown } | null
  /** The problem document of every stream that is asked for; null: none is refused. */
  refusal: { status: number; code: string; detail: string } | null
  /** Where a request for /summary/resync is sent on to. */
  resyncElsewhere: string | null
}

async function serve(): Promise<Rig> {
  const streams: Stream[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response: ServerResponse) => {
    rig.requests.push({ url: request.url ?? '', headers: request.headers })
    if (request.url?.startsWith('/summary/resync')) {
      if (rig.resyncElsewhere !== null) response.writeHead(307, { Location: rig.resyncElsewhere }).end()
      else if (rig.resync === null) response.writeHead(404).end()
      else response.writeHead(rig.resync.status).end(JSON.stringify(rig.resync.body))
      return
    }
    if (rig.refusal !== null) {
      response.writeHead(rig.refusal.status).end(JSON.stringify(rig.refusal))
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
    streams.push({
      send: (event, data, id) =>
        void response.write(`${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
      raw: text => void response.write(text),
      cut: () => void response.destroy(),
      end: () => void response.end(),
      closed: new Promise(resolve => response.once('close', () => resolve())),
    })
    for (const look of [...waiting]) look()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const rig: Rig = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    resync: null,
    refusal: null,
    resyncElsewhere: null,
    stream: n =>
      new Promise(resolve => {
        const look = (): void => {
          const made = streams[n]
          if (made === undefined) return
          waiting.delete(look)
          resolve(made)
        }
        waiting.add(look)
        look()
      }),
  }
  return rig
}

const panel = (key: string, ...lines: string[]) => ({
  title: key,
  tone: 'ok',
  lines,
  hash: sha256Hex(`v1\n${key}\n${key}\nok\n${lines.join('\n')}`),
})
type Panels = Record<string, ReturnType<typeof panel>>
const hello = (generation: number, panels: Panels, more: object = {}) => ({
  epoch: 'e1',
  generation,
  cycle: generation,
  resumed: false,
  keepalive_ms: 15_000,
  panels: Object.entries(panels).map(([key, { hash }]) => ({ key, hash })),
  ...more,
})
const snapshot = (generation: number, panels: Panels) => ({
  epoch: 'e1',
  generation,
  cycle: generation,
  ts: 1,
  panels,
})
const update = (generation: number, panels: Panels) => ({
  generation,
  cycle: generation,
  ts: 1,
  updates: Object.entries(panels).map(([key, content]) => ({ key, ...content })),
})

function open(
  url: string,
  options: ConnectOptions = {},
): { c: Connection; errors: StreamError[]; states: string[] } {
  const c = connect(url, { initialDelayMs: 1, ...options })
  closers.push(() => c.close())
  const errors: StreamError[] = []
  const states: string[] = []
  c.on('error', error => errors.push(error))
  c.on('state', state => states.push(state))
  return { c, errors, states }
}

function changed(c: Connection, holds: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const ends: (() => void)[] = []
    const look = (): void => {
      if (!holds()) return
      for (const end of ends) end()
      resolve()
    }
    ends.push(c.on('update', look), c.on('state', look), c.on('error', look))
    look()
  })
}

const A1 = { a: panel('a', '1') }
const A2 = { a: panel('a', '2') }

describe('a connection', () => {
  test('asks for numbers of the past, passes them on, and treats damaged ones as any damaged event', async () => {
    const rig = await serve()
    const { c } = open(rig.url, { history: 900, series: ['a.n', 'b.n'] })
    const stream = await rig.stream(0)
    expect(rig.requests[0]?.url).toBe('/summary/events?history=900&series=a.n%2Cb.n')
    const past = { from: 1_000, to: 2_000, step_sec: 1, since: 1_000, series: [], unknown: ['a.n'] }
    const got = new Promise(resolve => c.on('history', resolve))
    stream.send('hello', hello(1, A1))
    stream.send('full_snapshot', snapshot(1, A1), 'e1-1')
    stream.send('history', past)
    expect(await got).toEqual(past)
    rig.resync = { status: 200, body: snapshot(1, A1) }
    stream.send('history', { series: [{ id: 'a.n' }] })
    stream.send('panel_update', update(2, A2), 'e1-2')
    await changed(c, () => c.board?.generation === 2)
    expect(c.counts).toMatchObject({ malformed: 1, resyncs: 1 })
  })
  test('sends its token as a header, never in the address', async () => {
    const rig = await serve()
    open(rig.url, { token: 's3cret', panels: ['b', 'a'], view: 'blocks', structured: false })
    await rig.stream(0)
    expect(rig.requests[0]?.url).toBe('/summary/events?panels=b%2Ca&view=blocks&structured=0')
    expect(rig.requests[0]?.headers).toMatchObject({ 'x-api-token': 's3cret', accept: 'text/event-stream' })
  })

  test('throws for a token that no header can carry; for one from a function it reports an error and tries again', async () => {
    const rig = await serve()
    for (const token of ['two words', 'ü', 'a\nb', 'a\0b']) {
      expect(() => connect(rig.url, { token })).toThrow(TypeError)
    }
    const given = ['two words', '\ufeffgood\n']
    const { errors } = open(rig.url, { token: () => given.shift() ?? null })
    await rig.stream(0)
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('the token cannot be used'),
    ])
    expect(rig.requests.map(({ headers }) => headers['x-api-token'])).toEqual(['good'])
  })

  test('goes from connecting to live, stale, live again with its last id, and closed', async () => {
    const rig = await serve()
    const { c, states } = open(rig.url)
    expect(c.state).toBe('connecting')
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    one.cut()
    const two = await rig.stream(1)
    expect(c.state).toBe('stale')
    expect(c.board?.panels.get('a')?.lines).toEqual(['1'])
    expect(rig.requests[1]?.headers['last-event-id']).toBe('e1-1')
    two.send('hello', hello(2, A2, { resumed: true }), 'e1-1')
    two.send('panel_update', update(2, A2), 'e1-2')
    await changed(c, () => c.state === 'live')
    expect(c.board).toMatchObject({ generation: 2 })
    c.close()
    c.close()
    expect(states).toEqual(['live', 'stale', 'live', 'closed'])
    expect(c.counts).toMatchObject({ reconnects: 1, errors: 1, snapshots: 1, updates: 1 })
  })

  test('is stale and silent 5 s after a missed heartbeat, and live again with the next byte', async () => {
    const rig = await serve()
    const { c, states } = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1, { heartbeat_cycles: 5, refresh_ms: 1000 }))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    // From here on time passes only when the test advances it; the update makes it begin with this clock.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    one.send('panel_update', update(2, A2), 'e1-2')
    await changed(c, () => c.board?.generation === 2)
    await new Promise(setImmediate)
    vi.advanceTimersByTime(9_999)
    expect([c.state, c.silent]).toEqual(['live', false])
    vi.advanceTimersByTime(1)
    expect([c.state, c.silent]).toEqual(['stale', true])
    one.raw(': ka\n\n')
    await changed(c, () => c.state === 'live')
    expect(c.silent).toBe(false)
    // It sends keep-alives where heartbeats were due, so only those are expected.
    vi.advanceTimersByTime(19_999)
    expect(c.state).toBe('live')
    vi.advanceTimersByTime(1)
    expect([c.state, c.silent]).toEqual(['stale', true])
    // Silent until there are bytes or an error of another kind.
    vi.advanceTimersByTime(20_000)
    await changed(c, () => c.counts.errors === 1)
    expect(c.silent).toBe(true)
    expect(states).toEqual(['live', 'stale', 'live', 'stale'])
  })

  test('rests while paused, with its board, and resumes where it was', async () => {
    const rig = await serve()
    const { c, errors } = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    c.pause()
    c.pause()
    await one.closed
    expect(c.state).toBe('stale')
    expect(c.board?.panels.get('a')?.lines).toEqual(['1'])
    expect(rig.requests.length).toBe(1)
    c.resume()
    const two = await rig.stream(1)
    expect(rig.requests[1]?.headers['last-event-id']).toBe('e1-1')
    two.send('hello', hello(2, A2, { resumed: true }), 'e1-1')
    two.send('panel_update', update(2, A2), 'e1-2')
    await changed(c, () => c.state === 'live')
    expect(c.board).toMatchObject({ generation: 2 })
    expect(errors).toEqual([])
  })

  test('is closed after 2.5 keep-alive intervals without a byte', async () => {
    const rig = await serve()
    const { c, errors } = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1, { keepalive_ms: 20 }))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await rig.stream(1)
    expect(errors[0]).toMatchObject({ code: 'timeout', message: 'no byte for 50 ms' })
    expect(c.state).toBe('stale')
  })

  test('stays open for a keep-alive interval longer than a timer can count', async () => {
    const rig = await serve()
    const { c, errors } = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1, { keepalive_ms: 2 ** 40 }))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    one.send('panel_update', update(2, A2), 'e1-2')
    await changed(c, () => c.board?.generation === 2 || errors.length > 0)
    expect(errors).toEqual([])
  })

  test('reconnects when bye says so, without an error', async () => {
    const rig = await serve()
    const { c, errors } = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    const startMs = performance.now()
    one.send('bye', { reason: 'shutdown', reconnect_ms: 250 })
    await rig.stream(1)
    expect(performance.now() - startMs).toBeGreaterThan(240)
    expect(errors).toEqual([])
  })

  test('that ends after one event is made again later and later; one with the whole board, soon', async () => {
    for (const [isWhole, waits] of [
      [false, [5, 100, 200]],
      [true, [5, 5, 5]],
    ] as const) {
      const rig = await serve()
      const { errors } = open(rig.url, { initialDelayMs: 10, random: () => 0.5 })
      for (let n = 0; n < waits.length; n++) {
        const stream = await rig.stream(n)
        stream.send('hello', hello(1, A1))
        if (isWhole) stream.send('full_snapshot', snapshot(1, A1), 'e1-1')
        stream.end()
      }
      await rig.stream(waits.length)
      expect(errors.map(({ retryInMs }) => retryInMs)).toEqual(waits)
    }
  })

  test('that bye ends each time before the board is settled is made again later and later', async () => {
    const rig = await serve()
    const { c } = open(rig.url)
    const startMs = performance.now()
    for (let n = 0; n < 4; n++) {
      const stream = await rig.stream(n)
      stream.send('hello', hello(n + 1, A1))
      stream.send('bye', { reason: 'shed', reconnect_ms: 0 })
    }
    await rig.stream(4)
    expect(performance.now() - startMs).toBeGreaterThan(100 + 200 + 400 + 800 - 50)
    expect(c.counts.errors).toBe(0)
  })

  test('that is refused says why, with what it has still', async () => {
    const rig = await serve()
    const { c, errors } = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    rig.refusal = { status: 429, code: 'connections_full', detail: 'All 50 places are taken.' }
    one.cut()
    await changed(c, () => errors.length === 2)
    expect(errors[1]).toMatchObject({
      code: 'status',
      status: 429,
      problem: 'connections_full',
      detail: 'All 50 places are taken.',
      message: 'HTTP 429: All 50 places are taken.',
    })
    expect(c.state).toBe('stale')
  })

  test('ends with the signal', async () => {
    const rig = await serve()
    const abort = new AbortController()
    const { c } = open(rig.url, { signal: abort.signal })
    await rig.stream(0)
    abort.abort()
    expect(c.state).toBe('closed')
    for await (const change of c) expect.unreachable(String(change))
  })
})

describe('a mismatch', () => {
  async function live(rig: Rig) {
    const made = open(rig.url)
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(made.c, () => made.c.state === 'live')
    return { ...made, one }
  }
  const wrong = { a: { ...panel('a', '2'), lines: ['not 2'] } }

  test('is repaired by one /summary/resync, and later updates continue from there', async () => {
    const rig = await serve()
    const { c, one, errors } = await live(rig)
    rig.resync = { status: 200, body: { ...snapshot(3, { a: panel('a', '3') }) } }
    one.send('panel_update', update(2, wrong), 'e1-2')
    one.send('panel_update', update(3, { a: panel('a', '3') }), 'e1-3')
    one.send('panel_update', update(4, { a: panel('a', '4') }), 'e1-4')
    await changed(c, () => c.board?.generation === 4)
    expect(c.counts).toMatchObject({ mismatches: 1, resyncs: 1, ignored: 1, reconnects: 0 })
    expect(rig.requests.filter(({ url }) => url === '/summary/resync')).toHaveLength(1)
    expect(errors).toEqual([])
  })

  test('is repaired elsewhere when the server says so, without the token', async () => {
    const rig = await serve()
    const other = await serve()
    other.resync = { status: 200, body: snapshot(3, { a: panel('a', '3') }) }
    rig.resyncElsewhere = `${other.url}/summary/resync`
    const { c } = open(rig.url, { token: 's3cret' })
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    one.send('panel_update', update(2, wrong), 'e1-2')
    await changed(c, () => c.board?.generation === 3)
    expect(rig.requests.at(-1)?.headers).toMatchObject({ 'x-api-token': 's3cret' })
    expect(other.requests.at(-1)?.headers).not.toHaveProperty('x-api-token')
  })

  test('leads to a fresh start, without an id, when the resync fails', async () => {
    for (const answer of [
      null,
      { status: 503, body: {} },
      { status: 200, body: { ...snapshot(9, A1), epoch: 'x' } },
    ]) {
      const rig = await serve()
      const { c, one, errors } = await live(rig)
      rig.resync = answer
      one.send('panel_update', update(2, wrong), 'e1-2')
      const two = await rig.stream(1)
      expect(rig.requests.at(-1)?.headers).not.toHaveProperty('last-event-id')
      two.send('hello', hello(2, A2))
      two.send('full_snapshot', snapshot(2, A2), 'e1-2')
      await changed(c, () => c.state === 'live')
      expect(c.board?.panels.get('a')?.lines).toEqual(['2'])
      expect(errors.map(({ code }) => code)).toEqual(['resync'])
    }
  })

  test('never leads to a busy loop: fresh starts in a row wait longer and longer', async () => {
    const rig = await serve()
    const { c } = open(rig.url)
    const startMs = performance.now()
    for (let n = 0; n < 4; n++) (await rig.stream(n)).send('full_snapshot', { no: 'sense' })
    await rig.stream(4)
    expect(performance.now() - startMs).toBeGreaterThan(100 + 200 + 400 + 800 - 50)
    expect(c.counts.malformed).toBe(4)
  })

  test('is accepted as a truncated panel where the server has no resync', async () => {
    const rig = await serve()
    const { c } = open(rig.url)
    const whole = panel('a', '1', '2', '3')
    const cut = { a: { ...whole, lines: ['1'], truncated: true, total_lines: 3 } }
    for (const n of [0, 1]) {
      const stream = await rig.stream(n)
      stream.send('hello', hello(1, { a: whole }))
      stream.send('full_snapshot', snapshot(1, cut), 'e1-1')
    }
    await changed(c, () => c.state === 'live')
    expect(c.board?.panels.get('a')).toMatchObject({ lines: ['1'], truncated: true })
  })
})

describe('changes', () => {
  test('are merged for a slow consumer, and start with the board for a late one', async () => {
    const rig = await serve()
    const { c } = open(rig.url)
    const one = await rig.stream(0)
    const both = { ...A1, b: panel('b', '1') }
    one.send('hello', hello(1, both))
    one.send('full_snapshot', snapshot(1, both), 'e1-1')
    await changed(c, () => c.board?.generation === 1)
    const iterator = c[Symbol.asyncIterator]()
    const first = (await iterator.next()).value as Change
    expect(first).toMatchObject({ type: 'full_snapshot', generation: 1 })
    expect(Object.keys(first.panels)).toEqual(['a', 'b'])
    one.send('panel_update', update(2, { a: panel('a', '2') }), 'e1-2')
    one.send('panel_update', { ...update(3, { a: panel('a', '3') }), removed: ['b'] }, 'e1-3')
    await changed(c, () => c.board?.generation === 3)
    const second = (await iterator.next()).value as Change
    expect(second).toMatchObject({
      type: 'panel_update',
      generation: 3,
      panels: { a: { lines: ['3'] } },
      removed: ['b'],
    })
    c.close()
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  test('a heartbeat moves the board’s cycle and is no change', async () => {
    const rig = await serve()
    const { c } = open(rig.url)
    const changes: Change[] = []
    c.on('update', change => changes.push(change))
    const one = await rig.stream(0)
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    one.send('heartbeat', { cycle: 9, generation: 1, ts: 2, unchanged: true, hit_ratio: 1 })
    one.send('panel_update', update(10, A2), 'e1-10')
    await changed(c, () => c.board?.generation === 10)
    expect(changes.map(({ generation }) => generation)).toEqual([1, 10])
    expect(c.counts.heartbeats).toBe(1)
  })

  test('every event carries the verdict, and a heartbeat with a new verdict is a change', async () => {
    const rig = await serve()
    const { c } = open(rig.url)
    const changes: Change[] = []
    c.on('update', change => changes.push(change))
    const one = await rig.stream(0)
    const healthy = { word: 'healthy', reasons: [] }
    const stale = { word: 'attention', reasons: ['stale, last 10:02'] }
    const beat = { cycle: 9, generation: 1, ts: 2, unchanged: true, hit_ratio: 1 }
    one.send('hello', { ...hello(1, A1), verdict: healthy })
    one.send('full_snapshot', { ...snapshot(1, A1), verdict: healthy }, 'e1-1')
    one.send('heartbeat', { ...beat, verdict: healthy })
    one.send('heartbeat', { ...beat, verdict: stale })
    await changed(c, () => c.board?.verdict?.word === 'attention')
    expect(changes.map(({ verdict, panels }) => [verdict?.word, Object.keys(panels)])).toEqual([
      ['healthy', ['a']],
      ['attention', []],
    ])
    expect(changes[1]?.verdict).toEqual(stale)
  })

  test('an error event of the server is reported, and the stream goes on', async () => {
    const rig = await serve()
    const { c, errors } = open(rig.url)
    const one = await rig.stream(0)
    one.send('error', { code: 'encode_failed', message: 'an update could not be encoded', recoverable: true })
    one.send('hello', hello(1, A1))
    one.send('full_snapshot', snapshot(1, A1), 'e1-1')
    await changed(c, () => c.state === 'live')
    expect(errors).toMatchObject([{ code: 'server', retryInMs: undefined }])
    expect(c.counts.reconnects).toBe(0)
  })
})
