// The guards over real sockets, in their order: what each accepts, and the text of each refusal.
import { afterEach, describe, expect, test } from 'vitest'
import { systemTimers, type Timers } from '../src/clock/timers.js'
import { statusStreamPlugin } from '../src/http/routes/status-stream.js'
import { StatusHub } from '../src/hub/status-hub.js'
import { until } from './support/chat-rig.js'
import { RawClient, type Rig, raw, readStream, startRig } from './support/http-rig.js'

let rig: Rig
afterEach(() => rig.close())

const TOKEN = 'a-long-secret'
const DATA_ROUTES = ['/summary/events', '/summary/stream', '/summary/resync', '/summary/health', '/metrics']
const OPEN_ROUTES = ['/livez', '/readyz', '/openapi.json', '/schemas/hello.json']

const STATUS_SETTINGS = { eventsSseRetryMs: 1, eventsSseHeartbeat: 1, sseStallTimeoutMs: 1 }

/** One request on a connection of its own; the head and the bytes that come with it. */
async function ask(line: string, headers: Readonly<Record<string, string>> = {}, from?: string) {
  const client = new RawClient(rig.port, raw(line, headers), from)
  await client.until('\r\n\r\n')
  client.socket.destroy()
  return client
}

describe('request id', () => {
  test('a good one is echoed, on streams and on errors', async () => {
    rig = await startRig()
    const id = `Az9._-${'x'.repeat(114)}`
    expect((await ask('GET /livez', { 'X-Request-ID': id })).header('x-request-id')).toBe(id)
    expect((await ask('GET /nothing', { 'X-Request-ID': id })).header('x-request-id')).toBe(id)
  })
  test.each(['', 'a b', 'x'.repeat(121), 'ä', 'a\tb', '"><script>', 'a%0d%0ab'])(
    '%j is replaced by a fresh one',
    async id => {
      rig = await startRig()
      expect((await ask('GET /livez', { 'X-Request-ID': id })).header('x-request-id')).toMatch(
        /^[0-9a-f]{24}$/,
      )
    },
  )
  test('the header has the name that is set', async () => {
    rig = await startRig({ sseRequestIdHeader: 'X-Trace' })
    const answer = await ask('GET /livez', { 'X-Trace': 'abc', 'X-Request-ID': 'def' })
    expect(answer.header('x-trace')).toBe('abc')
    expect(answer.header('x-request-id')).toBeNull()
  })
})

describe('host', () => {
  test.each(['localhost', 'LOCALHOST:80', '127.0.0.1:9329', '[::1]:9329', '127.9.9.9'])(
    '%s is this machine',
    async host => {
      rig = await startRig()
      expect((await ask('GET /summary/health', { Host: host })).status).toBe(200)
    },
  )
  test('a rebound name is 421, for the preflight too', async () => {
    rig = await startRig({ sseAllowOrigin: ['*'] })
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const answer = await ask(`${method} /summary/events`, {
        Host: 'evil.example',
        Origin: 'http://evil.example',
      })
      expect(answer.status).toBe(421)
    }
    expect(rig.rejected).toEqual(['host', 'host', 'host'])
  })
  test('with a list, only its names are allowed', async () => {
    rig = await startRig({ allowedHosts: ['dash.example'] })
    expect((await ask('GET /summary/health', { Host: 'dash.example:443' })).status).toBe(200)
    expect((await ask('GET /summary/health', { Host: 'localhost' })).status).toBe(421)
  })
  test('probes answer under any name', async () => {
    rig = await startRig()
    expect((await ask('GET /livez', { Host: '10.1.2.3:9329' })).status).toBe(200)
  })
})

