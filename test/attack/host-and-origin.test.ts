// False claims about host and origin: names of other hosts, forged addresses, pages of other sites.
import { afterEach, describe, expect, test } from 'vitest'
import { answersOf, codesOf, expectServing } from '../support/attack.js'
import { type Rig, raw, readStream, startRig } from '../support/http-rig.js'

let rig: Rig
afterEach(async () => {
  await rig.close()
})

const TOKEN = 'the-right-token'
const answers = (bytes: string, from?: string) => answersOf(rig.port, bytes, from)
const codes = (bytes: string, from?: string) => codesOf(rig.port, bytes, from)
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
  test('is 421 with a list too, whatever surrounds the right name', async () => {
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
  test('in an absolute target is refused like one in the header', async () => {
    rig = await startRig()
    expect(await codes(raw('GET http://evil.example/summary/health'))).toEqual(['wrong_host'])
    expect(await codes(raw('GET http://localhost@evil.example/summary/health'))).toEqual(['wrong_host'])
    expect(await codes(raw('GET http://localhost/summary/health', { Host: 'evil.example' }))).toEqual([
      'wrong_host',
    ])
    expect(await codes(raw('GET HTTP://LocalHost:80/summary/health'))).toEqual([200])
    expect(await codes(raw('GET http://evil.example?x=/summary/health'))).toEqual(['not_found'])
  })
  test('next to the right one is refused: two Host headers make a bad request', async () => {
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
  test('may be missing in HTTP/1.0, unless a list requires one', async () => {
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
  test('of any client is ignored without a trusted proxy, and so are other header names', async () => {
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
  test('behind a trusted proxy counts from the right: entries by the client are ignored', async () => {
    rig = await startRig({ sseIpAllow: ['10.0.0.1'], trustProxy: ['127.0.0.1'] })
    const as = (chain: string, from?: string) =>
      codes(raw('GET /summary/health', { 'X-Forwarded-For': chain }), from)
    expect(await as('10.0.0.1')).toEqual([200])
    for (const spoof of SPOOFS) expect(await as(`${spoof}, 6.6.6.6`), spoof).toEqual(['address_not_allowed'])
    // Not through the proxy: the same header is ignored.
    expect(await as('10.0.0.1', '127.0.0.2')).toEqual(['address_not_allowed'])
    // An entry that is not an address: the proxy that sent it counts as the client.
    for (const nonsense of ['evil', '10.0.0.1.5', '10.0.0.1%00', '\u00310.0.0.1x', '<script>']) {
      expect(await as(`10.0.0.1, ${nonsense}`)).toEqual(['address_not_allowed'])
    }
    expect(rig.logged().every(({ address }) => /^[0-9a-f.:]+$/.test(String(address)))).toBe(true)
  })
  test('cannot get more new connections, nor more guesses', async () => {
    rig = await startRig({ sseApiToken: TOKEN, sseIpConnectRate: { count: 1, windowSec: 60 } })
    const guess = (i: number) =>
      codes(raw('GET /summary/health', { 'X-API-Token': `guess${i}`, 'X-Forwarded-For': `10.0.0.${i}` }))
    for (let i = 0; i < 10; i++) expect(await guess(i)).toEqual(['token_wrong'])
    expect(await guess(11)).toEqual(['too_many_wrong_tokens'])
    const stream = await readStream(rig, { 'X-API-Token': TOKEN, 'X-Forwarded-For': '10.1.1.1' })
    expect(stream.status).toBe(200)
    const second = raw('GET /summary/events', { 'X-API-Token': TOKEN, 'X-Forwarded-For': '10.1.1.2' })
    expect(await codes(second)).toEqual(['connect_rate'])
    stream.socket.destroy()
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
  test('get no permission, neither in the answer nor in the preflight', async () => {
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
  test('permission is for the named origin, without credentials, and names only methods of the path', async () => {
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
