// Several requests in one: with a false length, behind a stream, and many at once.
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpPlugin } from '../../src/contract/plugin.js'
import { answersIn, answersOf, expectServing } from '../support/attack.js'
import { RawClient, type Rig, raw, startRig } from '../support/http-rig.js'

let rig: Rig
afterEach(async () => {
  await rig.close()
})

const answers = (bytes: string, from?: string) => answersOf(rig.port, bytes, from)
const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`

describe('two requests in one', () => {
  const SECOND = raw('GET /summary/health')
  const post = (...lines: string[]) => head('POST /summary/ticket HTTP/1.1', 'Host: localhost', ...lines)
  test.each([
    ['length and coding', `${post('Content-Length: 6', 'Transfer-Encoding: chunked')}0\r\n\r\n${SECOND}`],
    ['coding and length', `${post('Transfer-Encoding: chunked', 'Content-Length: 6')}0\r\n\r\n${SECOND}`],
    ['two lengths', post('Content-Length: 0', `Content-Length: ${SECOND.length}`) + SECOND],
    ['a list of lengths', post('Content-Length: 0, 5') + SECOND],
    ['a length with a sign', post('Content-Length: +5') + SECOND],
    ['a length in hex', post('Content-Length: 0x5') + SECOND],
    ['a length that wraps', post('Content-Length: 18446744073709551617') + SECOND],
    ['a negative length', post('Content-Length: -1') + SECOND],
    ['coding that is not last', `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n${SECOND}`],
    ['an unknown coding', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n${SECOND}`],
    ['a blank before the colon', `${post('Transfer-Encoding : chunked')}0\r\n\r\n${SECOND}`],
    [
      'a folded header',
      post('X: a', ' Transfer-Encoding: chunked', 'Transfer-Encoding:', ' chunked') + SECOND,
    ],
    ['an invalid chunk size', `${post('Transfer-Encoding: chunked')}zz\r\n\r\n${SECOND}`],
    [
      'a chunk size that wraps',
      `${post('Transfer-Encoding: chunked')}ffffffffffffffff1\r\nx\r\n0\r\n\r\n${SECOND}`,
    ],
    ['a chunk longer than its size', `${post('Transfer-Encoding: chunked')}1\r\nxxx\r\n0\r\n\r\n${SECOND}`],
    [
      'a bare line feed in a header',
      `POST /summary/ticket HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n${SECOND}`,
    ],
    ['a carriage return in a header', post('X: a\rTransfer-Encoding: chunked') + SECOND],
    ['a NUL in a header', post('X: a\0b') + SECOND],
  ])('%s: the second is never answered', async (_, bytes) => {
    rig = await startRig({ metricsPublic: false })
    const received = await answers(bytes)
    expect(received.map(({ status }) => status)).not.toContain(200)
    expect(received.length).toBeLessThanOrEqual(1)
    for (const { status } of received) expect(status).toBeGreaterThanOrEqual(400)
    await expectServing(rig)
  })
  test('behind a stream, and in the body of one, is never read', async () => {
    rig = await startRig()
    const sneaky = new RawClient(rig.port, raw('GET /summary/events') + SECOND)
    await sneaky.until(': hi')
    const bodied = new RawClient(
      rig.port,
      raw('GET /summary/events', { 'Content-Length': String(SECOND.length) }) + SECOND,
    )
    await bodied.until(': hi')
    sneaky.socket.write(SECOND)
    bodied.socket.write(SECOND)
    await expectServing(rig)
    for (const client of [sneaky, bodied]) {
      expect(client.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      client.socket.destroy()
    }
    await rig.hub.until(() => rig.hub.closed.length === rig.hub.joined.length)
  })
})

