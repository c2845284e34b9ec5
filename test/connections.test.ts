// One count of open streams: the limit, the health document and the metrics all read it. A whole program over real sockets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Program } from '../src/app/program.js'
import { sourceOf } from '../src/app/source.js'
import { loadConfig } from '../src/config/load.js'
import { silentLog } from '../src/log/log.js'
import { eventually } from './support/eventually.js'
import { RawClient, raw } from './support/http-rig.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startProgram() {
  const folder = mkdtempSync(join(tmpdir(), 'g6-connections-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'status.json')
  writeFileSync(file, JSON.stringify({ cycle: 1, interval: 1, indices: {} }))
  const loaded = loadConfig({
    env: { G6_UNIFIED_HTTP_PORT: '0', G6_SSE_MAX_CONNECTIONS: '3', G6_SSE_IP_CONNECT_RATE: '0' },
  })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors))
  const program = new Program({ loaded, command: 'serve', source: sourceOf([file]), log: silentLog })
  closers.push(() => program.stop())
  const [listening] = await program.start()
  const url = listening?.url ?? ''
  const open = async (path: string): Promise<RawClient> => {
    const client = new RawClient(Number(new URL(url).port), raw(`GET ${path}`))
    closers.push(() => client.socket.destroy())
    return client.until('\r\n\r\n')
  }
  /** What health and the metrics say about the number of connections. */
  const counted = async () => {
    const health = (await (await fetch(`${url}/summary/health`)).json()) as { sse: { clients: number } }
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const sampleOf = (sample: string): number =>
      Number(
        metrics
          .split('\n')
          .find(line => line.startsWith(`${sample} `))
          ?.slice(sample.length),
      )
    return {
      health: health.sse.clients,
      streams: sampleOf('g6_sse_http_active_connections'),
      board: sampleOf('g6_connections{kind="board"}'),
      status: sampleOf('g6_connections{kind="status"}'),
      chat: sampleOf('g6_connections{kind="chat"}'),
    }
  }
  return { program, open, counted }
}

test('health, metrics and the limit count board and status readers alike', async () => {
  const { open, counted } = await startProgram()
  const clients = [await open('/events'), await open('/events'), await open('/summary/events')]
  expect(clients.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await counted()).toEqual({ health: 3, streams: 3, board: 1, status: 2, chat: 0 })
  expect((await open('/events')).status).toBe(429)
  expect((await open('/summary/events')).status).toBe(429)
  clients[0]?.socket.destroy()
  await eventually(async () => (await counted()).health === 2, 'the place of the one that left is free')
  expect(await counted()).toEqual({ health: 2, streams: 2, board: 1, status: 1, chat: 0 })
  expect((await open('/summary/events')).status).toBe(200)
})

test('a stop ends board and status readers in order', async () => {
  const { program, open } = await startProgram()
  const [board, status] = [await open('/summary/events'), await open('/events')]
  await program.stop()
  await Promise.all([board.end(), status.end()])
  expect(board.text).toContain('event: bye')
  expect([board, status].map(({ text }) => text.endsWith('0\r\n\r\n'))).toEqual([true, true])
})