describe('token', () => {
  test.each(DATA_ROUTES)('%s without one is 401 and says how', async path => {
    rig = await startRig({ sseApiToken: TOKEN })
    const answer = await ask(`GET ${path}`)
    expect(answer.status).toBe(401)
    expect(answer.header('www-authenticate')).toBe('Bearer realm="g6"')
    expect(rig.rejected).toEqual(['auth'])
  })
  test('POST /summary/ticket without one is 401', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    expect((await ask('POST /summary/ticket', { 'Content-Length': '0' })).status).toBe(401)
  })
  test.each(DATA_ROUTES)('%s with it is 200, in either header', async path => {
    rig = await startRig({ sseApiToken: TOKEN })
    expect((await ask(`GET ${path}`, { 'X-API-Token': TOKEN })).status).toBe(200)
    expect((await ask(`GET ${path}`, { Authorization: `bearer ${TOKEN}` })).status).toBe(200)
  })
  test.each(OPEN_ROUTES)('%s needs none', async path => {
    rig = await startRig({ sseApiToken: TOKEN })
    expect((await ask(`GET ${path}`)).status).toBe(200)
  })
  test('/metrics needs none when it is public, and then no host either', async () => {
    rig = await startRig({ sseApiToken: TOKEN, metricsPublic: true })
    expect((await ask('GET /metrics', { Host: 'prometheus' })).status).toBe(200)
    expect((await ask('GET /summary/health')).status).toBe(401)
  })
  test('the previous one passes too, a wrong one does not, a right one next to a wrong one does', async () => {
    rig = await startRig({ sseApiToken: TOKEN, sseApiTokenPrevious: 'old-secret' })
    expect((await ask('GET /summary/health', { 'X-API-Token': 'old-secret' })).status).toBe(200)
    const wrong = await ask('GET /summary/health', { 'X-API-Token': `${TOKEN}x` })
    expect(wrong.status).toBe(401)
    expect(wrong.header('www-authenticate')).toContain('error="invalid_token"')
    const both = { 'X-API-Token': 'wrong', Authorization: `Bearer ${TOKEN}` }
    expect((await ask('GET /summary/health', both)).status).toBe(200)
  })
  test('after ten wrong ones in a minute: wrong is 429, missing is 401, right is 200', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    for (let i = 0; i < 10; i++) {
      expect((await ask('GET /summary/health', { 'X-API-Token': `guess${i}` })).status).toBe(401)
    }
    const eleventh = await ask('GET /summary/health', { 'X-API-Token': 'guess' })
    expect(eleventh.status).toBe(429)
    expect(Number(eleventh.header('retry-after'))).toBeGreaterThan(50)
    expect((await ask('GET /summary/health')).status).toBe(401)
    expect((await ask('GET /summary/health', { 'X-API-Token': TOKEN })).status).toBe(200)
    expect((await ask('GET /summary/health', { 'X-API-Token': 'guess' }, '127.0.0.2')).status).toBe(401)
    rig.pass(61_000)
    expect((await ask('GET /summary/health', { 'X-API-Token': 'guess' })).status).toBe(401)
  })
  test('after ten wrong ones each further try waits, the right one too, however many connections try', async () => {
    const waits: number[] = []
    const timers: Timers = {
      after: (ms, run) => {
        waits.push(ms)
        return systemTimers.after(0, run)
      },
    }
    rig = await startRig({ sseApiToken: TOKEN }, { timers })
    const GUESSES = [
      { 'X-API-Token': 'guess' },
      { Authorization: 'Bearer guess' },
      { 'X-API-Token': 'guess', Authorization: 'Bearer guess' },
    ]
    const guess = (i: number) => ask('GET /summary/health', GUESSES[i % 3])
    for (let i = 0; i < 9; i++) await guess(i)
    // A wrong ticket is a guess too.
    await readStream(rig, {}, '/summary/events?ticket=guess')
    expect((await guess(0)).status).toBe(429)
    expect(waits).toEqual([])
    const tries = Array.from({ length: 20 }, (_, i) => guess(i))
    for (const { status } of await Promise.all(tries)) expect(status).toBe(429)
    expect(waits.length).toBe(20)
    waits.length = 0
    await readStream(rig, {}, '/summary/events?ticket=guess')
    expect((await ask('GET /metrics', { 'X-API-Token': TOKEN })).status).toBe(200)
    expect(waits.length).toBe(2)
    for (const ms of waits) expect(ms).toBeGreaterThan(3_000)
    for (const ms of waits) expect(ms).toBeLessThanOrEqual(4_000)
    // Nobody else waits, nor who brings nothing, nor where nothing is secret.
    waits.length = 0
    expect((await ask('GET /summary/health', { 'X-API-Token': TOKEN }, '127.0.0.2')).status).toBe(200)
    expect((await ask('GET /summary/health')).status).toBe(401)
    expect((await ask('GET /livez', { 'X-API-Token': 'guess' })).status).toBe(200)
    rig.pass(61_000)
    expect((await ask('GET /summary/health', { 'X-API-Token': TOKEN })).status).toBe(200)
    expect(waits).toEqual([])
  })
  test('a client that leaves while it waits leaves nothing behind', async () => {
    let waiting = 0
    const timers: Timers = {
      after: () => {
        waiting += 1
        return () => {
          waiting -= 1
        }
      },
    }
    rig = await startRig({ sseApiToken: TOKEN }, { timers })
    for (let i = 0; i < 11; i++) await ask('GET /summary/health', { 'X-API-Token': 'guess' })
    const clients = Array.from(
      { length: 5 },
      () => new RawClient(rig.port, raw('GET /summary/events', { 'X-API-Token': TOKEN })),
    )
    await until(() => waiting === 5, 'all wait')
    for (const { socket } of clients) socket.destroy()
    await until(() => waiting === 0, 'none waits')
    expect(rig.hub.joined).toEqual([])
  })
  test('a rotated token ends the streams it let in, and only those', async () => {
    rig = await startRig({ sseApiToken: 'one' })
    const old = await readStream(rig, { 'X-API-Token': 'one' })
    rig.setConfig({ sseApiToken: 'two', sseApiTokenPrevious: 'one' })
    rig.server.reload()
    expect(rig.hub.ended).toEqual([])
    const fresh = await readStream(rig, { 'X-API-Token': 'two' })
    rig.setConfig({ sseApiTokenPrevious: null })
    rig.server.reload()
    expect(rig.hub.ended).toEqual([{ index: 0, reason: 'auth_expired' }])
    await old.end()
    expect(fresh.closed).toBe(false)
    expect((await ask('GET /summary/health', { 'X-API-Token': 'one' })).status).toBe(401)
    fresh.socket.destroy()
  })
  test('plugins get the test for owners that are no longer valid', async () => {
    const tested: boolean[][] = []
    const plugin = {
      name: 'other',
      register: () => {},
      dismiss: (isOut: (owner: string | null) => boolean) => tested.push([null, 'somebody'].map(isOut)),
    }
    rig = await startRig({ sseApiToken: 'one' }, { plugins: [plugin] })
    rig.server.reload()
    expect(tested).toEqual([[true, true]])
  })
  test('settings that cannot be used leave the old ones in force', async () => {
    rig = await startRig({ sseApiToken: 'one' })
    rig.setConfig({ sseApiToken: 'two', sseIpAllow: ['nonsense'] })
    expect(() => rig.server.reload()).toThrow('nonsense')
    expect((await ask('GET /summary/health', { 'X-API-Token': 'one' })).status).toBe(200)
    expect(rig.hub.ended).toEqual([])
  })
})

