// Floods and slow clients: connections, headers, bodies, readers that do not read. Tests of timeouts wait for all of them together,
// so that the whole takes as long as the longest.
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpPlugin } from '../../src/contract/plugin.js'
import { TIME_LIMITS } from '../../src/http/listeners.js'
import { answerTimeMs } from '../../src/http/unread-answers.js'
import { answersIn, exchange, expectDocumented, expectServing, openHandles } from '../support/attack.js'
import { eventually } from '../support/eventually.js'
import { RawClient, type Rig, raw, startRig } from '../support/http-rig.js'

let rig: Rig
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await rig.close()
})

const codes = async (bytes: string) => answersIn(await exchange(rig.port, bytes)).map(expectDocumented)

describe('slowly', () => {
  // A fraction of the real TIME_LIMITS. It is longer than the flood keeps a normal client waiting on a busy machine.
  const timeLimits = {
    headMs: 5_000,
    requestMs: 7_000,
    nextRequestMs: 1_000,
    inactiveMs: 4_000,
    answerMs: 4_000,
    checkEveryMs: 200,
  }
  test('sent heads and bodies, and unread answers, time out; a normal client is served meanwhile', async () => {
    rig = await startRig({}, { timeLimits })
    const trickled = (first: string, more: string): RawClient => {
      const client = new RawClient(rig.port, first)
      sockets.push(client.socket)
      const drip = setInterval(() => void (client.socket.writable && client.socket.write(more)), 100)
      client.socket.once('close', () => clearInterval(drip))
      return client
    }
    const heads = Array.from({ length: 100 }, () =>
      trickled('GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ', 'x'),
    )
    const lines = trickled('G', 'E')
    const body = raw('POST /summary/ticket', {
      'Content-Type': 'application/json',
      'Content-Length': '60000',
    })
    const bodies = Array.from({ length: 20 }, () => trickled(body, ' '))
    const chunked = trickled(
      raw('POST /summary/ticket', { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }),
      '1\r\n \r\n',
    )
    const unread = Array.from({ length: 10 }, () => {
      const socket = connect({ port: rig.port, host: '127.0.0.1' })
      sockets.push(socket)
      socket.on('error', () => socket.destroy())
      socket.pause()
      socket.write(raw('GET /openapi.json').repeat(900))
      return socket
    })
    await expectServing(rig)
    await Promise.all([...heads, lines].map(client => client.end()))
    for (const { status } of heads) expect([0, 408]).toContain(status)
    await expectServing(rig)
    await Promise.all([...bodies, chunked].map(client => client.end()))
    for (const { text } of bodies) answersIn(text).forEach(expectDocumented)
    // A socket nobody reads sees its end only when it is read.
    const server = (): number =>
      process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
    await eventually(() => server() <= unread.length + 2, 'the unread connections have ended at the server')
    await expectServing(rig)
  })
})

describe('an answer that is read a little at a time', () => {
  const timeLimits = { ...TIME_LIMITS, answerMs: 300 }
  const big = (bytes: number): HttpPlugin => ({
    name: 'big',
    register: app => {
      const rules = { surface: 'other', access: 'open' } as const
      const body = Buffer.alloc(bytes, 'x')
      app.get('/big', { config: { rules } }, () => body)
    },
  })
  /** More than the kernel buffers. */
  const MUCH = 16 * 1024 * 1024

  test('ends after its time limit, even when the client reads a piece now and then', async () => {
    // The limit for its size is too long for a test: src/http/unread-answers tests that.
    rig = await startRig(
      {},
      { timeLimits: { ...timeLimits, answerMs: 1_000 - answerTimeMs(MUCH, 0) }, plugins: [big(MUCH)] },
    )
    const client = new RawClient(rig.port, raw('GET /big'))
    sockets.push(client.socket)
    await client.until('x')
    client.socket.pause()
    const sip = setInterval(() => void client.socket.read(1), 50)
    await eventually(() => rig.rejected.includes('connection'), 'the connection is closed')
    clearInterval(sip)
    expect(rig.logged()).toContainEqual(expect.objectContaining({ code: 'answer_unread' }))
    await expectServing(rig)
  })
  test('stays when the client reads it in time', async () => {
    rig = await startRig({}, { timeLimits, plugins: [big(MUCH)] })
    const response = await fetch(`${rig.url}/big`)
    expect((await response.arrayBuffer()).byteLength).toBe(MUCH)
    expect(rig.rejected).toEqual([])
  })
  test('makes room for others: above 64 MiB in all, the server closes the oldest of the address', async () => {
    rig = await startRig({}, { timeLimits: TIME_LIMITS, plugins: [big(MUCH)] })
    const slow = Array.from({ length: 7 }, () => {
      const client = new RawClient(rig.port, raw('GET /big'))
      sockets.push(client.socket)
      client.socket.pause()
      return client
    })
    await eventually(() => rig.rejected.length >= 3, 'those that do not fit are closed')
    // The exact number depends on the kernel's buffers.
    expect(rig.rejected.length).toBeLessThan(slow.length)
    expect(new Set(rig.rejected)).toEqual(new Set(['connection']))
    for (const { socket } of slow) socket.destroy()
    await expectServing(rig)
  })
})

