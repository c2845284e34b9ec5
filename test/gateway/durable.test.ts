// Streams read by the Durable Streams protocol: its published tests, and its published client.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { stream } from '@durable-streams/client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { WritableChatLog } from '../../src/chat/log/chat-log.js'
import { MemoryStore } from '../../src/chat/log/memory-store.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { startDurableWriter } from '../support/durable-writer.js'

/**
 * The tests that read. Left out: streams of JSON and of bytes, and a content type without a charset (a stream here is UTF-8 text), two that wait for the end of a poll of 20 s,
 * and the tests of writing, forks, subscriptions and expiry times.
 */
const READING = [
  'Read Operations',
  'Long-Poll Operations should return immediately',
  'Browser Security Headers.*(nosniff on (GET|HEAD|SSE)|Cross-Origin|Cache-Control)',
  'HEAD Metadata should return (404|tail)',
  'Offset Validation.*(sentinel|same data|correct tail|resume from|empty stream$|non-JSON|SSE mode|404|malformed|spaces|resumable|tail offset)',
  'Long-Poll Edge Cases should (require|generate|return immediately|echo)',
  'Caching and ETag should (generate|return)',
  'Read-Your-Writes',
  'SSE Mode.*(should return text|require offset|stream data|control events|cursor|correct offset|upToDate|SSE headers|text/plain payloads|CRLF|unique|reconnection)',
  'HEAD with Stream Closure',
  'Read Closed Streams',
  'Long-poll with Stream Closure',
  'SSE with Stream Closure sse-closed',
]

const SITE = 'https://app.example'
let rig: ChatRig
let writer: Awaited<ReturnType<typeof startDurableWriter>>
let store: MemoryStore
beforeAll(async () => {
  store = new MemoryStore({ logBytes: () => 64 * 1024 * 1024 })
  const http = { sseAllowOrigin: [SITE] }
  rig = await startChatRig({ store, chat: { relayUpstream: 'http://127.0.0.1:9', ...http }, http })
  writer = await startDurableWriter(store, rig.rig.url, id => `/v1/streams/${id}`)
})
afterAll(async () => {
  await writer.close()
  await rig.close()
})

test('the published tests of reading pass', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['test/support/run-durable-suite.mjs', `(${READING.join('|')})`],
    { env: { PATH: process.env.PATH, DURABLE_URL: writer.url } },
  )
  const { passed, failed } = JSON.parse(stdout) as { passed: string[]; failed: string[] }
  expect(failed).toEqual([])
  expect(passed.length).toBeGreaterThan(55)
}, 120_000)

const ID = 'S'.repeat(22)
const EVENTS = ['one', 'two\r\nevent: control', ' drei ü'].map(
  (text, at) => `id: ${ID}.${at}\ndata: ${text}\n\n`,
)
const url = () => `${rig.rig.url}/v1/streams/${ID}`

describe('its client', () => {
  let log: WritableChatLog
  beforeEach(() => {
    store.remove(ID)
    log = store.create({ streamId: ID, owner: null, identified: false, connectionId: 'c' })
  })
  function say(...texts: readonly string[]): void {
    for (const text of texts) log.append(text)
    log.publish()
  }

  test.each(['sse', 'long-poll'] as const)('reads an answer as it comes, each byte once (%s)', async live => {
    say(EVENTS[0] ?? '')
    let text = ''
    const response = await stream({ url: url(), offset: '-1', live })
    const done = new Promise<void>((resolve, reject) => {
      response.subscribeText(async chunk => {
        text += chunk.text
        if (!text.includes('two')) say(EVENTS[1] ?? '')
        else if (!text.includes('drei')) {
          say(EVENTS[2] ?? '')
          log.close('whole')
          log.publish()
        }
      })
      response.closed.then(resolve, reject)
    })
    await done
    // The framing of live=sse has one line end.
    const whole = EVENTS.join('')
    const expected = live === 'sse' ? whole.replaceAll('\r\n', '\n') : whole
    // The client may hear of the end before it hands out the last text.
    await until(() => text.length >= expected.length, 'the last text')
    expect(text).toBe(expected)
  })

  test('reads what is there, from where it was, and hears that it was cut', async () => {
    say(...EVENTS)
    log.close('cut')
    log.publish()
    const first = await fetch(`${url()}?offset=-1`)
    expect(await first.text()).toBe(EVENTS.join(''))
    const heads = (response: Response) =>
      ['stream-next-offset', 'stream-up-to-date', 'stream-closed', 'x-stream-end'].map(name =>
        response.headers.get(name),
      )
    expect(heads(first)).toEqual(['0000000000000003', 'true', 'true', 'cut'])
    const second = await stream({ url: url(), offset: '0000000000000002', live: false })
    expect(await second.text()).toBe(EVENTS[2])
    const etag = first.headers.get('etag') ?? ''
    const again = await fetch(`${url()}?offset=-1`, { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test.each(['', '&live=long-poll'])(
    'may read every header of it in a page of another origin (%s)',
    async more => {
      say(...EVENTS)
      log.close('whole')
      log.publish()
      const response = await fetch(`${url()}?offset=-1${more}`, { headers: { origin: SITE } })
      await response.text()
      const exposed = response.headers.get('access-control-expose-headers')?.toLowerCase().split(', ')
      const own = [...response.headers.keys()].filter(name => /^stream-|^x-stream-|^etag$/.test(name))
      expect([response.status, own.length]).toEqual([200, expect.toSatisfy((count: number) => count >= 4)])
      expect(own.filter(name => !exposed?.includes(name))).toEqual([])
      const asked = { origin: SITE, 'access-control-request-method': 'GET' }
      const preflight = await fetch(url(), { method: 'OPTIONS', headers: asked })
      expect(preflight.headers.get('access-control-allow-headers')).toContain('If-None-Match')
    },
  )

  test.each(['PUT', 'POST'])('cannot write by %s', async method => {
    expect((await fetch(url(), { method, body: 'x' })).status).toBe(405)
  })
})