describe('tickets', () => {
  const issue = async (token = TOKEN): Promise<string> => {
    const response = await fetch(`${rig.url}/summary/ticket`, {
      method: 'POST',
      headers: { 'X-API-Token': token },
    })
    expect(response.status).toBe(201)
    const { ticket, ...times } = (await response.json()) as { ticket: string }
    expect(times).toEqual({ expires_in_sec: 60, return_sec: 43_200 })
    expect(ticket).toMatch(/^[\w-]{72}$/)
    return ticket
  }
  const withTicket = (ticket: string, headers = {}, path = '/summary/events') =>
    readStream(rig, headers, `${path}?ticket=${ticket}`)
  const AGAIN = { 'Last-Event-ID': 'e-1' }

  test('open a stream for 60 s, and bring its client back for hours', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const ticket = await issue()
    const first = await withTicket(ticket)
    expect(first.status).toBe(200)
    first.socket.destroy()
    await rig.hub.until(() => rig.hub.closed.length === 1)
    rig.pass(600_000)
    // A person who reads the ticket in a log does not know that it was connected.
    expect((await withTicket(ticket)).status).toBe(401)
    for (const back of [
      await withTicket(ticket, AGAIN),
      await readStream(rig, {}, `/summary/events?last_event_id=e-1&ticket=${ticket}`),
    ]) {
      expect(back.status).toBe(200)
      back.socket.destroy()
    }
    rig.pass(43_200_000 - 600_000 - 30_000)
    expect((await withTicket(ticket, AGAIN)).status).toBe(200)
    rig.pass(60_000)
    expect((await withTicket(ticket, AGAIN)).status).toBe(401)
  })
  test('come back as long as the setting says, from the next reload on', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const ticket = await issue()
    rig.pass(100_000)
    rig.setConfig({ sseTicketReturnSec: 90 })
    rig.server.reload()
    expect((await withTicket(ticket, AGAIN)).status).toBe(401)
  })
  test('are good for 60 s, for streams alone, and carry the mark of their token', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const ticket = await issue()
    expect((await ask(`GET /summary/health?ticket=${ticket}`)).status).toBe(401)
    rig.pass(61_000)
    expect((await withTicket(ticket)).status).toBe(401)
    const byTicket = await withTicket(await issue())
    const byToken = await readStream(rig, { 'X-API-Token': TOKEN })
    expect(rig.hub.joined[0]?.owner).toBe(rig.hub.joined[1]?.owner)
    for (const client of [byTicket, byToken]) client.socket.destroy()
  })
  test('of one server open streams at another with the same token, whose clock may be some seconds behind', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const other = await startRig({ sseApiToken: TOKEN })
    rig.pass(9_000)
    const [good] = [await readStream(other, {}, `/summary/events?ticket=${await issue()}`)]
    expect(good.status).toBe(200)
    rig.pass(9_000)
    expect((await readStream(other, {}, `/summary/events?ticket=${await issue()}`)).status).toBe(401)
    await other.close()
  })
  test('are not needed without a token, and then any is fine', async () => {
    rig = await startRig()
    const response = await fetch(`${rig.url}/summary/ticket`, { method: 'POST' })
    const { ticket } = (await response.json()) as { ticket: string }
    expect((await withTicket(ticket)).status).toBe(200)
    expect((await withTicket('nonsense')).status).toBe(200)
    // One of no token opens nothing where one is needed.
    rig.setConfig({ sseApiToken: TOKEN })
    rig.server.reload()
    expect((await withTicket(ticket)).status).toBe(401)
  })
  test('the newest stream with a ticket takes the place of the older, at the limit too', async () => {
    rig = await startRig({ sseApiToken: TOKEN, sseMaxConnections: 2, sseMaxConnectionsPerIp: 2 })
    const other = await readStream(rig, { 'X-API-Token': TOKEN })
    const ticket = await issue()
    const half = await withTicket(ticket)
    rig.pass(600_000)
    // Its connection is still open here: that shows that it was connected.
    const back = await withTicket(ticket)
    expect(back.status).toBe(200)
    await half.end()
    expect(rig.hub.ended).toEqual([{ index: 1, reason: 'stalled' }])
    await rig.hub.until(() => rig.hub.closed.length === 1)
    expect((await readStream(rig, { 'X-API-Token': TOKEN })).status).toBe(429)
    expect([other.closed, back.closed]).toEqual([false, false])
    for (const client of [other, back]) client.socket.destroy()
  })
  test('a stream refused at the limit has not used up its ticket', async () => {
    rig = await startRig({ sseApiToken: TOKEN, sseMaxConnections: 1 })
    const first = await readStream(rig, { 'X-API-Token': TOKEN })
    const ticket = await issue()
    expect((await withTicket(ticket)).status).toBe(429)
    first.socket.destroy()
    await rig.hub.until(() => rig.hub.closed.length === 1)
    const second = await withTicket(ticket)
    expect(second.status).toBe(200)
    second.socket.destroy()
  })
  test('of a token that is no longer valid are refused too', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const ticket = await issue()
    rig.setConfig({ sseApiToken: 'new' })
    rig.server.reload()
    expect((await withTicket(ticket)).status).toBe(401)
  })
  test('of the previous token are good while that is accepted, and end with it', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const ticket = await issue()
    rig.setConfig({ sseApiToken: 'new', sseApiTokenPrevious: TOKEN })
    rig.server.reload()
    const later = await issue(TOKEN)
    const open = await withTicket(ticket)
    expect(open.status).toBe(200)
    rig.setConfig({ sseApiTokenPrevious: null })
    rig.server.reload()
    await open.end()
    expect(rig.hub.ended).toEqual([{ index: 0, reason: 'auth_expired' }])
    for (const old of [ticket, later]) expect((await withTicket(old, AGAIN)).status).toBe(401)
    expect((await withTicket(await issue('new'))).status).toBe(200)
  })
})

