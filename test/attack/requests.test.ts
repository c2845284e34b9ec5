// Fuzz of every part of a request, over real sockets: request line, headers, ids, query, tokens, bodies. For any
// input: no crash, no stack, no secret, every refusal from the table, an ordinary client served afterwards, nothing left open.
// ATTACK_CASES sets the number of cases, see test/support/attack.ts.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decideResume } from '../../src/hub/resume.js'
import {
  type Answer,
  answersIn,
  anyText,
  CASES,
  exchange,
  expectDocumented,
  expectServing,
  FUZZ_LIMIT,
  NASTY,
  openHandles,
  SOCKET_CASES,
} from '../support/attack.js'
import { eventually } from '../support/eventually.js'
import { BOARD, RawClient, type Rig, raw, startRig } from '../support/http-rig.js'

const TOKEN = 'the-right-token'
/** Requests per connection, where an answer leaves it open: as many cases at a fraction of the cost. */
const IN_A_ROW = Math.ceil(CASES / SOCKET_CASES)
let rig: Rig
let before = 0
beforeAll(async () => {
  before = openHandles()
  rig = await startRig({ sseApiToken: TOKEN, sseAllowOrigin: ['https://dash.example'] })
})
afterAll(async () => {
  // Wrong tokens count per address, so the ordinary client with the right one still passes.
  await expectServing(rig, { 'X-API-Token': TOKEN })
  await eventually(() => rig.hub.closed.length === rig.hub.joined.length, 'every stream has ended')
  expect(JSON.stringify(rig.logged()), 'no log line holds the token').not.toContain(TOKEN)
  await rig.close()
  await eventually(() => openHandles() <= before, 'every handle is closed')
})

