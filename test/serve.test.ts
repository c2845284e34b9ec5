// `g6 serve` as its users meet it: a file that changes, clients that read, signals that end it.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from './support/eventually.js'
import { endAll, g6 } from './support/g6.js'
import { panelFileProblems } from './support/panel-file-checks.js'
import { SummaryClient } from './support/summary-client.js'

let folder = ''
let statusFile = ''
const clients: SummaryClient[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-serve-'))
  statusFile = join(folder, 'status.json')
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

async function write(status: unknown): Promise<void> {
  await writeFile(`${statusFile}.tmp`, typeof status === 'string' ? status : JSON.stringify(status))
  await rename(`${statusFile}.tmp`, statusFile)
}

const market = (ltp: number) => ({
  timestamp: new Date().toISOString(),
  indices: { NIFTY: { ltp } },
  indices_detail: { NIFTY: { status: 'ok' } },
})

async function serving(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
  const server = g6(
    ['serve', '--port', '0', '--status-file', statusFile, '--panels-dir', join(folder, 'panels'), ...args],
    env,
  )
  const url = await server.url()
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${url}${path}`, { headers })
  const client = (path = '/summary/events', headers: Readonly<Record<string, string>> = {}) => {
    const made = new SummaryClient(`${url}${path}`, headers)
    clients.push(made)
    return made
  }
  return { server, url, get, client }
}

describe('a served board', () => {
  test('comes as retry, hello, the whole board and then each change at once', async () => {
    await write(market(100))
    // If the change went unnoticed, nothing would come for an hour.
    const { client } = await serving({}, ['--refresh', '3600'])
    const stream = client()
    await stream.event('full_snapshot')
    expect(stream.reader.retryMs).toBe(2_000)
    expect(stream.reader.events.map(({ event }) => event)).toEqual(['hello', 'full_snapshot'])
    for (let i = 1; i <= 5; i++) {
      const before = stream.reader.events.length
      await write(market(100 + i))
      await stream.event('panel_update', before)
      expect(stream.reader.panels.get('indices')?.lines.join()).toContain(`${100 + i}.00`)
    }
    expect(stream.reader.mismatches).toEqual([])
  })

  test('sends heartbeats while nothing changes', async () => {
    await write(market(100))
    const { client } = await serving({ G6_SSE_HEARTBEAT_CYCLES: '2' }, ['--refresh', '0.1'])
    const beat = await client().event('heartbeat')
    expect(beat.data).toMatchObject({ unchanged: true, hit_ratio: 1 })
  })

  test('is the same over stream, resync and files, hash by hash', async () => {
    await write(JSON.parse(await readFile('test/fixtures/status-full.json', 'utf8')))
    const { client, get } = await serving()
    const stream = client()
    await stream.event('full_snapshot')
    const resync = (await (await get('/summary/resync')).json()) as {
      panels: Record<string, { hash: string }>
    }
    const hashes = Object.fromEntries(Object.entries(resync.panels).map(([key, panel]) => [key, panel.hash]))
    expect(stream.reader.hashes()).toEqual(hashes)
    const manifest = JSON.parse(await untilFile(join(folder, 'panels', 'manifest.json')))
    const indices = JSON.parse(await untilFile(join(folder, 'panels', 'indices_panel_enveloped.json')))
    expect(indices.meta.board_hash).toBe(hashes.indices)
    const files = await readdir(join(folder, 'panels'))
    expect(files.filter(name => name.endsWith('.tmp'))).toEqual([])
    expect(manifest.files).toEqual(expect.arrayContaining(['unified_snapshot.json', 'alerts_enveloped.json']))
    expect(await panelFileProblems(join(folder, 'panels'))).toEqual({})
  })

  test('is readable, compressed, by curl and by Python as it arrives', async () => {
    await write(market(100))
    const { url } = await serving({ G6_SSE_HEARTBEAT_CYCLES: '1' }, ['--refresh', '0.1'])
    const curl = spawn('curl', ['-sN', '--compressed', `${url}/summary/events`])
    await printed(curl.stdout, /event: heartbeat/)
    curl.kill()
    const python = `
import http.client, sys, urllib.parse, zlib
u = urllib.parse.urlsplit(sys.argv[1])
c = http.client.HTTPConnection(u.hostname, u.port, timeout=10)
c.request('GET', '/summary/events', headers={'Accept-Encoding': 'gzip'})
r = c.getresponse()
assert r.getheader('Content-Encoding') == 'gzip', r.getheaders()
d = zlib.decompressobj(31)
text = ''
while 'event: heartbeat' not in text:
    text += d.decompress(r.read1(4096)).decode()
print('seen')
`
    const { stdout } = await promisify(execFile)('python3', ['-c', python, url])
    expect(stdout).toBe('seen\n')
  })
})

describe('a status as its writers write it', () => {
  test('with numbers that JSON lacks is live: they are missing, and health and one log line name one of them', async () => {
    await write(JSON.stringify(market(100)).replace('"ltp":100', '"ltp":100,"change":Infinity,"legs":NaN'))
    const { get, server } = await serving()
    const health = await untilHealth(get, ({ status_file }) => status_file.state === 'fresh')
    const warning = 'indices.NIFTY.change is Infinity, one of 2 values that are no finite numbers'
    expect(health.status_file).toMatchObject({ warnings: [warning] })
    await server.until(/a number of the status is missing: indices\.NIFTY\.change is Infinity/)
    const { panels } = (await (await get('/summary/resync')).json()) as {
      panels: { indices: { lines: string[] } }
    }
    expect(panels.indices.lines.join()).toContain('100.00')
    await write(market(101))
    await untilHealth(get, ({ status_file }) => status_file.warnings === undefined)
  })

  test('in two steps is live all the time: the board has no mark, and the log has no line', async () => {
    await write(market(100))
    const { client, get, server } = await serving({}, ['--refresh', '20'])
    const stream = client()
    await stream.event('full_snapshot')
    const states = new Set<string>()
    for (let ltp = 101; ltp <= 104; ltp++) {
      await writeFile(statusFile, '')
      const brokenAtMs = performance.now()
      while (performance.now() - brokenAtMs < 200) {
        const health = (await (await get('/summary/health')).json()) as { status_file: { state: string } }
        states.add(health.status_file.state)
      }
      await writeFile(statusFile, JSON.stringify(market(ltp)))
      await stream.until(reader => reader.panels.get('indices')?.lines.join().includes(`${ltp}.00`) === true)
    }
    expect([...states]).toEqual(['fresh'])
    expect(server.output().err).not.toContain('the status can')
  })
})

describe('a broken status', () => {
  const states = [
    ['not_json', () => write('{"indices": ')],
    ['not_object', () => write('"text"')],
    ['too_large', () => write(JSON.stringify({ big: 'x'.repeat(20_000) }))],
    ['missing', () => rm(statusFile)],
  ] as const

  test.each(states)(
    '%s: the last good board stays, every surface says so, and it recovers',
    async (state, spoil) => {
      await write(market(100))
      const { client, get, server } = await serving({ G6_STATUS_MAX_BYTES: '16384' }, ['--refresh', '0.05'])
      const stream = client()
      await stream.event('full_snapshot')
      await spoil()
      const health = await untilHealth(get, ({ status_file }) => status_file.state === state)
      expect(health).toMatchObject({ ok: true, status: 'stale' })
      expect(health.status_file.error).toEqual(expect.any(String))
      expect(await (await get('/metrics')).text()).toContain(`g6_status_state{state="${state}"} 1`)
      const resync = (await (await get('/summary/resync')).json()) as {
        panels: { indices: { lines: string[] } }
      }
      expect(resync.panels.indices.lines.join()).toContain('100.00')
      expect((await get('/readyz')).status).toBe(200)
      await write(market(101))
      await untilHealth(get, ({ status_file }) => status_file.state === 'fresh')
      await stream.until(reader => reader.panels.get('indices')?.lines.join().includes('101.00') === true)
      // The log comes through a pipe, and may come later than the data of the sockets.
      await server.until(/the status cannot be read[\s\S]*the status can be read again/)
    },
  )

  test('from the start: not ready, resync says starting, and the first good one begins it', async () => {
    const { client, get } = await serving()
    expect((await get('/readyz')).status).toBe(503)
    const early = await get('/summary/resync')
    expect(early.status).toBe(503)
    expect(early.headers.get('retry-after')).toBe('1')
    const stream = client()
    await stream.until(reader => reader.retryMs !== null)
    expect(stream.reader.events).toEqual([])
    await write(market(100))
    await stream.event('full_snapshot')
    expect((await get('/readyz')).status).toBe(200)
  })
})

describe('how the system is', () => {
  const HOUR_MS = 3_600_000
  const at = (sinceNowMs: number) => new Date(Date.now() + sinceNowMs).toISOString()
  const status = (members: object) => ({
    market_open: true,
    timestamp: at(0),
    indices: { NIFTY: { ltp: 24_500.5, status: 'ok' } },
    ...members,
  })
  const asked = async (document: unknown, env: Readonly<Record<string, string>> = {}) => {
    await write(document)
    const { get, client } = await serving(env, ['--refresh', '0.05'])
    const stream = client()
    const { data } = await stream.event('full_snapshot')
    const health = (await (await get('/summary/health')).json()) as Health
    const ready = (await get('/readyz')).status
    const metrics = await (await get('/metrics')).text()
    return { health, ready, metrics, printed: data.verdict as Health['verdict'], stream, get }
  }

  test('in a closed market is healthy after 16 hours without a write, and ready', async () => {
    const closed = { market_open: false, timestamp: at(-16 * HOUR_MS), next_market_open: at(HOUR_MS) }
    const { health, ready, metrics, printed } = await asked(status(closed))
    expect(health.status).toBe('ok')
    expect(health.status_file).toMatchObject({
      state: 'closed',
      text: expect.stringMatching(/^closed, last \d\d:\d\d( on \d+ \w+( \d{4})?)?$/),
    })
    expect(health.verdict).toMatchObject({ word: 'healthy', reasons: [health.status_file.text] })
    expect(health.verdict).not.toHaveProperty('places')
    expect(printed).toEqual(health.verdict)
    expect(ready).toBe(200)
    expect(metrics).toContain('g6_status_state{state="closed"} 1')
    expect(metrics).toContain('g6_verdict{word="healthy"} 1')
  })

  test('of a collector that did not come back for the opening is stale', async () => {
    const dead = { market_open: false, timestamp: at(-16 * HOUR_MS), next_market_open: at(-HOUR_MS) }
    const { health, ready } = await asked(status(dead), { G6_READY_REQUIRES_FRESH: '1' })
    expect(health.status_file.state).toBe('stale')
    expect(health.verdict.word).toBe('failing')
    expect(ready).toBe(503)
  })

  test('of a collector that died days ago is stale however new this server is; the server is still ready', async () => {
    const { health, ready, printed } = await asked(status({ timestamp: at(-9 * 24 * HOUR_MS) }))
    expect(health.status).toBe('stale')
    expect(health.status_file.age_sec).toBeGreaterThan(8 * 24 * 3_600)
    expect(printed?.reasons[0]).toMatch(/^stale, last \d\d:\d\d on \d+ \w+( \d{4})?$/)
    expect(ready).toBe(200)
  })

  test('with prices that hang is on the stream at once, and ends with the next price', async () => {
    const { stream, get } = await asked(status({ timestamp: at(-700_000) }))
    await write(status({ timestamp: at(0) }))
    const hangs = (verdict: Health['verdict'] | undefined) =>
      verdict?.reasons.some(reason => /^prices unchanged since \d\d:\d\d$/.test(reason)) === true
    await stream.until(reader => reader.events.some(({ data }) => hangs(data.verdict as Health['verdict'])))
    const resync = (await (await get('/summary/resync')).json()) as { verdict: Health['verdict'] }
    expect(hangs(resync.verdict)).toBe(true)
    const before = stream.reader.events.length
    await write(status({ timestamp: at(0), indices: { NIFTY: { ltp: 24_501, status: 'ok' } } }))
    await stream.until(reader => {
      const last = reader.events.slice(before).findLast(({ data }) => data.verdict !== undefined)
      return (last?.data.verdict as Health['verdict'] | undefined)?.word === 'healthy'
    })
  })

  test('of a document without known values is unknown', async () => {
    const { health, printed, metrics } = await asked({ widgets: [1, 2], colour: 'blue' })
    expect(health.verdict).toMatchObject({ word: 'unknown', reasons: ['nothing here says how it is'] })
    expect(printed).toEqual(health.verdict)
    expect(metrics).toContain('g6_verdict{word="unknown"} 1')
  })
})

describe('ending', () => {
  test('on SIGTERM every client gets bye with a time of its own, and it exits 0', async () => {
    await write(market(100))
    const { client, server } = await serving()
    const streams = [client(), client(), client()]
    for (const stream of streams) await stream.event('full_snapshot')
    server.signal('SIGTERM')
    const byes = await Promise.all(streams.map(stream => stream.event('bye')))
    for (const stream of streams) await stream.ended()
    expect(byes.map(({ data }) => data.reason)).toEqual(['shutdown', 'shutdown', 'shutdown'])
    expect(new Set(byes.map(({ data }) => data.reconnect_ms)).size).toBe(3)
    expect(await server.exit).toBe(0)
  })

  test('a second signal ends it at once, even with a stalled reader', async () => {
    await write(market(100))
    const { server, url } = await serving({ G6_SHUTDOWN_GRACE_MS: '60000' })
    const stalled = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
    stalled.pause()
    stalled.write('GET /summary/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await untilClients(url, 1)
    server.signal('SIGTERM')
    await server.until(/stopping/)
    server.signal('SIGTERM')
    expect(await server.exit).toBe(130)
    stalled.destroy()
  })

  test('a port in use is an error that names it', async () => {
    await write(market(100))
    const { url } = await serving()
    const second = g6(['serve', '--port', new URL(url).port, '--status-file', statusFile])
    expect(await second.exit).toBe(1)
    expect(second.output().err).toContain(`127.0.0.1:${new URL(url).port}: the port is in use`)
  })

  test('invalid settings are all named at once', async () => {
    const server = g6(['serve'], { G6_SSE_MAX_CONNECTIONS: 'many', G6_SUMMARY_REFRESH_SEC: '-1' })
    expect(await server.exit).toBe(1)
    expect(server.output().err).toContain('G6_SSE_MAX_CONNECTIONS')
    expect(server.output().err).toContain('G6_SUMMARY_REFRESH_SEC')
  })
})

describe('SIGHUP', () => {
  test('reads a new token, ends streams on the old one, and keeps the old set when the new one is unusable', async () => {
    await write(market(100))
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'first-token\n')
    const { client, server, get } = await serving({ G6_SSE_API_TOKEN_FILE: tokenFile })
    expect((await get('/summary/health')).status).toBe(401)
    const stream = client('/summary/events', { 'X-API-Token': 'first-token' })
    await stream.event('full_snapshot')
    await writeFile(tokenFile, '')
    server.signal('SIGHUP')
    await server.until(/the old ones stay/)
    expect((await get('/summary/health', { 'X-API-Token': 'first-token' })).status).toBe(200)
    await writeFile(tokenFile, 'second-token\n')
    server.signal('SIGHUP')
    expect((await stream.event('bye')).data.reason).toBe('auth_expired')
    expect((await get('/summary/health', { 'X-API-Token': 'second-token' })).status).toBe(200)
    expect((await get('/summary/health', { 'X-API-Token': 'first-token' })).status).toBe(401)
    expect(`${server.output().err}${server.output().out}`).not.toMatch(/first-token|second-token/)
  })
})

type Health = {
  readonly status: string
  readonly status_file: {
    readonly state: string
    readonly text: string
    readonly age_sec: number
    readonly error?: string
    readonly warnings?: readonly string[]
  }
  readonly verdict: { readonly word: string; readonly reasons: readonly string[] }
}

function untilHealth(
  get: (path: string) => Promise<Response>,
  holds: (health: Health) => boolean,
): Promise<Health> {
  return eventually(async () => {
    const health = (await (await get('/summary/health')).json()) as Health
    return holds(health) && health
  }, 'health is so')
}

async function untilClients(url: string, count: number): Promise<void> {
  await eventually(async () => {
    const health = (await (await fetch(`${url}/summary/health`)).json()) as { sse: { clients: number } }
    return health.sse.clients === count
  }, `${count} clients`)
}

function untilFile(path: string): Promise<string> {
  return eventually(() => readFile(path, 'utf8').catch(() => null), `there is a file ${path}`)
}

async function printed(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (pattern.test(text)) return
  }
  throw new Error(`it ended without printing ${pattern}`)
}
