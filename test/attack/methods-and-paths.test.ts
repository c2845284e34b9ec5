// Invalid methods, and paths in other spellings.
import { afterEach, describe, expect, test } from 'vitest'
import { answersOf, codesOf } from '../support/attack.js'
import { type Rig, raw, startRig } from '../support/http-rig.js'

let rig: Rig
afterEach(async () => {
  await rig.close()
})

const TOKEN = 'the-right-token'
const answers = (bytes: string, from?: string) => answersOf(rig.port, bytes, from)
const codes = (bytes: string, from?: string) => codesOf(rig.port, bytes, from)

describe('methods', () => {
  test('that a path does not have are 405, and open nothing', async () => {
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
  test('that do not exist, and CONNECT, are refused', async () => {
    rig = await startRig()
    for (const method of ['GETT', 'get', 'G\0ET', 'PRI', '', ' GET', 'GET\t', '\u00c4']) {
      expect(await codes(`${method} /summary/health HTTP/1.1\r\nHost: localhost\r\n\r\n`), method).toEqual([
        'bad_request',
      ])
    }
    expect(await codes(raw('CONNECT localhost:22'))).toEqual(['bad_request'])
    expect(await codes(raw('CONNECT /summary/events'))).toEqual(['bad_request'])
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'x',
      'Sec-WebSocket-Version': '13',
    }
    expect(await codes(raw('GET /livez', upgrade))).toEqual([200])
    expect(await codes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toEqual(['bad_request'])
  })
  test('an Expect header that cannot be met is ignored', async () => {
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
  test('that climb out of the folder lead nowhere', async () => {
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
  test('in another spelling have the same guards', async () => {
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
      '/livez/../metrics',
      '/SUMMARY/HEALTH',
      '/summary%2fhealth',
      '/\u0000summary/health',
    ]) {
      const [answer] = await answers(raw(`GET ${path}`))
      expect([400, 401, 404], path).toContain(answer?.status)
    }
    expect(await codes(raw('GET http://localhost/summary/health'))).toEqual(['token_missing'])
    expect(await codes(raw('GET /%73ummary/health', { 'X-API-Token': TOKEN }))).toEqual([200])
  })
})