/** All answers to these bytes: every refusal is from the table, and none has the token. */
async function answersTo(bytes: Buffer | string): Promise<readonly (Answer & { code: string | null })[]> {
  const received = await exchange(rig.port, bytes)
  expect(received).not.toContain(TOKEN)
  return answersIn(received).map(answer => ({ ...answer, code: expectDocumented(answer) }))
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

test('a request with any line and any headers', FUZZ_LIMIT, async () => {
  const request = fc
    .tuple(method, target, version, fc.array(header, { maxLength: 6 }), lineEnd, anyText)
    .map(([verb, to, http, headers, end, body]) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}${end}`)
      return `${verb} ${to} ${http}${end}Host: localhost${end}${lines.join('')}${end}${body}`
    })
  await fc.assert(
    fc.asyncProperty(request, async bytes => {
      await answersTo(bytes)
    }),
    { numRuns: CASES },
  )
})

test('any bytes at all', FUZZ_LIMIT, async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
      await answersTo(Buffer.from(bytes))
    }),
    { numRuns: SOCKET_CASES },
  )
})

/** As a header's value can carry it; some control characters make the request invalid. */
const headerText = anyText.map(text => Buffer.from(text.replace(/[\r\n\0]/g, ' ')).toString('latin1'))
/** As a header's value may carry it. */
const plainText = headerText.map(text => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''))

describe('a well-formed request with any', () => {
  const AUTHORISED = { 'X-API-Token': TOKEN, Connection: 'close' }
  test('Last-Event-ID opens a stream: the hub reads the id and never echoes it', FUZZ_LIMIT, async () => {
    await fc.assert(
      fc.asyncProperty(headerText, async id => {
        const [answer] = await answersTo(raw('GET /summary/events', { ...AUTHORISED, 'Last-Event-ID': id }))
        if (answer === undefined) return
        if (id.trim().length > 8) expect(answer.head).not.toContain(id.trim())
      }),
      { numRuns: SOCKET_CASES },
    )
  })
  test('Last-Event-ID resumes when it is an id of this board, and otherwise never', () => {
    const { epoch, generation } = BOARD
    const nearly = fc
      .tuple(
        fc.constantFrom(epoch, epoch.toUpperCase(), ` ${epoch}`, 'other', ''),
        fc.constantFrom('-', '--', '-0', '-+', ''),
        fc.oneof(fc.nat(), fc.nat(2 * generation + 1), fc.double(), anyText).map(String),
        fc.constantFrom('', '-abcdef', '-ABCDEF', '-abcde', ' ', '\0'),
      )
      .map(parts => parts.join(''))
    const suffix = fc.constantFrom('', '-abcdef')
    fc.assert(
      fc.property(fc.oneof(anyText, nearly), suffix, (id, idSuffix) => {
        const decision = decideResume(id, BOARD, idSuffix)
        const ours = Array.from({ length: generation + 1 }, (_, n) => `${epoch}-${n}${idSuffix}`)
        if (id === '') expect(decision).toEqual({ kind: 'fresh' })
        else if (ours.includes(id)) {
          expect(decision).toEqual({ kind: 'resumed', position: ours.indexOf(id) })
        } else expect(decision.kind).toBe('refused')
      }),
      { numRuns: CASES },
    )
  })
  test('query is served or refused with 400', FUZZ_LIMIT, async () => {
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
    // A stream is the last request on its connection.
    const first = fc.array(query, { minLength: IN_A_ROW - 1, maxLength: IN_A_ROW - 1 })
    const path = fc.constantFrom('/summary/resync', '/summary/events')
    let answered = 0
    await fc.assert(
      fc.asyncProperty(first, query, path, async (texts, text, last) => {
        const requests = texts.map(each => raw(`GET /summary/resync?${each}`, { 'X-API-Token': TOKEN }))
        const answers = await answersTo(requests.join('') + raw(`GET ${last}?${text}`, AUTHORISED))
        answered += answers.length
        for (const answer of answers) {
          expect([200, 400, 414]).toContain(answer.status)
          expect(answer.head).not.toMatch(/injected/i)
        }
      }),
      { numRuns: SOCKET_CASES },
    )
    expect(answered).toBeGreaterThan(CASES * 0.9)
  })
  test('wrong token, in any place, opens nothing', FUZZ_LIMIT, async () => {
    const isWrong = (text: string): boolean => text.trim() !== TOKEN
    const rejectedBefore = rig.rejected.length
    const places = fc.constantFrom(
      'X-API-Token',
      'Authorization',
      'Cookie',
      'Proxy-Authorization',
      'X-Api-Key',
    )
    const schemes = fc.constantFrom('', 'Bearer ', 'Basic ')
    const presented = (text: fc.Arbitrary<string>) =>
      fc
        .tuple(places, schemes, text.filter(isWrong))
        .map(([name, scheme, token]): readonly [string, string] => [name, `${scheme}${token}`])
    // An invalid request ends its connection.
    const first = fc.array(presented(plainText), { minLength: IN_A_ROW - 1, maxLength: IN_A_ROW - 1 })
    let answered = 0
    await fc.assert(
      fc.asyncProperty(first, presented(headerText), async (others, last) => {
        // Another minute: after more wrong ones in this one, the answers would wait.
        rig.pass(60_000)
        const requests = others.map(([name, value]) => raw('GET /summary/health', { [name]: value }))
        requests.push(raw('GET /summary/health', { [last[0]]: last[1], Connection: 'close' }))
        const answers = await answersTo(requests.join(''))
        answered += answers.length
        for (const { code } of answers) {
          expect([
            'token_missing',
            'token_wrong',
            'too_many_wrong_tokens',
            'headers_too_large',
            'bad_request',
          ]).toContain(code)
        }
      }),
      { numRuns: SOCKET_CASES },
    )
    expect(answered).toBeGreaterThan(CASES * 0.9)
    expect(new Set(rig.rejected.slice(rejectedBefore))).toEqual(new Set(['auth']))
  })
  test('body where none is expected is refused or ignored', FUZZ_LIMIT, async () => {
    const type = fc.constantFrom('application/json', 'text/plain', 'multipart/form-data; boundary=x', 'x', '')
    await fc.assert(
      fc.asyncProperty(anyText, type, async (text, contentType) => {
        const body = Buffer.from(text).toString('latin1')
        const headers = { ...AUTHORISED, 'Content-Type': contentType, 'Content-Length': String(body.length) }
        const [answer] = await answersTo(raw('POST /summary/ticket', headers) + body)
        if (answer === undefined) return
        expect([201, 400, 413, 415]).toContain(answer.status)
      }),
      { numRuns: SOCKET_CASES },
    )
  })
})

test('an id that tries to be a header never splits an answer, and comes back whole or not at all', async () => {
  for (const id of NASTY) {
    for (const answer of await answersTo(raw('GET /livez', { 'X-Request-ID': id, Connection: 'close' }))) {
      expect(answer.head.match(/^x-injected/im)).toBeNull()
      const echoed = /^x-request-id: (.*)$/im.exec(answer.head)?.[1]?.trim()
      expect(echoed).toMatch(/^[A-Za-z0-9._-]{1,120}$/)
    }
  }
})

test('a normal client was served all the time', async () => {
  const client = new RawClient(rig.port, raw('GET /summary/events', { 'X-API-Token': TOKEN }))
  await client.until(': hi')
  client.socket.destroy()
})
