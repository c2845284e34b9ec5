// Producers that misbehave: memory stays bounded, the state says what is wrong, and the server follows a producer that
// recovers.
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Followed, follow } from './support/followed.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
let id = 0
function event(type: string, payload: unknown): string {
  id++
  const data = { id, sequence: id, type, timestamp: 1, generation: 1, stream_id: 's', payload }
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}
const full = (status: unknown): string => event('panel_full', { status })
const diff = (patch: unknown): string => event('panel_diff', { diff: patch })

type Behaviour = (socket: Socket, request: string) => void

/** Speaks raw TCP: answers each request by the next behaviour, and repeats the last one. */
async function produce(...behaviours: Behaviour[]): Promise<string> {
  let requests = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', bytes =>
      behaviours[Math.min(requests++, behaviours.length - 1)]?.(socket, bytes.toString()),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/events`
}

const says =
  (text: string | Buffer): Behaviour =>
  socket => {
    socket.write(HEAD)
    socket.write(text)
  }

function following(url: string, options: Parameters<typeof follow>[1] = {}): Followed {
  const followed = follow(url, { forceFullRetrySec: 0.01, ...options })
  closers.push(() => followed.close())
  return followed
}

const status = ({ ingestor }: Followed) => ingestor.state.baseline
const recovered = (followed: Followed) => () =>
  status(followed)?.fine === true && !followed.ingestor.state.needFull

test('a flood of 10 000 events a second is handled', async () => {
  const EVENTS = 20_000
  const url = await produce(async socket => {
    socket.write(HEAD)
    socket.write(full({ n: 0 }))
    for (let n = 1; n <= EVENTS; n += 100) {
      const some = Array.from({ length: 100 }, (_, i) => diff({ n: n + i })).join('')
      if (!socket.write(some)) await new Promise(resolve => socket.once('drain', resolve))
    }
  })
  const before = process.memoryUsage().heapUsed
  // Processor time, including the producer's: wall time depends on the load of the machine.
  const cpuBefore = process.cpuUsage()
  const followed = following(url)
  await followed.until(() => status(followed)?.n === EVENTS)
  const { user, system } = process.cpuUsage(cpuBefore)
  expect(EVENTS / ((user + system) / 1e6)).toBeGreaterThan(10_000)
  expect(followed.ingestor.state).toMatchObject({ panelDiffApplied: EVENTS, panelDiffDropped: 0 })
  followed.readings.length = 0
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6)
})

test('a line of 20 MB is dropped and reported, and a full status requested', async () => {
  const url = await produce(
    socket => {
      socket.write(HEAD)
      socket.write(full({ a: 1 }))
      socket.write(`data: ${'x'.repeat(20 * 1024 * 1024)}\n\n`)
    },
    (socket, request) => says(/force_full=1/.test(request) ? full({ fine: true }) : '')(socket, request),
  )
  const followed = following(url)
  await followed.until(recovered(followed))
  expect(followed.events).toContain('error too_large')
  expect(followed.events).toContain('reconnect need_full')
})

test('bytes that are not UTF-8 damage only the text they are in', async () => {
  const bad = Buffer.from(full({ text: 'A', fine: true }))
  bad[bad.indexOf(0x41)] = 0xff
  const followed = following(await produce(says(bad)))
  await followed.until(recovered(followed))
  expect(status(followed)?.text).toBe('\ufffd')
})

test('invalid JSON is counted and skipped, and a full status repairs the state', async () => {
  const junk = ['{', 'null', '[]', '"x"', '{"payload": 1}', '{"type": 7, "payload": {}}'].map(
    text => `event: panel_diff\ndata: ${text}\n\n`,
  )
  const url = await produce(says(full({ a: 1 }) + junk.join('')), (socket, request) =>
    says(/force_full=1/.test(request) ? full({ fine: true }) : '')(socket, request),
  )
  const followed = following(url)
  await followed.until(recovered(followed))
  expect(followed.ingestor.state.malformed).toBeGreaterThan(0)
  expect(followed.events).toContain('error not_json')
})

test('a producer that never sends a full status is asked for one only as often as allowed', async () => {
  const asked: number[] = []
  const url = await produce((socket, request) => {
    if (/force_full=1/.test(request)) asked.push(performance.now())
    says(diff({ a: 1 }))(socket, request)
  })
  const startMs = performance.now()
  const followed = following(url, { forceFullRetrySec: 0.2 })
  await followed.until(() => asked.length >= 3)
  // Counted from the start, not between two requests: a delayed request comes closer to the next. 5 ms: timers round.
  for (const [n, atMs] of asked.entries()) expect(atMs - startMs).toBeGreaterThanOrEqual(n * 200 - 5)
  expect(followed.ingestor.state).toMatchObject({
    baseline: null,
    needFull: true,
    needFullReasons: ['no_baseline'],
  })
})

test('and not at all when that is switched off', async () => {
  const requests: string[] = []
  const url = await produce((socket, request) => {
    requests.push(request)
    says(diff({ a: 1 }) + diff({ a: 2 }))(socket, request)
  })
  const followed = following(url, { autoFull: false })
  await followed.until(() => followed.ingestor.state.panelDiffDropped === 2)
  expect(requests).toHaveLength(1)
})

test('the next connection does not ask again for a full status that has come', async () => {
  const asked: boolean[] = []
  const noting =
    (text: () => string, ends = false): Behaviour =>
    (socket, request) => {
      asked.push(/force_full=1/.test(request))
      says(text())(socket, request)
      if (ends) socket.end()
    }
  const followed = following(
    await produce(
      noting(() => diff({ a: 1 })),
      noting(() => full({ a: 1 }), true),
      noting(() => diff({ fine: true })),
    ),
  )
  await followed.until(recovered(followed))
  expect(asked).toEqual([false, true, false])
})

test('endless headers are cut off', async () => {
  const endless: Behaviour = socket => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const more = (): void => {
      while (!socket.destroyed && socket.write(`X-Filler: ${'x'.repeat(1_000)}\r\n`));
    }
    socket.on('drain', more)
    more()
  }
  const followed = following(await produce(endless, says(full({ fine: true }))))
  await followed.until(recovered(followed))
  expect(followed.events[0]).toBe('error network')
})

test('silence is a timeout, before the head and after it', async () => {
  const url = await produce(
    () => {},
    socket => void socket.write(HEAD),
    says(full({ fine: true })),
  )
  const followed = following(url, { timeoutSec: 0.1 })
  await followed.until(recovered(followed))
  expect(followed.events.slice(0, 2)).toEqual(['error timeout', 'error timeout'])
  expect(followed.readings[0]).toMatchObject({ ok: false, error: 'timeout' })
})

test('204 ends it for good', async () => {
  const url = await produce(socket => void socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'))
  const followed = following(url)
  await followed.until(() => followed.readings.length === 1)
  expect(followed.readings[0]).toMatchObject({ ok: false, error: 'missing' })
  expect(followed.ingestor.ingest(Date.now(), null)[0]?.connection).toBe('closed')
})

test('a page instead of a stream is reported as such', async () => {
  const page =
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage'
  const followed = following(await produce(socket => void socket.end(page), says(full({ fine: true }))))
  await followed.until(recovered(followed))
  expect(followed.readings[0]).toMatchObject({ ok: false, message: 'not an event stream: text/html' })
})
