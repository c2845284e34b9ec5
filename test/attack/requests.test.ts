// Fuzz of everything a request is made of, over real sockets: request line, headers, ids, query, tokens, bodies. Whatever
// comes: no crash, no stack, every refusal of the table, an ordinary client served afterwards, nothing left open.
// How many cases: ATTACK_CASES, see test/support/attack.ts.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  answersIn,
  anyText,
  exchange,
  expectDocumented,
  expectServing,
  NASTY,
  openHandles,
  SOCKET_CASES,
} from '../support/attack.js'
import { eventually } from '../support/eventually.js'
import { RawClient, type Rig, raw, startRig } from '../support/http-rig.js'

const TOKEN = 'the-right-token'
let rig: Rig
let before = 0
beforeAll(async () => {
  before = openHandles()
  rig = await startRig({ sseApiToken: TOKEN, sseAllowOrigin: ['https://dash.example'] })
})
afterAll(async () => {
  // Wrong tokens are counted per address, so that the ordinary client's right one still passes.
  await expectServing(rig, { 'X-API-Token': TOKEN })
  await eventually(() => rig.hub.closed.length === rig.hub.joined.length, 'every stream has ended')
  await rig.close()
  await eventually(() => openHandles() <= before, 'every handle is closed')
})

/** Everything the server said to these bytes, checked. */
async function codesOf(bytes: string): Promise<(string | null)[]> {
  const answers = answersIn(await exchange(rig.port, bytes))
  return answers.map(expectDocumented)
}

const PATHS = [
  '/summary/events',
  '/summary/stream',
  '/summary/resync',
  '/summary/health',
  '/summary/ticket',
  '/metrics',
  '/livez',
  '/readyz',
  '/openapi.json',
  '/schemas/hello.json',
  '*',
  '',
]
const method = fc.oneof(
  fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'get', 'PRI', 'CONNECT'),
  anyText,
)
const target = fc
  .tuple(
    fc.constantFrom('', '', 'http://localhost', 'http://evil', '//', '/..'),
    fc.constantFrom(...PATHS),
    anyText,
  )
  .map(([base, path, more]) => `${base}${path}${more}`)
const version = fc.oneof(
  fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', 'http/1.1'),
  anyText,
)
const NAMES = [
  'Host',
  'X-API-Token',
  'Authorization',
  'Last-Event-ID',
  'X-Request-ID',
  'X-Forwarded-For',
  'Origin',
  'Accept-Encoding',
  'Accept',
  'If-None-Match',
  'Content-Length',
  'Transfer-Encoding',
  'Content-Type',
  'Connection',
  'Upgrade',
  'Expect',
  'Cookie',
  'TE',
  'Trailer',
]
const header = fc.tuple(fc.oneof(fc.constantFrom(...NAMES), anyText), anyText)
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r')

