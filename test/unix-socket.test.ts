// The server on a unix socket: who may connect, what it calls its peers, and the file of the socket, which a killed server leaves.
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endAll, g6, type Running } from './support/g6.js'
import { type Get, SummaryClient } from './support/summary-client.js'

const STATUS = 'test/fixtures/status-full.json'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-unix-'))
  path = join(folder, 'g6.sock')
})
afterEach(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

function start(env: Readonly<Record<string, string>> = {}): Running {
  return g6(['serve', '--status-file', STATUS], {
    G6_HTTP_HOST: `unix:${path}`,
    G6_PANELS_DIR: join(folder, 'panels'),
    G6_LOG_LEVEL: 'info',
    ...env,
  })
}
const listens = (server: Running): Promise<unknown> => server.until(/"url":"unix:[^"]+"/)

const get: Get = (url, headers, onResponse) =>
  http.get(
    { socketPath: path, path: url, headers: { Host: 'localhost', ...headers }, agent: false },
    onResponse,
  )

function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, headers, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    }).on('error', reject)
  })
}

test('it has the routes of all ports, streams, and is gone after a stop', async () => {
  const server = start({ G6_SUMMARY_METRICS_HTTP: '1' })
  await listens(server)
  expect(server.output().err.match(/"msg":"listening"/g)).toHaveLength(1)
  const client = new SummaryClient('/summary/events', {}, undefined, get)
  await client.event('full_snapshot')
  expect(client.reader.mismatches).toEqual([])
  expect((await ask('/metrics')).text).toContain('g6_sse_http_active_connections 1\n')
  expect((await ask('/livez')).status).toBe(200)
  server.signal('SIGTERM')
  await client.event('bye')
  await client.ended()
  expect(await server.exit).toBe(0)
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
})

test('its mode is 0660, or the one that is set, whatever the umask', async () => {
  const server = start()
  await listens(server)
  expect(statSync(path).mode & 0o777).toBe(0o660)
  server.signal('SIGTERM')
  await server.exit
  const open = g6(
    ['serve', '--status-file', STATUS],
    { G6_HTTP_HOST: `unix:${path}`, G6_HTTP_SOCKET_MODE: '0606', G6_PANELS_DIR: join(folder, 'panels') },
    { via: ['sh', '-c', 'umask 077; exec "$@"', 'sh'] },
  )
  await listens(open)
  expect(statSync(path).mode & 0o777).toBe(0o606)
})

test('the socket of a killed server is replaced; that of a live one is not', async () => {
  const killed = start()
  await listens(killed)
  killed.signal('SIGKILL')
  await killed.exit
  expect(statSync(path).isSocket()).toBe(true)
  const server = start()
  await listens(server)
  const second = start()
  expect(await second.exit).toBe(1)
  expect(second.output().err).toContain(
    `cannot listen on unix:${path}: another server listens there (G6_HTTP_HOST)`,
  )
  expect((await ask('/livez')).status).toBe(200)
})

test('no other file is deleted', async () => {
  writeFileSync(path, 'precious')
  const refused = start()
  expect(await refused.exit).toBe(1)
  expect(refused.output().err).toContain(
    'a file that is no socket has this path; g6 does not delete it (G6_HTTP_HOST)',
  )
  expect(readFileSync(path, 'utf8')).toBe('precious')
  rmSync(path)
  symlinkSync('nowhere', path)
  const linked = start()
  expect(await linked.exit).toBe(1)
  expect(linked.output().err).toContain('a file that is no socket has this path')
})

test('a folder that does not exist, and a path that cannot be one, are refused', async () => {
  const missing = start({ G6_HTTP_HOST: `unix:${folder}/no/g6.sock` })
  expect(await missing.exit).toBe(1)
  expect(missing.output().err).toContain(
    `cannot listen on unix:${folder}/no/g6.sock: its folder does not exist (G6_HTTP_HOST)`,
  )
  for (const [host, why] of [
    ['unix:g6.sock', 'the path of a unix socket must begin with /'],
    [`unix:/${'x'.repeat(108)}`, 'the path of a unix socket has at most'],
  ] as const) {
    const server = start({ G6_HTTP_HOST: host })
    expect(await server.exit).toBe(1)
    expect(server.output().err).toContain(why)
  }
})

test('Host is checked as on loopback', async () => {
  await listens(start())
  expect((await ask('/summary/health')).status).toBe(200)
  expect((await ask('/summary/health', { Host: 'evil.example' })).status).toBe(421)
})

test('its peers count as one address, or by what a trusted proxy saw', async () => {
  const limits = { G6_SSE_MAX_CONNECTIONS_PER_IP: '1', G6_LOG_LEVEL: 'info' }
  const together = start(limits)
  await listens(together)
  const saw = (address: string) => ({ 'X-Forwarded-For': address })
  const first = new SummaryClient('/summary/events', saw('10.0.0.1'), undefined, get)
  await first.event('hello')
  const refused = await ask('/summary/events', saw('10.0.0.2'))
  expect(refused.status).toBe(429)
  expect(JSON.parse(refused.text).code).toBe('too_many_streams_of_address')
  await together.until(/"address":"unix"/)
  first.close()
  together.signal('SIGTERM')
  await together.exit

  await listens(start({ ...limits, G6_TRUST_PROXY: 'unix' }))
  const clients = ['10.0.0.1', '10.0.0.2'].map(
    address => new SummaryClient('/summary/events', saw(address), undefined, get),
  )
  for (const client of clients) await client.event('hello')
  expect((await ask('/summary/events', saw('6.6.6.6, 10.0.0.2'))).status).toBe(429)
  for (const client of clients) client.close()
})
