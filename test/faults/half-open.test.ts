// Half-open connections: one side is gone and the other does not know, as when a host loses power or a firewall its
// state. Only silence shows it; every reader of a stream must notice, and a server must close readers that are
// gone.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { connect } from '../../client/index.js'
import { BoardFollower } from '../../src/sources/board.js'
import { type BoardServer, startBoardServer } from '../support/board-server.js'
import { textPanel } from '../support/boards.js'
import { capturedLog } from '../support/captured-log.js'
import { eventually } from '../support/eventually.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { follow } from '../support/followed.js'
import { ownFootprint } from '../support/footprint.js'
import { reaches } from '../support/reaches.js'
import { startStatusServer } from '../support/status-server.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Comments come every second, so that silence is noticed soon. */
const KEEPALIVE_MS = 1_000
/** More than a busy machine delays a reader. */
const STALL_MS = 4_000

async function behindProxy(hub = {}): Promise<{ server: BoardServer; proxy: FaultProxy }> {
  const server = await startBoardServer('e1', hub, {}, { keepaliveMs: KEEPALIVE_MS })
  closers.push(() => server.close())
  const proxy = await startFaultProxy(server.port)
  closers.push(() => proxy.close())
  server.publish([textPanel('a', '1')])
  return { server, proxy }
}

test('the TypeScript client notices a server that is gone silently', async () => {
  const { server, proxy } = await behindProxy()
  const connection = connect(proxy.url, { initialDelayMs: 5 })
  closers.push(() => connection.close())
  const problems: string[] = []
  connection.on('error', error => problems.push(error.code))
  await reaches(connection, server.board)
  proxy.lose('server')
  server.publish([textPanel('a', '2')])
  await reaches(connection, server.board)
  expect(problems).toContain('timeout')
  expect(connection.counts).toMatchObject({ snapshots: 1, mismatches: 0 })
  await eventually(() => proxy.open === 1, 'the dead connection was closed')
})

test('the Python client notices it', async () => {
  const { server, proxy } = await behindProxy()
  const script = fileURLToPath(new URL('../../clients/python/g6_stream.py', import.meta.url))
  const child: ChildProcess = spawn('python3', [script, proxy.url, '--json', '--initial-delay', '0.005'])
  closers.push(() => child.kill('SIGKILL'))
  let out = ''
  let complaints = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  await eventually(
    () => out.includes(`"generation": 1`),
    () => `a first board: ${out}${complaints}`,
  )
  proxy.lose('server')
  server.publish([textPanel('a', '2')])
  await eventually(
    () => out.includes(`"generation": 2`),
    () => `the second board: ${out}${complaints}`,
  )
  expect(complaints).toMatch(/no byte for 2.5 s/)
  await eventually(() => proxy.open === 1, 'the dead connection was closed')
})

test('an edge notices it, logs it once, and once that all is well again', async () => {
  const { server, proxy } = await behindProxy()
  const { log, lines } = capturedLog()
  const follower = new BoardFollower({ url: proxy.url, initialDelayMs: 5, log })
  closers.push(() => follower.close())
  const faults: string[] = []
  follower.start(() => {
    const { fault, board } = follower.news
    if (fault !== null) faults.push(`${fault.error} ${board?.panels[0]?.lines}`)
  })
  await eventually(() => follower.news.board?.generation === 1, 'the first board')
  proxy.lose('server')
  server.publish([textPanel('a', '2')])
  await eventually(
    () => follower.news.board?.generation === 2 && follower.news.fault === null,
    'the second board',
  )
  // The last board stays until then.
  expect(faults).toContain('timeout 1')
  expect(lines()).toMatchObject([
    { level: 40, msg: 'the followed server is lost; connecting again', problem: 'no byte for 2500 ms' },
    { level: 30, msg: 'the followed server is back' },
  ])
})

test('a status source notices it, logs it once, and once that all is well again', async () => {
  const server = await startStatusServer({ cycle: 1 })
  closers.push(() => server.close())
  const proxy = await startFaultProxy(server.port)
  closers.push(() => proxy.close())
  const { log, lines } = capturedLog()
  const followed = follow(`${proxy.url}/events`, { timeoutSec: 2.5, log })
  closers.push(() => followed.close())
  await followed.until(() => followed.readings.at(-1)?.ok === true)
  proxy.lose('server')
  server.hub.publishStatus({ cycle: 2 })
  await followed.until(() => followed.readings.at(-1)?.ok === false)
  expect(followed.readings.at(-1)).toMatchObject({ ok: false, error: 'timeout' })
  await followed.until(() => JSON.stringify(followed.ingestor.state.baseline) === '{"cycle":2}')
  expect(followed.readings.at(-1)).toMatchObject({ ok: true, status: { cycle: 2 } })
  expect(lines()).toMatchObject([
    { level: 40, msg: 'the stream is lost; connecting again', kind: 'timeout' },
    { level: 30, msg: 'the stream is back' },
  ])
})

test('a server closes readers that are gone, at the stall timeout, and the others are not affected', async () => {
  const { server, proxy } = await behindProxy({ sseStallTimeoutMs: STALL_MS, sseEventsPerSec: 100_000 })
  const well = connect(server.url, { initialDelayMs: 5 })
  closers.push(() => well.close())
  const lost = [connect(proxy.url), connect(proxy.url)]
  closers.push(() => lost.map(each => each.close()))
  await Promise.all([well, ...lost].map(each => reaches(each, server.board)))
  expect(server.hub.stats().clients).toBe(3)
  const before = ownFootprint().sockets
  proxy.lose('client')
  for (const each of lost) each.close()
  // Enough to fill the system's buffers, compressed or not.
  const filler = (): string => randomBytes(20_000).toString('hex')
  await eventually(async () => {
    for (let i = 0; i < 20; i++) server.publish([textPanel('a', filler())])
    await reaches(well, server.board)
    return server.hub.stats().clients === 1
  }, 'only the reader that reads is left')
  expect(well.counts.reconnects).toBe(0)
  // Of each only the proxy's end is left: client, proxy and server had a socket each.
  await eventually(() => ownFootprint().sockets <= before - 2 * 3, 'their sockets are closed')
})