describe('address', () => {
  test('not on the list is 403', async () => {
    rig = await startRig({ sseIpAllow: ['127.0.0.2/31'] })
    expect((await ask('GET /summary/health', {}, '127.0.0.3')).status).toBe(200)
    expect((await ask('GET /summary/health', {}, '127.0.0.4')).status).toBe(403)
    expect(rig.rejected).toEqual(['ip'])
    expect((await ask('GET /livez', {}, '127.0.0.4')).status).toBe(200)
  })
  test('X-Forwarded-For is ignored without a trusted proxy', async () => {
    rig = await startRig({ sseIpAllow: ['10.0.0.1'] })
    expect((await ask('GET /summary/health', { 'X-Forwarded-For': '10.0.0.1' })).status).toBe(403)
  })
  test('behind a trusted proxy, the right-most untrusted address counts', async () => {
    rig = await startRig({ trustProxy: ['127.0.0.0/8'], sseIpAllow: ['10.0.0.1'] })
    const from = (chain: string) => ask('GET /summary/health', { 'X-Forwarded-For': chain })
    expect((await from('10.0.0.1')).status).toBe(200)
    expect((await from('6.6.6.6, 10.0.0.1, 127.0.0.9')).status).toBe(200)
    expect((await from('10.0.0.1, 6.6.6.6')).status).toBe(403)
  })
})