test('a request of any line and any headers', async () => {
  const request = fc
    .tuple(method, target, version, fc.array(header, { maxLength: 6 }), lineEnd, anyText)
    .map(([verb, to, http, headers, end, body]) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}${end}`)
      return `${verb} ${to} ${http}${end}Host: localhost${end}${lines.join('')}${end}${body}`
    })
  await fc.assert(
    fc.asyncProperty(request, async bytes => {
      await codesOf(bytes)
    }),
    { numRuns: SOCKET_CASES },
  )
})

test('any bytes at all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
      const said = await exchange(rig.port, Buffer.from(bytes))
      answersIn(said).forEach(expectDocumented)
    }),
    { numRuns: Math.ceil(SOCKET_CASES / 4) },
  )
})

/** As a header's value can carry it. */
const headerText = anyText.map(text => Buffer.from(text.replace(/[\r\n\0]/g, ' ')).toString('latin1'))

describe('a well-formed request with any', () => {
  const AUTHORISED = { 'X-API-Token': TOKEN, Connection: 'close' }
  test('Last-Event-ID is a stream: it is read by the hub, never echoed', async () => {
    await fc.assert(
      fc.asyncProperty(headerText, async id => {
        const said = await exchange(
          rig.port,
          raw('GET /summary/events', { ...AUTHORISED, 'Last-Event-ID': id }),
        )
        const [answer] = answersIn(said)
        if (answer === undefined) return
        expectDocumented(answer)
        if (id.trim().length > 8) expect(answer.head).not.toContain(id.trim())
      }),
      { numRuns: SOCKET_CASES },
    )
  })
  test('query is served or refused with 400', async () => {
    const name = fc.oneof(
      fc.constantFrom('panels', 'view', 'structured', 'last_event_id', 'ticket', 'x'),
      anyText.map(text => encodeURIComponent(Buffer.from(text).toString())),
    )
    const value = fc.oneof(
      anyText.map(text => encodeURIComponent(Buffer.from(text).toString())),
      fc.constantFrom('%ff', '%', '%0d%0aX-Injected:1', '&&&=', '__proto__', '[]=1', 'a=1=2'),
    )
    const query = fc
      .array(fc.tuple(name, value), { maxLength: 5 })
      .map(all => all.map(each => each.join('=')).join('&'))
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom('/summary/resync', '/summary/events'), async (text, path) => {
        const [answer] = answersIn(await exchange(rig.port, raw(`GET ${path}?${text}`, AUTHORISED)))
        if (answer === undefined) return
        expectDocumented(answer)
        expect([200, 400, 414]).toContain(answer.status)
        expect(answer.head).not.toMatch(/injected/i)
      }),
      { numRuns: SOCKET_CASES },
    )
  })
  test('wrong token, in any place, opens nothing', async () => {
    const wrong = headerText.filter(text => text.trim() !== TOKEN)
    const rejectedBefore = rig.rejected.length
    const places = fc.constantFrom(
      'X-API-Token',
      'Authorization',
      'Cookie',
      'Proxy-Authorization',
      'X-Api-Key',
    )
    await fc.assert(
      fc.asyncProperty(
        wrong,
        places,
        fc.constantFrom('', 'Bearer ', 'Basic '),
        async (token, name, scheme) => {
          const headers = { [name]: `${scheme}${token}`, Connection: 'close' }
          const [answer] = answersIn(await exchange(rig.port, raw('GET /summary/health', headers)))
          if (answer === undefined) return
          expect([
            'token_missing',
            'token_wrong',
            'too_many_wrong_tokens',
            'headers_too_large',
            'bad_request',
          ]).toContain(expectDocumented(answer))
        },
      ),
      { numRuns: SOCKET_CASES },
    )
    expect(new Set(rig.rejected.slice(rejectedBefore))).toEqual(new Set(['auth']))
  })
  test('body where none is expected is refused or ignored', async () => {
    const type = fc.constantFrom('application/json', 'text/plain', 'multipart/form-data; boundary=x', 'x', '')
    await fc.assert(
      fc.asyncProperty(anyText, type, async (text, contentType) => {
        const body = Buffer.from(text).toString('latin1')
        const headers = { ...AUTHORISED, 'Content-Type': contentType, 'Content-Length': String(body.length) }
        const [answer] = answersIn(await exchange(rig.port, raw('POST /summary/ticket', headers) + body))
        if (answer === undefined) return
        expectDocumented(answer)
        expect([201, 400, 413, 415]).toContain(answer.status)
      }),
      { numRuns: Math.ceil(SOCKET_CASES / 2) },
    )
  })
})

test('an id that wants to be a header never splits an answer, and comes back whole or not at all', async () => {
  for (const id of NASTY) {
    const said = await exchange(rig.port, raw('GET /livez', { 'X-Request-ID': id, Connection: 'close' }))
    for (const answer of answersIn(said)) {
      expectDocumented(answer)
      expect(answer.head.match(/^x-injected/im)).toBeNull()
      const echoed = /^x-request-id: (.*)$/im.exec(answer.head)?.[1]?.trim()
      expect(echoed).toMatch(/^[A-Za-z0-9._-]{1,120}$/)
    }
  }
})

test('a normal client was served all the while', async () => {
  const client = new RawClient(rig.port, raw('GET /summary/events', { 'X-API-Token': TOKEN }))
  await client.until(': hi')
  client.socket.destroy()
})
