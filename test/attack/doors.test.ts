// Ways around the guards: names of other hosts, forged addresses, two requests in one, paths written another way, methods
// that are none, pages of other sites.
import { afterEach, describe, expect, test } from 'vitest'
import { answersIn, eventually, exchange, expectDocumented, expectServing } from '../support/attack.js'
import { openStream, RawClient, type Rig, raw, startRig } from '../support/http-rig.js'

let rig: Rig
afterEach(async () => {
  await rig.close()
})

const TOKEN = 'the-right-token'

/** Status and code of every answer to these bytes. */
async function answers(bytes: string, from?: string) {
  const all = answersIn(await exchange(rig.port, bytes, from))
  return all.map(answer => ({ ...answer, code: expectDocumented(answer) }))
}
async function codes(bytes: string, from?: string) {
  return (await answers(bytes, from)).map(({ code, status }) => code ?? status)
}
const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`

describe('a name that is not this server', () => {
  const OTHERS = [
    'evil.example',
    'evil.example:9329',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'evil.example@localhost',
    'user:pass@localhost',
    'localhost/evil.example',
    'localhost#.evil.example',
    'localhost?evil',
    'localhost:80:80',
    'localhost:port',
    'localhost..',
    '.localhost',
    'localhost, evil.example',
    'evil.example, localhost',
    '[::1',
    '[::1]evil',
    '[::ffff:10.0.0.1]',
    '[fe80::1%25lo]',
    '0',
    '0.0.0.0',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '10.0.0.1',
    'l\u00f6calhost',
    'localhost\u00a0',
    'localhost\\evil',
    'xn--localhost',
    '*',
    'null',
  ]
  test('is 421 on every route that gives data, for every method, and is counted', async () => {
    rig = await startRig({ sseAllowOrigin: ['*'] })
    for (const host of OTHERS) {
      for (const path of ['/summary/events', '/summary/resync', '/summary/health', '/metrics']) {
        expect(await codes(raw(`GET ${path}`, { Host: host })), host).toEqual(['wrong_host'])
      }
      expect(await codes(raw('POST /summary/ticket', { Host: host, 'Content-Length': '0' }))).toEqual([
        'wrong_host',
      ])
      expect(
        await codes(raw('OPTIONS /summary/events', { Host: host, Origin: 'http://evil.example' })),
      ).toEqual(['wrong_host'])
    }
    expect(rig.rejected).toEqual(Array(OTHERS.length * 6).fill('host'))
    expect(rig.hub.joined).toEqual([])
    await expectServing(rig)
  })
  test('is 421 with a list too, whatever stands around the right name', async () => {
    rig = await startRig({ allowedHosts: ['dash.example', 'exact.example:8443', '[2001:db8::1]'] })
    const ask = (Host: string) => codes(raw('GET /summary/health', { Host }))
    for (const right of [
      'dash.example',
      'DASH.Example',
      'dash.example.',
      'dash.example:1',
      'exact.example:8443',
      '[2001:db8::1]:80',
    ]) {
      expect(await ask(right), right).toEqual([200])
    }
    for (const wrong of [
      ...OTHERS,
      'localhost',
      'xdash.example',
      'dash.example.evil',
      'exact.example',
      'exact.example:80',
      '[2001:db8::2]',
    ]) {
      expect(await ask(wrong), wrong).toEqual(['wrong_host'])
    }
  })
  test('in an absolute target is as wrong as in the header', async () => {
    rig = await startRig()
    expect(await codes(raw('GET http://evil.example/summary/health'))).toEqual(['wrong_host'])
    expect(await codes(raw('GET http://localhost@evil.example/summary/health'))).toEqual(['wrong_host'])
    expect(await codes(raw('GET http://localhost/summary/health', { Host: 'evil.example' }))).toEqual([
      'wrong_host',
    ])
    expect(await codes(raw('GET HTTP://LocalHost:80/summary/health'))).toEqual([200])
    expect(await codes(raw('GET http://evil.example?x=/summary/health'))).toEqual(['not_found'])
  })
  test('beside the right one is refused: two Host headers are no request', async () => {
    rig = await startRig()
    for (const hosts of [
      ['localhost', 'evil.example'],
      ['evil.example', 'localhost'],
      ['localhost', 'localhost'],
    ]) {
      const lines = hosts.map(host => `Host: ${host}`)
      expect(await codes(head('GET /summary/health HTTP/1.1', ...lines))).toEqual(['bad_request'])
    }
    expect(await codes(head('GET /livez HTTP/1.1', 'Host: a', 'host: b'))).toEqual(['bad_request'])
  })
  test('is nothing to HTTP/1.0 without a name, unless a list asks for one', async () => {
    rig = await startRig({ allowedHosts: ['dash.example'] })
    expect(await codes(head('GET /summary/health HTTP/1.0'))).toEqual(['wrong_host'])
    expect(await codes(head('GET /summary/health HTTP/1.1', 'Host:'))).toEqual(['wrong_host'])
  })
})

describe('X-Forwarded-For', () => {
  const SPOOFS = [
    '10.0.0.1',
    '10.0.0.1, 10.0.0.1',
    '::ffff:10.0.0.1',
    '"10.0.0.1"',
    '10.0.0.1:80',
    '[10.0.0.1]',
    ' 10.0.0.1 ',
    'for=10.0.0.1',
    '10.0.0.1,',
    `${'10.0.0.1,'.repeat(1_000)}10.0.0.1`,
  ]
  test('of anybody is not believed without a trusted proxy, nor under other names', async () => {
    rig = await startRig({ sseIpAllow: ['10.0.0.1'] })
    for (const spoof of SPOOFS) {
      for (const name of [
        'X-Forwarded-For',
        'Forwarded',
        'X-Real-IP',
        'True-Client-IP',
        'CF-Connecting-IP',
      ]) {
        expect(await codes(raw('GET /summary/health', { [name]: spoof })), `${name} ${spoof}`).toEqual([
          'address_not_allowed',
        ])
      }
    }
    expect(new Set(rig.logged().map(({ address }) => address))).toEqual(new Set(['127.0.0.1']))
  })
  test('behind a trusted proxy counts from the right: what the client wrote is passed over', async () => {
    rig = await startRig({ sseIpAllow: ['10.0.0.1'], trustProxy: ['127.0.0.1'] })
    const as = (chain: string, from?: string) =>
      codes(raw('GET /summary/health', { 'X-Forwarded-For': chain }), from)
    expect(await as('10.0.0.1')).toEqual([200])
    for (const spoof of SPOOFS) expect(await as(`${spoof}, 6.6.6.6`), spoof).toEqual(['address_not_allowed'])
    // Not through the proxy: the same header is worth nothing.
    expect(await as('10.0.0.1', '127.0.0.2')).toEqual(['address_not_allowed'])
    // An entry that is no address ends the walk at whoever passed it on.
    for (const nonsense of ['evil', '10.0.0.1.5', '10.0.0.1%00', '\u00310.0.0.1x', '<script>']) {
      expect(await as(`10.0.0.1, ${nonsense}`)).toEqual(['address_not_allowed'])
    }
    expect(rig.logged().every(({ address }) => /^[0-9a-f.:]+$/.test(String(address)))).toBe(true)
  })
  test('cannot buy new connections, nor more guesses', async () => {
    rig = await startRig({ sseApiToken: TOKEN, sseIpConnectRate: { count: 1, windowSec: 60 } })
    const guess = (i: number) =>
      codes(raw('GET /summary/health', { 'X-API-Token': `guess${i}`, 'X-Forwarded-For': `10.0.0.${i}` }))
    for (let i = 0; i < 10; i++) expect(await guess(i)).toEqual(['token_wrong'])
    expect(await guess(11)).toEqual(['too_many_wrong_tokens'])
    const stream = await openStream(rig, { 'X-API-Token': TOKEN, 'X-Forwarded-For': '10.1.1.1' })
    expect(stream.status).toBe(200)
    const second = raw('GET /summary/events', { 'X-API-Token': TOKEN, 'X-Forwarded-For': '10.1.1.2' })
    expect(await codes(second)).toEqual(['connect_rate'])
    stream.socket.destroy()
  })
})

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

describe('methods', () => {
  test('that are none of a path are 405, and open nothing', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    for (const method of [
      'PUT',
      'PATCH',
      'DELETE',
      'TRACE',
      'PROPFIND',
      'MKCOL',
      'LOCK',
      'SEARCH',
      'M-SEARCH',
      'SUBSCRIBE',
    ]) {
      expect(await codes(raw(`${method} /summary/health`)), method).toEqual(['method_not_allowed'])
    }
    for (const override of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      expect(await codes(raw('POST /summary/health', { [override]: 'GET', 'Content-Length': '0' }))).toEqual([
        'method_not_allowed',
      ])
    }
  })
  test('that are none at all, or ask for a tunnel, are refused', async () => {
    rig = await startRig()
    for (const method of ['GETT', 'get', 'G\0ET', 'PRI', '', ' GET', 'GET\t', '\u00c4']) {
      expect(await codes(`${method} /summary/health HTTP/1.1\r\nHost: localhost\r\n\r\n`), method).toEqual([
        'bad_request',
      ])
    }
    expect(await codes(raw('CONNECT localhost:22'))).toEqual([])
    expect(await codes(raw('CONNECT /summary/events'))).toEqual([])
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'x',
      'Sec-WebSocket-Version': '13',
    }
    expect(await codes(raw('GET /livez', upgrade))).toEqual([200])
    expect(await codes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toEqual(['bad_request'])
  })
  test('an expectation nobody can meet is passed over', async () => {
    rig = await startRig()
    expect(await codes(raw('GET /livez', { Expect: '200-ok' }))).toEqual([200])
    expect(await codes(raw('POST /livez', { Expect: '100-continue', 'Content-Length': '1' }))).not.toContain(
      200,
    )
  })
})

describe('paths', () => {
  const UP = [
    '..',
    '%2e%2e',
    '..%2f..',
    '%2e%2e%2f',
    '..%5c..',
    '....//',
    '%c0%ae%c0%ae',
    '..;',
    '.',
    '%00',
    '..%00',
  ]
  const FILES = [
    'package.json',
    'etc/passwd',
    'client.js',
    'src/http/server.ts',
    'indices_panel_enveloped.json',
    'manifest.json',
  ]
  test('that climb out of a file’s place lead nowhere', async () => {
    rig = await startRig()
    for (const start of [
      '',
      '/client.js',
      '/schemas',
      '/schemas/hello.json',
      '/chat',
      '/assets',
      '/panels',
      '/data/panels',
    ]) {
      for (const up of UP) {
        for (const file of FILES) {
          const [answer] = await answers(raw(`GET ${start}/${up}/${file}`))
          expect([400, 404], `${start}/${up}/${file}`).toContain(answer?.status)
        }
      }
    }
    for (const path of [
      '/client.js%00',
      '/client.js%00.html',
      '/client.js/',
      '/schemas/%00',
      '/schemas/hello.json%00',
      '/schemas/__proto__.json',
      '/schemas/constructor',
    ]) {
      const [answer] = await answers(raw(`GET ${path}`))
      expect([400, 404], path).toContain(answer?.status)
    }
  })
  test('written another way are guarded as what they are', async () => {
    rig = await startRig({ sseApiToken: TOKEN })
    for (const path of [
      '/summary/health',
      '/%73ummary/health',
      '/summary/%68ealth',
      '/summary/health?',
      '/summary/health#x',
      '/summary/health?ticket=x',
      'http://localhost/summary/health',
      '//summary/health',
      '/summary//health',
      '/summary/health/',
      '/summary/health;x',
      '/livez/../summary/health',
      '/SUMMARY/HEALTH',
      '/summary%2fhealth',
      '/\u0000summary/health',
    ]) {
      const [answer] = await answers(raw(`GET ${path}`))
      expect([400, 401, 404], path).toContain(answer?.status)
    }
  })
})

describe('pages of other sites', () => {
  const ORIGINS = [
    'null',
    'https://evil.example',
    'https://dash.example.evil',
    'https://xdash.example',
    'http://dash.example',
    'https://dash.example:444',
    'https://DASH.example',
    'https://dash.example/',
    ' https://dash.example.',
    'file://',
    '*',
    '',
  ]
  test('get no leave, neither in the answer nor in the preflight', async () => {
    rig = await startRig({ sseAllowOrigin: ['https://dash.example'] })
    for (const origin of ORIGINS) {
      for (const line of [
        'GET /summary/health',
        'GET /nothing',
        'OPTIONS /summary/events',
        'OPTIONS /summary/ticket',
      ]) {
        const [answer] = await answers(
          raw(line, {
            Origin: origin,
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'x-api-token',
            'Access-Control-Request-Private-Network': 'true',
          }),
        )
        expect(answer?.head.toLowerCase(), `${line} ${origin}`).not.toContain('access-control-')
      }
    }
  })
  test('leave is for the named origin, without credentials, and names no method a path does not have', async () => {
    rig = await startRig({ sseAllowOrigin: ['https://dash.example'], sseApiToken: TOKEN })
    const [answer] = await answers(
      raw('OPTIONS /summary/resync', {
        Origin: 'https://dash.example',
        'Access-Control-Request-Method': 'DELETE',
        'Access-Control-Request-Headers': 'cookie',
      }),
    )
    expect(answer?.status).toBe(204)
    expect(answer?.head).toMatch(/^access-control-allow-origin: https:\/\/dash\.example\r?$/im)
    expect(answer?.head).toMatch(/^access-control-allow-methods: GET, HEAD, OPTIONS\r?$/im)
    expect(answer?.head.toLowerCase()).not.toMatch(/allow-credentials|cookie/)
  })
})
