// The route of an app behind this server: what passes, whose stream it is, coming back and stopping.
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AiApp, startAiApp } from '../support/ai-app.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'

let app: AiApp
let rig: ChatRig
let open: AbortController[]
const aborts = new WeakMap<Response, AbortController>()

const table = (path: string, more: object = {}) => ({
  path,
  upstream: app.url,
  streamId: 'body.id',
  owner: ['cookie:session'],
  forward: ['cookie'],
  ...more,
})

beforeAll(async () => {
  app = await startAiApp()
  rig = await startChatRig({ chat: { relayRoutes: [table('/api/chat')], chatDisconnectGraceMs: 15_000 } })
})
afterAll(async () => {
  await rig.close()
  await app.close()
})
beforeEach(() => {
  open = []
  app.asked.length = 0
  app.instead = null
  rig.records.length = 0
})
afterEach(() => {
  for (const each of open) each.abort()
})

const ANNA = { cookie: 'session=anna' }

class Reading {
  text = ''
  failed = false
  readonly ended: Promise<void>
  constructor(readonly response: Response) {
    this.ended = this.#read()
  }
  async #read(): Promise<void> {
    try {
      for await (const piece of this.response.body ?? []) {
        this.text += Buffer.from(piece).toString()
      }
    } catch {
      this.failed = true
    }
  }
  /** What the AI SDK would show. */
  get shown(): string {
    return [...this.text.matchAll(/"delta":"([^"]*)"/g)].map(([, delta]) => delta).join('')
  }
  shows(text: string): Promise<void> {
    return until(() => this.shown === text, `${text}; it shows ${this.shown}`)
  }
  leave(): void {
    aborts.get(this.response)?.abort()
  }
}

