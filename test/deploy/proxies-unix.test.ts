// The proxies in front of a server on a unix socket that compresses nothing, for a whole site and under a sub-path: no event waits,
// readers count by their own addresses, and a restart of the server costs its readers nothing but a reconnect.
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectH2 } from 'node:http2'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/chat-rig.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { StreamReader } from '../support/stream-reader.js'
import { SummaryClient } from '../support/summary-client.js'
import { ask, PROXIES, type RunningProxy, SITE, through, tlsOptions } from './support/proxies.js'

const WAIT_MS = 20_000

describe.each(PROXIES)('through %s over a unix socket', (_, startProxy) => {
  let folder: string
  let server: Running
  let whole: RunningProxy
  let under: RunningProxy
  const clients: SummaryClient[] = []
  let written = 0

  const write = (): void => {
    written++
    const indices = { NIFTY: { ltp: written, status: 'OK' } }
    writeFileSync(join(folder, 'status.new'), JSON.stringify({ cycle: written, indices }))
    renameSync(join(folder, 'status.new'), join(folder, 'status.json'))
  }
  const start = async (): Promise<Running> => {
    const started = g6(['serve', '--status-file', join(folder, 'status.json')], {
      G6_HTTP_HOST: `unix:${join(folder, 'g6.sock')}`,
      // The workers of nginx and Apache are another user.
      G6_HTTP_SOCKET_MODE: '0666',
      G6_TRUST_PROXY: 'unix',
      G6_PANELS_DIR: join(folder, 'panels'),
      G6_ALLOWED_HOSTS: SITE,
      G6_SSE_GZIP: '0',
      G6_SSE_MAX_CONNECTIONS_PER_IP: '2',
      G6_SSE_IP_CONNECT_RATE: '0',
      G6_SSE_RECONNECT_SPREAD_MS: '0',
      G6_SHUTDOWN_GRACE_MS: '1500',
    })
    await started.until(/"url":"unix:/)
    return started
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'g6-proxied-unix-'))
    chmodSync(folder, 0o755)
    write()
    server = await start()
    whole = await startProxy(join(folder, 'g6.sock'))
    under = await startProxy(join(folder, 'g6.sock'), 'under /g6/')
  })
  afterAll(async () => {
    await whole?.close()
    await under?.close()
    await endAll()
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })

  const stream = (
    proxy: RunningProxy,
    path = '/summary/events',
    headers: Readonly<Record<string, string>> = {},
    at = '127.0.0.1',
  ): SummaryClient => {
    const client = new SummaryClient(path, headers, undefined, through(proxy, at))
    clients.push(client)
    return client
  }

  test('no event waits for more, though the reader and the proxy would compress', async () => {
    const client = stream(whole, '/summary/events', { 'Accept-Encoding': 'gzip' }, '127.0.0.4')
    await client.event('full_snapshot')
    for (let change = 0; change < 3; change++) {
      const seen = client.reader.events.length
      write()
      await client.event('panel_update', seen)
    }
    expect(client.headers['content-encoding']).toBe('identity')
    expect(client.reader.mismatches).toEqual([])
  })

  test('each reader counts by its own address', async () => {
    for (const client of [
      stream(whole, undefined, {}, '127.0.0.2'),
      stream(whole, undefined, {}, '127.0.0.2'),
    ])
      await client.event('hello')
    const spoof = { 'X-Forwarded-For': '203.0.113.9' }
    expect((await ask(through(whole, '127.0.0.2'), '/summary/events', spoof)).status).toBe(429)
    await stream(whole, undefined, {}, '127.0.0.3').event('hello')
  })

  test('under a sub-path everything is there, over HTTP/2 too', async () => {
    const client = stream(under, '/g6/summary/events', {}, '127.0.0.5')
    await client.event('full_snapshot')
    write()
    await client.event('panel_update')
    const bare = await ask(through(under), '/g6')
    expect([301, 302, 308]).toContain(bare.status)
    expect(bare.headers.location).toMatch(/^(https:\/\/[^/]+)?\/g6\/$/)
    for (const path of ['/g6/summary/resync', '/g6/client.js', '/g6/metrics'])
      expect((await ask(through(under), path)).status, path).toBe(200)
    for (const path of ['/g6/metrics', '/g6/%6Detrics'])
      expect((await ask(through(under, '127.0.0.2'), path)).status, path).toBe(403)
    expect((await ask(through(under), '/g6/nothing')).status).toBe(404)
    const ticket = await new Promise<number>((resolve, reject) => {
      const options = {
        ...tlsOptions(under),
        method: 'POST',
        path: '/g6/summary/ticket',
        headers: { Host: SITE },
      }
      const request = https.request(options, response => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0))
      })
      request.once('error', reject)
      request.end()
    })
    expect(ticket).toBe(201)

    const socket = connectTls({ ...tlsOptions(under, '127.0.0.6'), ALPNProtocols: ['h2'] })
    const session = connectH2(`https://${SITE}`, { createConnection: () => socket })
    const faults: unknown[] = []
    session.on('error', error => faults.push(error))
    const reader = new StreamReader({ encoding: 'plain', framing: 'raw' })
    try {
      const request = session.request({ ':path': '/g6/summary/events' })
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

  test('a stop reaches the reader as bye, and after a restart it is served at once', async () => {
    const before = stream(whole)
    await before.event('full_snapshot')
    server.signal('SIGTERM')
    await before.event('bye')
    expect(await server.exit).toBe(0)
    // The proxy must not remember that nobody listened.
    expect((await ask(through(whole), '/summary/resync')).status).toBeGreaterThanOrEqual(502)
    server = await start()
    await until(
      async () => (await ask(through(whole), '/summary/resync')).status === 200,
      'the proxy finds the server again',
      10_000,
    )
    await stream(whole).event('full_snapshot')
  })
})