describe('user agent', () => {
  test('must begin as allowed, for streams only', async () => {
    rig = await startRig({ sseUaAllow: ['g6-', 'curl/'] })
    expect((await readStream(rig, { 'User-Agent': 'curl/8' })).status).toBe(200)
    expect((await readStream(rig, { 'User-Agent': 'Mozilla curl/8' })).status).toBe(403)
    expect((await readStream(rig)).status).toBe(403)
    expect(rig.rejected).toEqual(['ua', 'ua'])
    expect((await ask('GET /summary/health')).status).toBe(200)
  })
})

describe('new connections', () => {
  test('over the rate are 429 with the time that is left, per address', async () => {
    rig = await startRig({ sseIpConnectRate: { count: 2, windowSec: 30 } })
    await readStream(rig)
    rig.pass(10_000)
    await readStream(rig)
    const third = await readStream(rig)
    expect(third.status).toBe(429)
    expect(Number(third.header('retry-after'))).toBeLessThanOrEqual(20)
    expect(Number(third.header('retry-after'))).toBeGreaterThan(15)
    expect(rig.rejected).toEqual(['rate'])
    expect((await ask('GET /summary/events', {}, '127.0.0.2')).status).toBe(200)
    expect((await ask('HEAD /summary/events')).status).toBe(200)
    expect((await ask('GET /summary/health')).status).toBe(200)
    rig.pass(20_000)
    expect((await readStream(rig)).status).toBe(200)
    expect((await readStream(rig)).status).toBe(429)
  })
  test('of readers that come back with an id of the epoch in force are not counted in a fleet', async () => {
    const rate = { sseIpConnectRate: { count: 1, windowSec: 30 } }
    rig = await startRig(rate, { catchUp: () => Promise.resolve() })
    const back = (id: string) => readStream(rig, { 'Last-Event-ID': id })
    for (let i = 0; i < 5; i++) expect((await back('e1-1')).status).toBe(200)
    expect((await ask('GET /summary/events?last_event_id=e1-1-abcdef')).status).toBe(200)
    expect((await back('e0-1')).status).toBe(200)
    expect((await back('e0-1')).status).toBe(429)
    for (const id of ['e1', 'e1-1-', 'e2-1', `${'e'.repeat(200)}-1`, ''])
      expect((await back(id)).status).toBe(429)
    expect((await back('e1-1')).status).toBe(200)
    await rig.close()
    rig = await startRig(rate)
    expect((await back('e1-1')).status).toBe(200)
    expect((await back('e1-1')).status).toBe(429)
  })
  test('have no limit with a count of 0', async () => {
    rig = await startRig({ sseIpConnectRate: { count: 0, windowSec: 60 } })
    for (let i = 0; i < 20; i++) expect((await readStream(rig)).status).toBe(200)
  })
})

