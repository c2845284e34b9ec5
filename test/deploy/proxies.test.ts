// nginx, Caddy, HAProxy and Apache with the configurations as they ship, in front of the real server: what a reader, Prometheus and a page
// see through them. They must not delay events, change headers, or make all readers look like one.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { connect as connectH2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/chat-rig.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { StreamReader } from '../support/stream-reader.js'
import { type Get, SummaryClient } from '../support/summary-client.js'
import {
  ask as askThrough,
  PROXIES,
  type RunningProxy,
  SITE,
  through,
  tlsOptions,
} from './support/proxies.js'

const TOKEN = 'token-of-this-test-0123456789'
const WITH_TOKEN = { 'X-API-Token': TOKEN }
const WAIT_MS = 20_000

describe.each(PROXIES)('through %s', (name, startProxy) => {
  let folder: string
  let server: Running
  let direct: string
  let proxy: RunningProxy
  const clients: SummaryClient[] = []
  let written = 0

  const write = (): void => {
    written++
    const indices = { NIFTY: { ltp: written, status: 'OK' } }
    writeFileSync(join(folder, 'status.new'), JSON.stringify({ cycle: written, indices }))
    renameSync(join(folder, 'status.new'), join(folder, 'status.json'))
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'g6-proxied-'))
    write()
    server = g6(['serve', '--port', '0', '--status-file', join(folder, 'status.json')], {
      G6_PANELS_DIR: join(folder, 'panels'),
      G6_SSE_API_TOKEN: TOKEN,
      G6_TRUST_PROXY: '127.0.0.1',
      G6_ALLOWED_HOSTS: `${SITE},127.0.0.1`,
      G6_SSE_MAX_CONNECTIONS_PER_IP: '2',
      G6_SSE_IP_CONNECT_RATE: '0',
      G6_SUMMARY_REFRESH_SEC: '0.1',
      G6_SSE_HEARTBEAT_CYCLES: '2',
    })
    direct = await server.url()
    proxy = await startProxy(Number(new URL(direct).port))
  })
  afterAll(async () => {
    await proxy?.close()
    await endAll()
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await until(async () => (await streamsNow()) === 0, 'all readers have gone', WAIT_MS)
  })

  const from = (localAddress: string): Get => through(proxy, localAddress)
  const stream = (
    headers: Readonly<Record<string, string>> = {},
    at = '127.0.0.1',
    reader?: StreamReader,
  ) => {
    const client = new SummaryClient('/summary/events', { ...WITH_TOKEN, ...headers }, reader, from(at))
    clients.push(client)
    return client
  }
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}, at = '127.0.0.1') =>
    askThrough(from(at), path, headers)
  /** Requested from the server itself. */
  const streamsNow = async (): Promise<number> => {
    const answer = await fetch(`${direct}/metrics`, { headers: WITH_TOKEN })
    return Number(/^g6_sse_http_active_connections (\d+)$/m.exec(await answer.text())?.[1])
  }

  test('the board comes at once, changes when it changes, with unchanged headers', async () => {
    const client = stream({ 'X-Request-ID': 'asked-by-me' })
    await client.event('full_snapshot')
    const { headers } = client
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(headers['cache-control']).toBe('no-cache, no-transform')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['x-request-id']).toBe('asked-by-me')
    expect(headers['content-encoding']).toBeUndefined()
    for (let change = 0; change < 3; change++) {
      const seen = client.reader.events.length
      write()
      await client.event('panel_update', seen)
    }
    expect(client.reader.mismatches).toEqual([])
  })

  test('heartbeats pass, for longer than the proxy’s read timeout', async () => {
    const client = stream()
    const heartbeats = () => client.reader.events.filter(({ event }) => event === 'heartbeat').length
    const startMs = performance.now()
    await client.until(() => heartbeats() > 0 && performance.now() - startMs > 6_000, 'heartbeats for 6 s')
    expect(client.closed).toBe(false)
    expect(heartbeats()).toBeGreaterThan(3)
  })

  test('a reader that comes back resumes', async () => {
    const before = stream()
    await before.event('full_snapshot')
    const id = before.reader.lastId
    before.close()
    const back = stream({ 'Last-Event-ID': String(id) })
    expect((await back.event('hello')).data.resumed).toBe(true)
    write()
    await back.event('panel_update')
    expect(back.reader.events.map(({ event }) => event)).not.toContain('full_snapshot')
  })

  test('the server compresses once, and every event comes at once', async () => {
    const client = stream(
      { 'Accept-Encoding': 'gzip' },
      '127.0.0.1',
      new StreamReader({ encoding: 'gzip', framing: 'raw' }),
    )
    await client.event('full_snapshot')
    expect(client.headers['content-encoding']).toBe('gzip')
    const seen = client.reader.events.length
    write()
    await client.event('panel_update', seen)
    expect(client.reader.mismatches).toEqual([])
  })

  test('each reader counts by its own address, whatever it claims', async () => {
    const [a, b] = [stream({}, '127.0.0.2'), stream({}, '127.0.0.2')]
    await Promise.all([a.event('hello'), b.event('hello')])
    const spoof = { ...WITH_TOKEN, 'X-Forwarded-For': '203.0.113.9' }
    const third = await ask('/summary/events', spoof, '127.0.0.2')
    expect(third).toMatchObject({ status: 429, headers: { 'content-type': 'application/problem+json' } })
    expect(JSON.parse(third.text).code).toBe('too_many_streams_of_address')
    await stream({}, '127.0.0.3').event('hello')
  })

  test('the server notices a reader that leaves', async () => {
    const client = stream()
    await client.event('hello')
    expect(await streamsNow()).toBe(1)
    client.close()
    await until(async () => (await streamsNow()) === 0, 'the server has noticed', WAIT_MS)
  })

  test('over HTTP/2 the board comes at once too', async () => {
    const socket = connectTls({ ...tlsOptions(proxy), ALPNProtocols: ['h2'] })
    const session = connectH2(`https://${SITE}`, { createConnection: () => socket })
    const faults: unknown[] = []
    session.on('error', error => faults.push(error))
    const reader = new StreamReader({ encoding: 'plain', framing: 'raw' })
    try {
      const request = session.request({ ':path': '/summary/events', 'x-api-token': TOKEN })
      request.on('error', error => faults.push(error))
      request.on('data', (bytes: Buffer) => reader.feed(bytes))
      const seen = (event: string) => reader.events.some(each => each.event === event)
      await until(() => faults.length > 0 || seen('full_snapshot'), 'the board comes', WAIT_MS)
      write()
      await until(() => faults.length > 0 || seen('panel_update'), 'a change comes', WAIT_MS)
      expect(faults).toEqual([])
    } finally {
      session.destroy()
    }
  })

  test('metrics are only for Prometheus’ address, and need a token', async () => {
    for (const path of ['/metrics', '/%6Detrics', '/metrics?x=1'])
      expect((await ask(path, WITH_TOKEN, '127.0.0.2')).status, path).toBe(403)
    const bare = await ask('/metrics')
    expect(bare).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="g6"' } })
    const { status, text } = await ask('/metrics', WITH_TOKEN)
    expect(status).toBe(200)
    expect(text).toContain('# TYPE g6_build_info gauge')
  })

  test('without a token there is no data, and the answer is the server’s own', async () => {
    for (const path of ['/summary/events', '/summary/resync', '/summary/health', '/events']) {
      const { status, headers, text } = await ask(path)
      expect({ path, status }).toEqual({ path, status: 401 })
      expect(headers['content-type']).toBe('application/problem+json')
      expect(JSON.parse(text).code).toBe('token_missing')
    }
  })

  test('headers that protect a page pass unchanged', async () => {
    const { status, headers } = await ask('/openapi.json')
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(headers['x-frame-options']).toBe('DENY')
    const { headers: script } = await ask('/client.js')
    expect((await ask('/client.js', { 'If-None-Match': String(script.etag) })).status).toBe(304)
  })

  test('plain HTTP redirects to HTTPS', async () => {
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const where = { port: proxy.plainPort, host: '127.0.0.1', path: '/x', agent: false as const }
      http.get({ ...where, headers: { Host: SITE } }, resolve).on('error', reject)
    })
    answer.resume()
    expect(answer.statusCode).toBe(name === 'Caddy' ? 308 : 301)
    expect(answer.headers.location).toBe(`https://${SITE}/x`)
  })
})
