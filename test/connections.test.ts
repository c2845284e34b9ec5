// One count of open streams: the limit, the health document and the metrics all read it. A whole program over real sockets.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { connect } from '../client/index.js'
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

async function startProgram(env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'g6-connections-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'status.json')
  writeFileSync(file, JSON.stringify({ cycle: 1, interval: 1, indices: {} }))
  const loaded = loadConfig({
    env: { G6_UNIFIED_HTTP_PORT: '0', G6_SSE_MAX_CONNECTIONS: '3', G6_SSE_IP_CONNECT_RATE: '0', ...env },
  })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors))
  const program = new Program({ loaded, command: 'serve', source: sourceOf([file]), log: silentLog })
  closers.push(() => program.stop())
  const [listening] = await program.start()
  const url = listening?.url ?? ''
  const open = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> => {
    const client = new RawClient(Number(new URL(url).port), raw(`GET ${path}`, headers))
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
  return { program, url, open, counted }
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

const AGED = { G6_SSE_MAX_AGE_SEC: '1', G6_SSE_RECONNECT_SPREAD_MS: '0' }

test('a stream ends at its maximum age with bye, and returning costs one small update', async () => {
  const { open } = await startProgram(AGED)
  const [board, status] = [await open('/summary/events'), await open('/events')]
  await Promise.all([board.end(), status.end()])
  expect(board.text).toMatch(/event: bye\ndata: \{"reason":"max_age","reconnect_ms":\d+\}/)
  expect([board, status].map(({ text }) => text.endsWith('0\r\n\r\n'))).toEqual([true, true])
  const id = /^id: (.+)$/m.exec(board.text)?.[1] ?? ''
  const again = await (await open('/summary/events', { 'Last-Event-ID': id })).until('"resumed":true')
  await again.end()
  expect(again.text).not.toContain('event: full_snapshot')
  expect(again.body.length).toBeLessThan(board.body.length / 2)
})

test('both clients take that as an ordinary reconnection', async () => {
  const { url, counted } = await startProgram(AGED)
  const connection = connect(url, { initialDelayMs: 5 })
  closers.push(() => connection.close())
  const problems: string[] = []
  connection.on('error', error => problems.push(error.message))
  const script = fileURLToPath(new URL('../clients/python/g6_stream.py', import.meta.url))
  const python = spawn('python3', [script, url, '--json', '--initial-delay', '0.005'], { stdio: 'pipe' })
  closers.push(() => python.kill('SIGKILL'))
  let complaints = ''
  python.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  python.stdout.resume()
  await eventually(() => connection.counts.reconnects >= 2, 'it came back twice')
  await eventually(async () => (await counted()).board === 2, 'both are here')
  expect(connection.counts).toMatchObject({ snapshots: 1, mismatches: 0 })
  expect([problems, complaints, python.exitCode]).toEqual([[], '', null])
})

test('TCP asks a silent peer whether it is there', async () => {
  const { url, open } = await startProgram()
  const { socket } = await open('/summary/events')
  const port = (n: number | undefined): string => (n ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const ends = `0100007F:${port(Number(new URL(url).port))} 0100007F:${port(socket.localPort)} 01 `
  const row = (): string =>
    readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find(line => line.includes(ends)) ?? ''
  // The timer of an idle connection: 2 is keep-alive (proc(5)).
  await eventually(() => / 02:[0-9A-F]{8} /.test(row()), row)
})
