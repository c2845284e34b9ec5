// The ports of a server: the routes of each, ports that cannot be opened, and closing.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ListenerPlan } from '../src/http/listen-plan.js'
import { type Closed, Listeners, MAX_CONNECTIONS } from '../src/http/listeners.js'
import { eventually } from './support/eventually.js'
import { ALL_ROUTES, RawClient, type Rig, raw, settle, startRig } from './support/http-rig.js'

let rig: Rig
afterEach(() => rig.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.url}${path}`, { headers })

const ALL_PATHS = [
  '/summary/events',
  '/summary/resync',
  '/summary/health',
  '/metrics',
  '/livez',
  '/openapi.json',
]

describe('ports', () => {
  const plan = (name: string, ...surfaces: ListenerPlan['surfaces']): ListenerPlan => ({
    name,
    port: 0,
    setting: 'G6_TEST_PORT',
    surfaces,
  })
  test('each has the routes of its surfaces and no others', async () => {
    const listeners = [
      ALL_ROUTES,
      plan('stream', 'stream'),
      plan('metrics', 'metrics'),
      plan('resync', 'resync'),
    ]
    rig = await startRig({}, { listeners })
    const has: Record<string, string[]> = {}
    for (const { name, url } of rig.urls) {
      has[name] = []
      for (const path of ALL_PATHS) {
        const response = await fetch(`${url}${path}`, { method: 'HEAD' })
        if (response.status === 200) has[name].push(path)
        else expect(response.status).toBe(404)
      }
    }
    expect(has).toEqual({
      unified: ALL_PATHS,
      stream: ['/summary/events'],
      metrics: ['/metrics', '/livez'],
      resync: ['/summary/resync', '/summary/health'],
    })
  })
  test('one in use is an error that names it and its setting, and opens none', async () => {
    rig = await startRig()
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await settle()
    const before = process.getActiveResourcesInfo().filter(name => name === 'TCPServerWrap').length
    const listeners = [ALL_ROUTES, { ...plan('stream', 'stream'), port, setting: 'G6_SSE_HTTP_PORT' }]
    await expect(startRig({}, { listeners })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the port is in use (G6_SSE_HTTP_PORT)`,
    )
    await settle()
    expect(process.getActiveResourcesInfo().filter(name => name === 'TCPServerWrap').length).toBe(before)
    taken.close()
  })
  test('of an IPv6 address are written as in a URL', async () => {
    rig = await startRig()
    const listeners = new Listeners({
      onRequest: () => {},
      requestIdHeader: () => 'X-Request-ID',
      onFault: () => {},
      onClosed: () => {},
      addressOf: () => ({ key: 'here', isShared: true }),
    })
    // Without IPv6, the error has the same name.
    const outcome = await listeners.open('::1', [ALL_ROUTES]).then(
      ([open]) => open?.url,
      (error: unknown) => String(error),
    )
    await listeners.close()
    expect(outcome).toMatch(/^http:\/\/\[::1\]:\d+$|cannot listen on \[::1\]:0: /)
  })
  describe('take connections', () => {
    /** Opens so many, one after the other, and resolves with those that stayed open. */
    async function kept(limits: { inAll: number; perAddress: number }, isShared: boolean, count: number) {
      const closed: Closed[] = []
      const listeners = new Listeners({
        onRequest: (_, response) => void response.end('ok'),
        requestIdHeader: () => 'X-Request-ID',
        onFault: () => {},
        onClosed: why => closed.push(why),
        addressOf: () => ({ key: 'one', isShared }),
        maxConnections: limits,
      })
      const open = await listeners.open('127.0.0.1', [ALL_ROUTES, { ...ALL_ROUTES, name: 'second' }])
      const ports = open.map(({ url }) => Number(new URL(url).port))
      const ask = async (i: number): Promise<RawClient> => {
        const client = new RawClient(ports[i % 2] ?? 0, raw('GET /'))
        await Promise.race([client.until('ok'), client.end()]).catch(() => {})
        return client
      }
      const clients: RawClient[] = []
      for (let i = 0; i < count; i++) clients.push(await ask(i))
      const answered = clients.map(({ status }) => status)
      clients[0]?.socket.destroy()
      await clients[0]?.end()
      const again = await eventually(async () => {
        const client = await ask(0)
        return client.status === 200 ? client : null
      }, 'a place that was given back is taken')
      for (const { socket } of [...clients, again]) socket.destroy()
      await listeners.close()
      return { answered, closed: closed.slice(0, answered.filter(status => status === 0).length) }
    }
    test('as many of an address as its limit, on all ports together, and one more for each that ends', async () => {
      expect(await kept({ inAll: 10, perAddress: 3 }, false, 5)).toEqual({
        answered: [200, 200, 200, 0, 0],
        closed: ['too_many_connections', 'too_many_connections'],
      })
    })
    test('as many as the limit of all, of an address that many clients share', async () => {
      expect((await kept({ inAll: 4, perAddress: 3 }, true, 5)).answered).toEqual([200, 200, 200, 200, 0])
    })
    test('256 of an address and 4 096 in all', () => {
      expect(MAX_CONNECTIONS).toEqual({ inAll: 4_096, perAddress: 256 })
    })
  })
  test('that cannot accept connections for a while stay open, and log it once a minute', async () => {
    rig = await startRig()
    // Node tells a server of a failed accept by its `error`; the server itself is found by a connection it did take.
    let server: Server | undefined
    const onSocket = (message: unknown): void => {
      server = (message as { readonly socket: Socket & { readonly server: Server } }).socket.server
    }
    subscribe('net.server.socket', onSocket)
    await get('/livez').finally(() => unsubscribe('net.server.socket', onSocket))
    const fault = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })
    for (let i = 0; i < 3; i++) server?.emit('error', fault)
    expect((await get('/livez')).status).toBe(200)
    const outcome = () => rig.logged().filter(({ code }) => code === 'EMFILE')
    expect(outcome()).toMatchObject([{ listener: 'unified', msg: expect.stringContaining('stays open') }])
    rig.pass(60_000)
    server?.emit('error', fault)
    expect(outcome()).toHaveLength(2)
  })
  test('beyond this machine without a token is refused at start', async () => {
    rig = await startRig()
    const open = { httpHost: '0.0.0.0' }
    await expect(startRig(open)).rejects.toThrow('G6_ALLOW_OPEN=1')
    const warned = await startRig({ ...open, allowOpen: true })
    expect(warned.logged()).toMatchObject([{ level: 40 }])
    await warned.close()
    const guarded = await startRig({ ...open, sseApiToken: 'x' })
    expect(guarded.logged()).toEqual([])
    await guarded.close()
  })
  test('a route without rules is an error at start', async () => {
    rig = await startRig()
    const plugin = {
      name: 'bad',
      register: (app: { get(url: string, h: () => string): unknown }) => void app.get('/y', () => ''),
    }
    await expect(startRig({}, { plugins: [plugin] })).rejects.toThrow('/y has no config.rules')
  })
})

test('closing waits for an unfinished answer', async () => {
  let finish: (() => void) | null = null
  const asked = new Promise<void>(resolve => {
    finish = resolve
  })
  let answer: () => void = () => {}
  const metrics = () => {
    finish?.()
    return new Promise<{ contentType: string; body: string }>(resolve => {
      answer = () => resolve({ contentType: 'text/plain', body: 'late' })
    })
  }
  rig = await startRig({}, { metrics })
  const response = get('/metrics')
  await asked
  const closed = rig.close()
  answer()
  expect(await (await response).text()).toBe('late')
  await closed
})