describe('concurrent streams', () => {
  test('of one address are limited on their own', async () => {
    rig = await startRig({ sseMaxConnectionsPerIp: 1 })
    const mine = await readStream(rig)
    expect((await readStream(rig)).body).toContain('too_many_streams_of_address')
    const other = new RawClient(rig.port, raw('GET /summary/events'), '127.0.0.2')
    await other.until(': hi')
    mine.socket.destroy()
    await rig.hub.until(() => rig.hub.closed.length === 1)
    expect((await readStream(rig)).status).toBe(200)
  })
})

describe('CORS', () => {
  const site = 'https://dash.example'
  test('a listed origin may read answers, refusals too', async () => {
    rig = await startRig({ sseAllowOrigin: [site], sseApiToken: TOKEN })
    for (const [path, status] of [
      ['/livez', 200],
      ['/summary/health', 401],
      ['/nothing', 404],
    ] as const) {
      const answer = await ask(`GET ${path}`, { Origin: site })
      expect(answer.status).toBe(status)
      expect(answer.header('access-control-allow-origin')).toBe(site)
      expect(answer.header('access-control-expose-headers')).toBe(
        'X-Request-ID, X-Connection-ID, X-Stream-ID, X-Stream-End, X-Upstream-Request-ID, Location, Retry-After, ' +
          'RateLimit, RateLimit-Policy, ' +
          'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset',
      )
      expect(answer.header('access-control-allow-credentials')).toBeNull()
      expect(answer.header('vary')).toContain('Origin')
    }
    const stream = await readStream(rig, { Origin: site, 'X-API-Token': TOKEN })
    expect(stream.header('access-control-allow-origin')).toBe(site)
    stream.socket.destroy()
  })
  test.each(['https://evil.example', 'null', `${site}.evil.example`, 'http://dash.example'])(
    '%s is not reflected',
    async origin => {
      rig = await startRig({ sseAllowOrigin: [site] })
      const answer = await ask('GET /summary/health', { Origin: origin })
      expect(answer.status).toBe(200)
      expect(answer.text.toLowerCase()).not.toContain('access-control')
    },
  )
  test('* is *, never the origin itself', async () => {
    rig = await startRig({ sseAllowOrigin: ['*'] })
    const answer = await ask('GET /livez', { Origin: 'https://any.example' })
    expect(answer.header('access-control-allow-origin')).toBe('*')
  })
  test('a preflight needs no token', async () => {
    rig = await startRig({ sseAllowOrigin: [site], sseApiToken: TOKEN })
    const answer = await ask('OPTIONS /summary/ticket', {
      Origin: site,
      'Access-Control-Request-Method': 'POST',
    })
    expect(answer.status).toBe(204)
    expect(answer.header('access-control-allow-origin')).toBe(site)
    expect(answer.header('access-control-allow-methods')).toBe('POST, OPTIONS')
    expect(answer.header('access-control-allow-headers')).toBe(
      'X-API-Token, Authorization, Last-Event-ID, Content-Type, Idempotency-Key, X-Connection-ID, X-Request-ID, ' +
        'X-Session-ID, X-Continuity-ID, X-User-ID, traceparent, tracestate',
    )
    expect(rig.rejected).toEqual([])
  })
  test('a preflight of an origin that is not allowed gets no CORS headers', async () => {
    rig = await startRig({ sseAllowOrigin: [site] })
    const answer = await ask('OPTIONS /summary/events', { Origin: 'https://evil.example' })
    expect(answer.status).toBe(204)
    expect(answer.text.toLowerCase()).not.toContain('access-control')
  })
})