describe('much at once', () => {
  test('of headers is 431: many, long, or endless', async () => {
    rig = await startRig()
    for (const headers of [
      Array.from({ length: 3_000 }, (_, i) => `X-${i}: y\r\n`).join(''),
      `X-Big: ${'x'.repeat(20_000)}\r\n`,
      `${'x'.repeat(20_000)}: 1\r\n`,
      `Cookie: ${'a=b; '.repeat(5_000)}\r\n`,
    ]) {
      expect(await codes(`GET /livez HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`)).toEqual([
        'headers_too_large',
      ])
    }
    const endless = new RawClient(rig.port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n')
    const more = (): void => {
      while (!endless.socket.destroyed && endless.socket.write('X: y\r\n'.repeat(100)));
    }
    endless.socket.on('drain', more)
    more()
    await endless.end()
    await expectServing(rig)
  })
  test('of header lines is 431 too, however short they are', async () => {
    rig = await startRig()
    const lines = (count: number) =>
      `GET /livez HTTP/1.1\r\nHost: localhost\r\n${'a:\r\n'.repeat(count - 1)}\r\n`
    expect(answersIn(await exchange(rig.port, lines(100))).map(({ status }) => status)).toEqual([200])
    for (const count of [101, 3_000]) expect(await codes(lines(count))).toEqual(['headers_too_large'])
    await expectServing(rig)
  })
  test('of a URL is 414, of a body 413, whatever the declared length', async () => {
    rig = await startRig()
    for (const length of [8_200, 15_000, 100_000]) {
      expect(await codes(raw(`GET /summary/events?x=${'y'.repeat(length)}`))).toEqual([
        'request_line_too_long',
      ])
    }
    const json = { 'Content-Type': 'application/json' }
    const big = 'x'.repeat(70_000)
    const sized = raw('POST /summary/ticket', { ...json, 'Content-Length': String(big.length) }) + big
    const chunked = raw('POST /summary/ticket', { ...json, 'Transfer-Encoding': 'chunked' })
    for (const bytes of [sized, `${chunked}${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`]) {
      const client = new RawClient(rig.port, bytes)
      await client.until('body_too_large')
      expect(client.status).toBe(413)
      client.socket.destroy()
    }
    const huge = new RawClient(
      rig.port,
      raw('POST /summary/ticket', { ...json, 'Content-Length': '9007199254740991' }),
    )
    await huge.until('body_too_large')
    huge.socket.destroy()
    const extensions = new RawClient(rig.port, `${chunked}1;${'x'.repeat(40_000)}\r\nx\r\n0\r\n\r\n`)
    // An answer has begun once the head was read, so the server may not write another: the connection just ends.
    await extensions.end()
    expect(extensions.text).toBe('')
    await expectServing(rig)
  })
  test('of connections that send nothing, or close at once, leaves nothing behind', async () => {
    rig = await startRig()
    const before = openHandles()
    for (let round = 0; round < 5; round++) {
      const flood = Array.from({ length: 300 }, () => {
        const socket = connect({ port: rig.port, host: '127.0.0.1' })
        socket.on('error', () => socket.destroy())
        return socket.resume()
      })
      await Promise.all(
        flood.map(socket => new Promise(resolve => socket.once('connect', resolve).once('close', resolve))),
      )
      await expectServing(rig)
      for (const [i, socket] of flood.entries()) {
        if (i % 3 === 0) socket.resetAndDestroy()
        else if (i % 3 === 1) socket.end('GET /summary/ev')
        else socket.destroy()
      }
    }
    await eventually(() => openHandles() <= before + 4, 'every connection is closed')
  })
  test('of streams is refused above the limit and counted; those that close free their slot', async () => {
    rig = await startRig({ sseMaxConnections: 20, sseIpConnectRate: { count: 500, windowSec: 60 } })
    const clients = Array.from({ length: 100 }, () => new RawClient(rig.port, raw('GET /summary/events')))
    await Promise.all(clients.map(client => client.until('\r\n\r\n')))
    expect(clients.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(clients.filter(({ status }) => status === 429)).toHaveLength(80)
    expect(rig.rejected).toEqual(Array(80).fill('cap'))
    for (const { socket } of clients) socket.resetAndDestroy()
    await rig.hub.until(() => rig.hub.closed.length === 20)
    await expectServing(rig)
    for (let i = 0; i < 450; i++) await exchange(rig.port, raw('GET /summary/events'))
    expect(await codes(raw('GET /summary/events'))).toEqual(['connect_rate'])
    expect(rig.rejected.at(-1)).toBe('rate')
  })
  test('written into a stream by its own reader ends it', async () => {
    rig = await startRig()
    const chatty = new RawClient(rig.port, raw('GET /summary/events'))
    await chatty.until(': hi')
    chatty.socket.write('x'.repeat(200_000))
    await rig.hub.until(() => rig.hub.closed.length === 1)
    await chatty.end()
    await expectServing(rig)
  })
})