describe('pipelining', () => {
  test('eight requests at once are answered in order, one at a time', async () => {
    let running = 0
    let most = 0
    const slow: HttpPlugin = {
      name: 'slow',
      register: app => {
        const rules = { surface: 'other', access: 'open' } as const
        app.get<{ Params: { n: string } }>('/slow/:n', { config: { rules } }, async request => {
          most = Math.max(most, ++running)
          await new Promise(resolve => setImmediate(resolve))
          running -= 1
          return request.params.n
        })
      },
    }
    rig = await startRig({}, { plugins: [slow] })
    const packet = Array.from({ length: 8 }, (_, i) => raw(`GET /slow/${i}`)).join('')
    const client = await new RawClient(rig.port, packet).until('\r\n\r\n7')
    expect(answersIn(client.text).map(({ body }) => body)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
    client.socket.destroy()
    expect(most).toBe(1)
  })
  test.each([
    ['a file', raw('GET /openapi.json')],
    ['the board', raw('GET /summary/resync')],
    ['metrics', raw('GET /metrics')],
    ['health', raw('GET /summary/health')],
    ['a ticket', raw('POST /summary/ticket', { 'Content-Length': '0' })],
    ['an unknown path', raw('GET /nothing')],
    ['a wrong method', raw('DELETE /livez')],
    ['a preflight', raw('OPTIONS /livez')],
    ['HTTP/1.0', 'GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
    ['no Host', 'GET /livez HTTP/1.1\r\n\r\n'],
    ['an expectation', raw('GET /livez', { Expect: '100-continue' })],
  ])('nine at once end the connection, and it is counted: %s', async (_, request) => {
    rig = await startRig()
    const client = await new RawClient(rig.port, request.repeat(9)).end()
    // One answer may have gone out before the server saw the ninth request.
    expect(client.text.split(/HTTP\/1\.1 (?!100)/).length - 1).toBeLessThanOrEqual(1)
    expect(rig.rejected).toContain('connection')
    expect(rig.logged()).toContainEqual(
      expect.objectContaining({ code: 'too_many_unanswered', msg: 'connection closed' }),
    )
    await expectServing(rig)
  })
  test('waiting heads may have 32 KiB together', async () => {
    rig = await startRig()
    const big = raw('GET /livez', { 'X-Big': 'x'.repeat(12_000) })
    const three = await new RawClient(
      rig.port,
      big.repeat(2) + raw('GET /livez', { Connection: 'close' }),
    ).end()
    expect(answersIn(three.text).map(({ status }) => status)).toEqual([200, 200, 200])
    const client = await new RawClient(rig.port, big.repeat(5)).end()
    expect(client.text.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(3)
    expect(rig.rejected).toEqual(['connection'])
  })
  test('the thousandth answer of a connection says that it is the last, and the server runs nothing behind it', async () => {
    let runs = 0
    const counted: HttpPlugin = {
      name: 'counted',
      register: app => {
        const rules = { surface: 'other', access: 'open' } as const
        app.get('/counted', { config: { rules } }, () => String(++runs))
      },
    }
    rig = await startRig({}, { plugins: [counted] })
    const client = new RawClient(rig.port, '')
    for (let done = 0; done < 996; done += 6) {
      client.text = ''
      client.socket.write(raw('GET /counted').repeat(6))
      await client.until(`\r\n\r\n${done + 6}`)
    }
    client.text = ''
    client.socket.write(raw('GET /counted').repeat(7))
    await client.end()
    const last = answersIn(client.text)
    expect(last.map(({ body }) => body)).toEqual(['997', '998', '999', '1000'])
    expect(last.map(({ head }) => /^connection: close\r?$/im.test(head))).toEqual([false, false, false, true])
    expect(runs).toBe(1_000)
    await expectServing(rig)
  })
  test('several streams on one connection use one slot, and free it', async () => {
    rig = await startRig({ sseMaxConnections: 2 })
    for (let i = 0; i < 20; i++) {
      const before = rig.hub.joined.length
      const client = new RawClient(rig.port, raw('GET /summary/events').repeat(5))
      await client.until(': hi')
      client.socket.destroy()
      await client.end()
      await rig.hub.until(() => rig.hub.closed.length === rig.hub.joined.length)
      expect(rig.hub.joined.length - before).toBe(1)
    }
    await expectServing(rig)
  })
})