describe('pages of other sites', () => {
  const SITES = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
  ]
  const OPENED = {
    'Sec-Fetch-Site': 'cross-site',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
  }

  test('get neither stream nor data, and are counted by nothing but their own guard', async () => {
    const plugin = statusStreamPlugin(new StatusHub({ settings: () => STATUS_SETTINGS }), () => ({
      sseGzip: false,
    }))
    rig = await startRig(
      { sseApiToken: TOKEN, sseMaxConnections: 1, sseIpConnectRate: { count: 1, windowSec: 60 } },
      { plugins: [plugin] },
    )
    const paths = [...DATA_ROUTES, '/events', '/events/stats']
    for (const site of SITES) {
      for (const path of paths) {
        const { status, body } = await ask(`GET ${path}`, { ...site, 'X-API-Token': 'a-guess' })
        expect([path, status, JSON.parse(body)]).toMatchObject([path, 403, { code: 'cross_site' }])
      }
      expect((await ask('HEAD /summary/events', site)).status).toBe(403)
      expect((await ask('POST /summary/ticket', { ...site, 'Content-Length': '0' })).status).toBe(403)
    }
    expect(new Set(rig.rejected)).toEqual(new Set(['origin']))
    expect(rig.logged()[0]).toMatchObject({ guard: 'origin', code: 'cross_site', msg: 'request refused' })
    // No guess was counted, and the only place and the only connection of this minute are free.
    expect((await ask('GET /summary/health', { 'X-API-Token': 'a-guess' })).status).toBe(401)
    expect((await readStream(rig, { 'X-API-Token': TOKEN })).status).toBe(200)
  })
  test('without Sec-Fetch-Site are known by their Origin, on streams', async () => {
    rig = await startRig()
    expect((await readStream(rig, { Origin: 'https://evil.example' })).status).toBe(403)
    expect((await readStream(rig, { Origin: 'http://localhost' })).status).toBe(200)
  })
  test('with an allowed origin, or with *, are served', async () => {
    const site = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://dash.example' }
    rig = await startRig({ sseAllowOrigin: ['https://dash.example'] })
    expect((await readStream(rig, site)).status).toBe(200)
    expect((await readStream(rig, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    rig.setConfig({ sseAllowOrigin: ['*'] })
    rig.server.reload()
    expect((await readStream(rig, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(200)
  })
  test('may link to a document, which a person then opens, and not to a stream', async () => {
    rig = await startRig()
    for (const path of [...OPEN_ROUTES, '/summary/resync', '/summary/health', '/metrics']) {
      expect([path, (await ask(`GET ${path}`, OPENED)).status]).toEqual([path, 200])
    }
    expect((await ask('GET /summary/health', { ...OPENED, 'Sec-Fetch-Dest': 'iframe' })).status).toBe(403)
    expect((await ask('GET /summary/events', OPENED)).status).toBe(403)
  })
})

describe('draining', () => {
  test('readiness is 503, new streams are 503, open streams stay, documents still come', async () => {
    rig = await startRig()
    const open = await readStream(rig)
    rig.server.startDraining()
    expect((await ask('GET /readyz')).status).toBe(503)
    expect((await ask('GET /livez')).status).toBe(200)
    expect((await ask('GET /summary/health')).status).toBe(200)
    const refused = await readStream(rig)
    expect(refused.status).toBe(503)
    expect(refused.header('retry-after')).toBe('5')
    expect(rig.rejected).toEqual(['draining'])
    expect(open.closed).toBe(false)
    open.socket.destroy()
  })
})

describe('the log', () => {
  test('has a line for each refusal, with guard, address, id and route, and no secret', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    const secrets = { 'X-API-Token': 'wrong-secret', Cookie: 'cookie-secret' }
    await ask('GET /summary/events?ticket=ticket-secret&panels=query-secret', {
      ...secrets,
      'X-Request-ID': 'r1',
    })
    expect(rig.logged()).toEqual([
      {
        level: 40,
        time: expect.any(String),
        guard: 'auth',
        code: 'token_wrong',
        address: '127.0.0.1',
        requestId: 'r1',
        route: '/summary/events',
        msg: 'request refused',
      },
    ])
    expect(JSON.stringify(rig.logged())).not.toContain('secret')
  })
  test('names the route of a refused preflight by its template', async () => {
    rig = await startRig()
    await ask('OPTIONS /schemas/x.json', { Host: 'evil.example' })
    await ask('OPTIONS /summary/events?x=1', { Host: 'evil.example' })
    expect(rig.logged()).toMatchObject([{ guard: 'host', route: '/summary/events' }])
  })
  test('is not flooded', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    for (let i = 0; i < 60; i++) await ask('GET /summary/health')
    expect(rig.rejected.length).toBe(60)
    // Time passes meanwhile and allows a line now and then; the next line counts all that were left out.
    rig.pass(5_000)
    await ask('GET /summary/health')
    const lines = rig.logged()
    const left = lines.reduce((sum, { suppressed }) => sum + Number(suppressed ?? 0), 0)
    expect(left).toBeGreaterThan(0)
    expect(lines.length + left).toBe(61)
  })
})
