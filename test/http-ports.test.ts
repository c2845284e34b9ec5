// The ports of a server: which routes each answers, ports that cannot be had, and closing.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ListenerPlan } from '../src/http/listen-plan.js'
import { Listeners } from '../src/http/listeners.js'
import { ALL_ROUTES, type Rig, settle, startRig } from './support/http-rig.js'

let rig: Rig
afterEach(() => rig.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.url}${path}`, { headers })

describe('ports', () => {
  const plan = (name: string, ...surfaces: ListenerPlan['surfaces']): ListenerPlan => ({
    name,
    port: 0,
    setting: 'G6_TEST_PORT',
    surfaces,
  })
  test('each answers the routes of its surfaces and no others', async () => {
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
      for (const path of [
        '/summary/events',
        '/summary/resync',
        '/summary/health',
        '/metrics',
        '/livez',
        '/openapi.json',
      ]) {
        const response = await fetch(`${url}${path}`, { method: 'HEAD' })
        if (response.status === 200) has[name].push(path)
        else expect(response.status).toBe(404)
      }
    }
    expect(has).toEqual({
      unified: [
        '/summary/events',
        '/summary/resync',
        '/summary/health',
        '/metrics',
        '/livez',
        '/openapi.json',
      ],
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
  test('of an IPv6 address are named as a URL names them', async () => {
    rig = await startRig()
    const listeners = new Listeners(
      () => {},
      () => 'X-Request-ID',
      () => {},
    )
    // Where there is no IPv6 the refusal says the same name.
    const said = await listeners.open('::1', [ALL_ROUTES]).then(
      ([open]) => open?.url,
      (error: unknown) => String(error),
    )
    await listeners.close()
    expect(said).toMatch(/^http:\/\/\[::1\]:\d+$|cannot listen on \[::1\]:0: /)
  })
  test('that cannot take connections for a while stay open, and say so once a minute', async () => {
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
    const said = () => rig.logged().filter(({ code }) => code === 'EMFILE')
    expect(said()).toMatchObject([{ listener: 'unified', msg: expect.stringContaining('stays open') }])
    rig.pass(60_000)
    server?.emit('error', fault)
    expect(said()).toHaveLength(2)
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
  test('a route that says no rules is a fault found at start', async () => {
    rig = await startRig()
    const plugin = {
      name: 'bad',
      register: (app: { get(url: string, h: () => string): unknown }) => void app.get('/y', () => ''),
    }
    await expect(startRig({}, { plugins: [plugin] })).rejects.toThrow('/y says no rules')
  })
})

test('closing waits for an answer under way', async () => {
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
