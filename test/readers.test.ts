// Who holds the places: GET /summary/readers, `g6 readers`, and what the log says. Real servers and clients.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readersDocument } from '../src/protocol/readers.js'
import { eventually } from './support/eventually.js'
import { endAll, g6, type Running } from './support/g6.js'
import { RawClient, raw } from './support/http-rig.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await endAll()
})

const TOKEN = 'a-token-of-this-test'

async function serving(env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'g6-readers-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const status = join(folder, 'status.json')
  writeFileSync(status, JSON.stringify({ cycle: 1, interval: 1, indices: {} }))
  const server: Running = g6(['serve', '--port', '0', '--status-file', status, '--no-write-panels'], {
    G6_SSE_API_TOKEN: TOKEN,
    G6_LOG_LEVEL: 'debug',
    ...env,
  })
  const url = await server.url()
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the first board')
  const open = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> => {
    const asked = raw(`GET ${path}`, { 'X-API-Token': TOKEN, ...headers })
    const client = new RawClient(Number(new URL(url).port), asked)
    closers.push(() => client.socket.destroy())
    return client.until('\r\n\r\n')
  }
  const logged = (message: string): readonly Record<string, unknown>[] =>
    server
      .output()
      .err.split('\n')
      .filter(line => line.includes(`"msg":"${message}"`))
      .map(line => JSON.parse(line) as Record<string, unknown>)
  const asked = (headers: Readonly<Record<string, string>> = { 'X-API-Token': TOKEN }) =>
    fetch(`${url}/summary/readers`, { headers })
  return { url, open, asked, logged }
}

test('readers are listed, the newest first, with what they read and where they stand, and without secrets', async () => {
  const { open, asked } = await serving()
  const board = await open('/summary/events?panels=indices,alerts&structured=1', {
    'User-Agent': `x${'y'.repeat(500)}`,
    'Accept-Encoding': 'gzip',
  })
  await open('/events', { 'User-Agent': 'cu\u00ffrl/1' })
  await eventually(() => board.text.length > board.head.length + 4, 'the greeting')
  expect((await asked({})).status).toBe(401)
  const response = await asked()
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const text = await response.text()
  expect(text).not.toContain(TOKEN)
  const document = readersDocument.parse(JSON.parse(text))
  expect(document).toMatchObject({ streams: 2, max_streams: 50, total: 2 })
  const common = { address: '127.0.0.1', has_owner: true, behind: 0, blocked: false, waiting_bytes: 0 }
  expect(document.readers).toMatchObject([
    { ...common, kind: 'status', user_agent: 'cu??rl/1', encoding: 'plain', subset: null },
    { ...common, kind: 'board', encoding: 'gzip', mode: 'structured', view: 'lines', subset: 2, position: 1 },
  ])
  expect(document.readers[1]?.user_agent).toHaveLength(160)
  expect(Math.abs(Date.parse(document.readers[1]?.since ?? '') - Date.now())).toBeLessThan(60_000)
})

test('g6 readers shows them as a table, or as JSON', { timeout: 120_000 }, async () => {
  const { url, open } = await serving()
  await open('/summary/events', { 'User-Agent': 'a-client/1' })
  const port = new URL(url).port
  const ask = async (...args: readonly string[]) => {
    const asking = g6(['readers', ...args], { G6_SSE_API_TOKEN: TOKEN })
    const code = await asking.exit
    return { code, ...asking.output() }
  }
  const [table, json, refused] = await Promise.all([
    ask('--port', port),
    ask(url, '--json'),
    g6(['readers', url]).exit,
  ])
  expect(table.out).toMatch(/^1 of 50 streams are taken\nkind .*\nboard {2}127\.0\.0\.1 .* a-client\/1\n$/)
  expect(readersDocument.parse(JSON.parse(json.out)).readers).toHaveLength(1)
  expect([table.code, json.code, refused]).toEqual([0, 0, 1])
})

test('joins and leaves are in the debug log, and a refusal says who holds the places, once a minute', async () => {
  const { open, logged } = await serving({ G6_SSE_MAX_CONNECTIONS: '2', G6_SSE_IP_CONNECT_RATE: '0' })
  const first = await open('/summary/events', { 'User-Agent': 'a-client/1' })
  await open('/events')
  for (let n = 0; n < 3; n++) expect((await open('/summary/events')).status).toBe(429)
  first.socket.destroy()
  await eventually(() => logged('a reader has left').length === 1, 'the leave is in the log')
  expect(logged('a reader has joined')).toMatchObject([
    { level: 20, kind: 'board', address: '127.0.0.1', userAgent: 'a-client/1' },
    { level: 20, kind: 'status', address: '127.0.0.1' },
  ])
  expect(logged('a reader has left')).toMatchObject([{ kind: 'board', reason: 'client' }])
  expect(logged('all streams are taken; g6 readers shows by whom')).toMatchObject([
    { level: 40, streams: 2, addresses: [{ address: '127.0.0.1', streams: 2 }] },
  ])
})
