// Several requests in one: behind a length that lies, behind a stream, and a thousand at once.
import { afterEach, describe, expect, test } from 'vitest'
import { answersIn, answersOf, expectServing } from '../support/attack.js'
import { eventually } from '../support/eventually.js'
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
    ['coding nobody knows', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n${SECOND}`],
    ['a blank before the colon', `${post('Transfer-Encoding : chunked')}0\r\n\r\n${SECOND}`],
    [
      'a folded header',
      post('X: a', ' Transfer-Encoding: chunked', 'Transfer-Encoding:', ' chunked') + SECOND,
    ],
    ['a chunk size that is none', `${post('Transfer-Encoding: chunked')}zz\r\n\r\n${SECOND}`],
    [
      'a chunk size that wraps',
      `${post('Transfer-Encoding: chunked')}ffffffffffffffff1\r\nx\r\n0\r\n\r\n${SECOND}`,
    ],
    ['a chunk longer than it says', `${post('Transfer-Encoding: chunked')}1\r\nxxx\r\n0\r\n\r\n${SECOND}`],
    [
      'a bare line feed in a header',
      `POST /summary/ticket HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n${SECOND}`,
    ],
    ['a carriage return in a header', post('X: a\rTransfer-Encoding: chunked') + SECOND],
    ['a NUL in a header', post('X: a\0b') + SECOND],
  ])('%s: the second is never answered', async (_, bytes) => {
    rig = await startRig({ metricsPublic: false })
    const said = await answers(bytes)
    expect(said.map(({ status }) => status)).not.toContain(200)
    expect(said.length).toBeLessThanOrEqual(1)
    for (const { status } of said) expect(status).toBeGreaterThanOrEqual(400)
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
  test('a thousand and more requests at once are answered in order; the connection ends at its limit', async () => {
    rig = await startRig()
    const client = new RawClient(rig.port, raw('GET /livez').repeat(1_200))
    // The last may have come in part.
    const heads = () => client.text.split(/HTTP\/1\.1 \d{3} /).slice(1)
    await eventually(
      () => heads().length > 1_000 && heads().at(-1)?.includes('\r\n\r\n') === true,
      'a thousand answers and the refusal',
    )
    const all = answersIn(client.text)
    for (const { status, body } of all.slice(0, 1_000)) expect([status, body]).toEqual([200, 'ok\n'])
    expect(all[999]?.head).toMatch(/^connection: close\r?$/im)
    // What came behind the last answer is dropped by node itself.
    expect(all[1_000]?.status).toBe(503)
    await client.end()
    await expectServing(rig)
  })
  test('streams asked for at once on one connection take one slot, and give it back', async () => {
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