async function call(method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  const abort = new AbortController()
  open.push(abort)
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(`${rig.rig.url}${path}`, {
    method,
    headers: { ...json, ...headers },
    signal: abort.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  aborts.set(response, abort)
  return response
}
const ask = (id: string, headers: Record<string, string> = ANNA) =>
  call('POST', '/api/chat?x=1', headers, { id, messages: [] })
const ends = () => rig.records.flatMap(each => (each.operation === 'stream.end' ? [each.reason] : []))

describe('a route of an app', () => {
  test('passes the request on with the configured headers, and the answer with its own', async () => {
    const response = await ask('pass', { ...ANNA, authorization: 'Bearer of-the-app', 'x-secret': '1' })
    const reading = new Reading(response)
    await app.say('Hi')
    await app.done()
    await reading.ended
    const [asked] = app.asked
    expect(asked?.url).toBe('/api/chat?x=1')
    expect(JSON.parse(asked?.body ?? '')).toEqual({ id: 'pass', messages: [] })
    expect(asked?.headers).toMatchObject({ cookie: 'session=anna', 'content-type': 'application/json' })
    expect([asked?.headers.authorization, asked?.headers['x-secret']]).toEqual([undefined, undefined])
    expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1')
    expect(response.headers.getSetCookie()).toEqual(['seen=1'])
    expect(response.headers.get('location')).toBe('/api/chat/pass/stream')
    expect(reading.text).toMatch(/^id: [\w-]{22}\.0\ndata: \{"type":"start","messageId":"message-1"\}\n\n/)
    expect(reading.text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect([reading.shown, reading.failed, ends()]).toEqual(['Hi', false, ['complete']])
  })

  test('gives the running answer again from its start, to its owner alone', async () => {
    const first = new Reading(await ask('mine'))
    await app.say('Hel')
    await first.shows('Hel')
    first.leave()
    const again = await call('GET', '/api/chat/mine/stream', ANNA)
    expect([again.status, again.headers.get('x-vercel-ai-ui-message-stream')]).toEqual([200, 'v1'])
    const second = new Reading(again)
    await second.shows('Hel')
    const path = `/v1/streams/${again.headers.get('x-stream-id')}`
    const others = await Promise.all([
      call('GET', '/api/chat/mine/stream', { cookie: 'session=bert' }),
      call('GET', '/api/chat/other/stream', ANNA),
      call('GET', '/api/chat/mine/stream'),
      call('DELETE', '/api/chat/mine/stream', { cookie: 'session=bert' }),
      call('DELETE', '/api/chat/mine/stream'),
      call('GET', path, ANNA),
    ])
    expect(others.map(({ status }) => status)).toEqual([204, 204, 404, 404, 404, 404])
    await app.say('lo')
    await app.done()
    await second.ended
    expect([second.shown, ends(), app.asked.length]).toEqual(['Hello', ['complete'], 1])
    expect((await call('GET', '/api/chat/mine/stream', ANNA)).status).toBe(204)
    const lastId = /id: (\S+)\n[^\n]*Hel/.exec(second.text)?.[1] ?? ''
    const rest = new Reading(await call('GET', '/api/chat/mine/stream', { ...ANNA, 'last-event-id': lastId }))
    await rest.ended
    expect(rest.shown).toBe('lo')
  })

  test('stops the app, as often as it is asked to, and cuts its readers', async () => {
    const reading = new Reading(await ask('stop'))
    await app.say('Hel')
    await reading.shows('Hel')
    const before = app.left()
    const stops = [0, 1].map(() => call('DELETE', '/api/chat/stop/stream', ANNA))
    expect((await Promise.all(stops)).map(({ status }) => status)).toEqual([202, 202])
    await until(() => app.left() > before, 'the app sees that nobody reads')
    await reading.ended
    expect([reading.failed, ends()]).toEqual([true, ['client_stop']])
    await app.done()
  })

  test.each([
    ['without the cookie', 'body', {}],
    ['without an id', '', ANNA],
  ])('%s answers, and ends with its reader', async (_, id, headers) => {
    const reading = new Reading(await ask(id, headers))
    await app.say('Hel')
    await reading.shows('Hel')
    expect(reading.response.headers.get('location')).not.toContain('/api/chat/')
    reading.leave()
    await until(() => ends().length === 1, 'the end')
    expect(ends()).toEqual(['idle'])
    await app.done()
  })

  describe('with an Idempotency-Key', () => {
    const keyed = (key: string, body: object = { id: key }, more: Record<string, string> = ANNA) =>
      call('POST', '/api/chat', { ...more, 'idempotency-key': key }, body)

    test('a repeated question joins the answer, running or ended, and the app is asked once', async () => {
      const [one, two] = await Promise.all([keyed('k1'), keyed('k1')])
      const readings = [new Reading(one), new Reading(two)]
      await app.say('Hi')
      await Promise.all(readings.map(each => each.shows('Hi')))
      const other = await keyed('k1', { id: 'k1', more: 1 })
      expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([
        409,
        'idempotency_conflict',
      ])
      await app.done()
      readings.push(new Reading(await keyed('k1')))
      await Promise.all(readings.map(each => each.ended))
      expect(readings.map(({ shown, failed }) => [shown, failed])).toEqual(Array(3).fill(['Hi', false]))
      expect([app.asked.length, ends()]).toEqual([1, ['complete']])
    })

    test('one that is cut before the app has answered is not asked twice', async () => {
      const answers: ServerResponse[] = []
      app.instead = response => void answers.push(response)
      const abort = new AbortController()
      const headers = { ...ANNA, 'content-type': 'application/json', 'idempotency-key': 'k2' }
      const lost = fetch(`${rig.rig.url}/api/chat`, {
        method: 'POST',
        headers,
        body: '{}',
        signal: abort.signal,
      })
      await until(() => answers.length === 1, 'asked')
      abort.abort()
      await expect(lost).rejects.toThrow()
      const again = keyed('k2', {})
      answers[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: x\n\n')
      const reading = new Reading(await again)
      await reading.ended
      expect([reading.text.endsWith('data: x\n\n'), app.asked.length]).toEqual([true, 1])
    })

    test('it is of its caller, and nothing to one who owns nothing', async () => {
      app.instead = response =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: x\n\n')
      for (const who of [ANNA, { cookie: 'session=bert' }, {}, {}]) {
        await new Reading(await keyed('k3', {}, who)).ended
      }
      expect([app.asked.length, (await keyed('not valid', {})).status]).toEqual([4, 400])
    })
  })

  test.each([
    ['JSON', 200, 'application/json', '{"a":1}'],
    ["the app's own refusal", 401, 'text/plain', 'Log in.'],
  ])('passes %s through unchanged', async (_, status, type, text) => {
    app.instead = response => response.writeHead(status, { 'Content-Type': type, 'X-App': 'mine' }).end(text)
    const response = await ask('json')
    expect([response.status, await response.text()]).toEqual([status, text])
    expect([response.headers.get('content-type'), response.headers.get('x-app')]).toEqual([type, 'mine'])
    expect(rig.records).toEqual([])
  })

  test('answers 502 for an app that is not there, and asks it once', async () => {
    app.instead = response => response.destroy()
    expect((await ask('gone')).status).toBe(502)
    expect(app.asked).toHaveLength(1)
  })

  test('keeps pages of other sites out', async () => {
    expect((await ask('cross', { ...ANNA, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  })
})

test.each(['/metrics', '/v1/chat/completions', '/v1/streams/x', '/api/v2/bali-zero/chat'])(
  'a path of the server itself, %s, is an error at start',
  async path => {
    await expect(startChatRig({ chat: { relayRoutes: [table(path)] } })).rejects.toThrow(
      /is one of the server's own/,
    )
  },
)
