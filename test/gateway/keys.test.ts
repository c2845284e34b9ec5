// Callers with keys of the relay's own, on a real server with a real database of keys.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openKeys, type StoredKey } from '../../src/chat/keys/database.js'
import { digestOf } from '../../src/chat/keys/key-text.js'
import { LiveKeys } from '../../src/chat/keys/live.js'
import { createChatLimits } from '../../src/chat/limits/limits.js'
import { systemClock } from '../../src/clock/clock.js'
import { systemTimers } from '../../src/clock/timers.js'
import type { Config } from '../../src/config/settings.js'
import { SETTINGS } from '../../src/config/settings.js'
import { silentLog } from '../../src/log/log.js'
import { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, type ChatRigOptions, chatRigForEach } from '../support/chat-rig.js'
import { type PassCall, PassClient, startPassUpstream } from '../support/pass-upstream.js'

const start = chatRigForEach()
const DEFAULTS = Object.fromEntries(SETTINGS.map(({ key, setting }) => [key, setting.default])) as Config
const LIMITS = { ...DEFAULTS, apiKeysInternal: ['internal-key'] }
const APP = { authorization: 'Bearer g6_app' }
const OTHER = { 'x-api-key': 'g6_other' }

let folder = ''
let path = ''
let keys: LiveKeys | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-keys-'))
  path = join(folder, 'keys.db')
})
afterEach(() => {
  keys?.close()
  keys = null
  rmSync(folder, { recursive: true })
})

function add(name: string, more: Partial<StoredKey> = {}): void {
  const database = openKeys(path, true)
  const none = {
    expiresAtMs: null,
    revokedAtMs: null,
    limit: null,
    live: null,
    tokensPerDay: null,
    models: null,
  }
  const digest = digestOf(`g6_${name}`)
  database.add({ id: `id-${name}`, name, digest, createdAtMs: Date.now(), ...none, ...more })
  database.close()
}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function server(options: ChatRigOptions = {}): Promise<ChatRig> {
  let here: ChatRig | null = null
  const live: LiveKeys = new LiveKeys({
    path,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
    onRevoked: () =>
      void here?.relay.dismiss(
        async credential => credential.kind === 'key' && !live.isInForce(credential.id),
      ),
  })
  keys = live
  await live.start()
  here = await start({
    ...options,
    keys: live,
    realLimits: createChatLimits({ settings: () => LIMITS, keys: live }),
  })
  return here
}

const status = async (
  here: ChatRig,
  headers: Readonly<Record<string, string>>,
): Promise<readonly unknown[]> => {
  const reader = await ask(here, undefined, headers).end()
  return reader.status === 200 ? [200] : [reader.status, reader.json.code]
}

test('a key is let in where others are not, and its streams are its own', async () => {
  add('app')
  add('other')
  const here = await server({
    chat: { chatAnonymous: false },
    http: { sseApiToken: 'the-token-of-this-server' },
  })
  expect(await status(here, {})).toEqual([401, 'token_missing'])
  expect(await status(here, { 'x-api-key': 'sk-anything' })).toEqual([401, 'token_missing'])
  expect(await status(here, { authorization: 'Bearer g6_no' })).toEqual([401, 'key_wrong'])
  expect(await status(here, { 'x-api-key': 'g6_no' })).toEqual([401, 'key_wrong'])
  expect(await status(here, { ...APP, 'x-api-key': 'g6_no' })).toEqual([401, 'key_wrong'])
  const mine = await ask(here, undefined, APP).end()
  expect([mine.status, mine.events[0]?.data]).toEqual([200, expect.objectContaining({ identified: false })])
  const at = (method: string, headers: Readonly<Record<string, string>>) =>
    new ChatReader(`${here.base}/chat-stream/${mine.streamId}?after=-1`, { method, headers }).end()
  expect((await at('GET', APP)).events.at(-1)?.type).toBe('done')
  for (const others of [OTHER, { authorization: 'Bearer person:ann' }]) {
    expect([(await at('GET', others)).status, (await at('DELETE', others)).status]).toEqual([404, 404])
  }
  expect((await at('DELETE', APP)).status).toBe(202)
  const recorded = here.records.filter(entry => 'key' in entry && entry.key === 'app')
  expect(recorded.map(({ operation }) => operation)).toEqual([
    'stream.start',
    'stream.end',
    'stream.resume',
    'stream.stop',
  ])
  // Neither the upstream nor the log sees the key.
  const sent = JSON.stringify([
    here.mock.requests.map(({ headers }) => headers),
    here.lines,
    here.rig.logged(),
  ])
  expect(sent).not.toContain('g6_app')
})

test('the key of a caller is not sent upstream where people’s tokens are', async () => {
  add('app')
  const here = await server({ chat: { chatForwardAuth: true, ragBackendToken: 'backend' } })
  await ask(here, undefined, APP).end()
  await ask(here, undefined, { authorization: 'Bearer person:ann', 'x-api-key': 'g6_app' }).end()
  expect(here.mock.requests.map(({ headers }) => [headers.authorization, headers['x-api-key']])).toEqual([
    ['Bearer backend', undefined],
    ['Bearer person:ann', undefined],
  ])
})

test('a wrong key is 401 however often it comes', async () => {
  add('app')
  const here = await server()
  const all = await Promise.all(
    Array.from({ length: 12 }, () => status(here, { authorization: 'Bearer g6_no' })),
  )
  expect(all).toEqual(Array(12).fill([401, 'key_wrong']))
})

test('a key that is revoked, or expires, while it reads: its connection ends, others stay', async () => {
  add('app')
  add('other', { expiresAtMs: null })
  const here = await server({ mock: { script: { tokens: 3, finish: 'stall' } } })
  const [app, other] = [ask(here, undefined, APP), ask(here, undefined, OTHER)]
  for (const reader of [app, other]) await reader.until(({ answer }) => answer !== '')
  const database = openKeys(path, false)
  database.revoke('app', Date.now())
  database.close()
  await app.end()
  expect([other.isOver, await status(here, APP)]).toEqual([false, [401, 'key_wrong']])
  expect(app.text).toContain(': auth_expired')
  await here.relay.close(0)
})

test('a reload ends the connections of keys that are no longer in force, and no others', async () => {
  add('app')
  const here = await server({ mock: { script: { tokens: 3, finish: 'stall' } } })
  const reader = await ask(here, undefined, APP).until(({ answer }) => answer !== '')
  here.rig.setConfig({ sseApiToken: 'a-token-that-keys-do-not-need' })
  here.setChat({ chatAnonymous: false })
  here.rig.server.reload()
  expect([await status(here, { authorization: 'Bearer g6_no' }), reader.isOver]).toEqual([
    [401, 'key_wrong'],
    false,
  ])
  await here.relay.close(0)
})

test('with a damaged database nobody with a key passes: 503, and nobody else is affected', async () => {
  writeFileSync(path, 'this is no database, and long enough to be looked at')
  const here = await server()
  expect(await status(here, APP)).toEqual([503, 'keys_unavailable'])
  expect(await status(here, { 'x-api-key': 'g6_whatever' })).toEqual([503, 'keys_unavailable'])
  expect([await status(here, {}), await status(here, { authorization: 'Bearer person:ann' })]).toEqual([
    [200],
    [200],
  ])
  here.rig.setConfig({ sseApiToken: 'the-token-of-this-server' })
  here.rig.server.reload()
  expect(await status(here, APP)).toEqual([503, 'keys_unavailable'])
  const health = await fetch(`${here.base}/chat-stream/health`, {
    headers: { 'X-API-Token': 'the-token-of-this-server' },
  })
  expect(await health.json()).toMatchObject({ keys: { ok: false, names: [] } })
})

describe('limits', () => {
  test('the answer that passes the budget is finished, the next is 429 until midnight, after a restart too', async () => {
    add('app', { tokensPerDay: 4, limit: { count: 60, windowSec: 60 } })
    const here = await server({ mock: { script: { tokens: 20 } } })
    const first = await ask(here, undefined, APP).end()
    expect([first.status, first.events.at(-1)?.type]).toEqual([200, 'done'])
    expect(first.headers['ratelimit-policy']).toBe('"starts";q=60;w=60, "tokens";q=4;w=86400')
    const second = await ask(here, undefined, APP).end()
    const untilMidnight = 86_400 - ((Date.now() / 1000) % 86_400)
    expect([second.status, second.json.code, second.headers['x-should-retry']]).toEqual([
      429,
      'tokens_spent',
      'false',
    ])
    expect(Math.abs(Number(second.headers['retry-after']) - untilMidnight)).toBeLessThan(60)
    expect(second.headers.ratelimit).toMatch(/^"tokens";r=0;t=\d+$/)
    expect(here.records.at(-1)).toMatchObject({ operation: 'security.rate_limit_violation', key: 'app' })
    keys?.close()
    const again = new LiveKeys({
      path,
      clock: systemClock,
      timers: systemTimers,
      log: silentLog,
      onRevoked: () => {},
    })
    keys = again
    const found = await again.find('g6_app')
    expect(found.kind === 'found' && again.used(found.key).tokens).toBeGreaterThan(4)
    expect(again.names).toEqual(['app'])
  })
  test('its own rate, its own live answers, and its models', async () => {
    add('app', { limit: { count: 2, windowSec: 60 }, live: 1 })
    add('other', { models: ['fast'] })
    const here = await server({
      mock: { script: { tokens: 3, finish: 'stall' } },
      chat: { chatModel: 'slow' },
    })
    const reader = await ask(here, undefined, APP).until(({ answer }) => answer !== '')
    expect(await status(here, APP)).toEqual([429, 'too_many_streams_of_user'])
    expect(await status(here, APP)).toEqual([429, 'rate_limited'])
    expect(await status(here, OTHER)).toEqual([403, 'model_not_allowed'])
    expect(here.records.at(-1)).toMatchObject({
      operation: 'security.forbidden',
      code: 'model_not_allowed',
      key: 'other',
    })
    const health = await fetch(`${here.base}/chat-stream/health`)
    expect(await health.json()).toMatchObject({ keys: { ok: true, names: ['app', 'other'] } })
    await here.relay.close(0)
    await reader.end()
  })
})

describe('the routes of pass-through', () => {
  const TOKEN = 'the-token-of-this-server'
  const JWT = ['{"alg":"none"}', '{"sub":"ann"}', 'x']
    .map(part => Buffer.from(part).toString('base64url'))
    .join('.')
  const QUESTION = { model: 'fast', messages: [] }

  async function pass(options: ChatRigOptions = {}) {
    const upstream = await startPassUpstream()
    const here = await server({
      ...options,
      chat: { relayUpstream: upstream.url, ragBackendUrl: [], relayPass: ['/v1/images'], ...options.chat },
    })
    // The rig closes first, and with it its connections to the backend.
    closers.push(() => upstream.close())
    const call = (
      headers: Readonly<Record<string, string>>,
      path = '/v1/chat/completions',
      body: object = QUESTION,
    ) => new PassClient(`${here.rig.url}${path}`, { headers, body })
    const refused = async (...args: Parameters<typeof call>) => {
      const { status, json } = await call(...args).over()
      return [status, json.code]
    }
    /** The request as the backend got it, which answers with this. */
    const sent = async (client: PassClient, answer: object = { ok: true }) => {
      const asked = await Promise.race([upstream.next(), client.over()])
      if (asked === client) throw new Error(`refused: ${client.status} ${client.text}`)
      const { request, response } = asked as PassCall
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      expect((await client.over()).status).toBe(200)
      return request
    }
    return { here, call, refused, sent, asked: upstream.asked }
  }

  test('are for known callers where other machines reach them, whatever a proxy says', async () => {
    add('app')
    const open = { httpHost: '0.0.0.0', allowOpen: true, trustProxy: ['127.0.0.1'] }
    const { here, call, refused, sent, asked } = await pass({ http: open })
    const local = { 'x-forwarded-for': '127.0.0.1' }
    for (const headers of [
      {},
      { authorization: 'Bearer sk-x' },
      { 'x-api-key': 'sk-x' },
      { 'x-api-key': JWT },
    ]) {
      const code = 'x-api-key' in headers && headers['x-api-key'] === JWT ? 'token_wrong' : 'caller_unknown'
      expect(await refused({ ...headers, ...local })).toEqual([401, code])
    }
    expect(await refused({}, '/v1/models', {})).toEqual([405, 'method_not_allowed'])
    expect(await refused({ 'x-api-key': 'g6_no' })).toEqual([401, 'key_wrong'])
    expect(asked()).toBe(0)
    for (const headers of [APP, { 'x-api-key': 'g6_app' }, { 'x-api-key': 'internal-key' }])
      await sent(call(headers))
    here.setChat({ relayAnonymous: true })
    await sent(call({}))
    here.setChat({ chatAnonymous: false })
    expect(await refused({})).toEqual([401, 'caller_unknown'])
  })

  test('need the server’s token, a JWT or a relay key where there is a token', async () => {
    add('app')
    const { call, refused, sent } = await pass({ http: { sseApiToken: TOKEN } })
    expect(await refused({})).toEqual([401, 'token_missing'])
    expect(await refused({ authorization: 'Bearer sk-x' })).toEqual([401, 'token_wrong'])
    expect(await refused({ 'x-api-key': 'sk-x' })).toEqual([401, 'token_missing'])
    for (const headers of [
      APP,
      { 'x-api-key': 'g6_app' },
      { authorization: `Bearer ${TOKEN}` },
      { 'x-api-token': TOKEN },
    ])
      await sent(call(headers))
  })

  const OURS: Readonly<Record<string, string>> = {
    'relay key': 'g6_app',
    'server’s token': TOKEN,
    JWT,
    internal: 'internal-key',
  }
  test.each(Object.entries(OURS))(
    'send no %s on, whatever header or parameter it is in',
    async (_, secret) => {
      add('app')
      const http = { sseApiToken: TOKEN }
      const apiKeysInternal = ['internal-key']
      const { here, call, sent } = await pass({
        http,
        chat: { ...http, relayForwardKey: true, apiKeysInternal },
      })
      here.flag.hasKey = false
      const places: readonly Readonly<Record<string, string>>[] = [
        { authorization: `Bearer ${secret}` },
        { authorization: secret },
        { 'x-api-key': secret },
        { 'api-key': secret },
        { 'x-goog-api-key': secret },
        { 'proxy-authorization': `Bearer ${secret}` },
        { cookie: `session=${secret}` },
        { 'openai-organization': secret },
        { 'anthropic-key': secret },
        { 'x-stainless-os': secret },
      ]
      for (const place of places) {
        const { headers, url } = await sent(call({ 'x-api-token': TOKEN, ...place }, '/v1/embeddings'))
        expect(JSON.stringify([headers, url]), JSON.stringify(place)).not.toContain(secret)
      }
      for (const path of ['/v1/embeddings', '/v1/chat/completions']) {
        const escaped = secret.replaceAll('e', '%65')
        const query = `?beta=true&key=${secret}&api_key=${escaped}&on_disconnect=cancel`
        expect((await sent(call({ 'x-api-token': TOKEN }, `${path}${query}`))).url).toBe(`${path}?beta=true`)
      }
      expect(JSON.stringify([here.lines, here.rig.logged(), here.records])).not.toContain(secret)
    },
  )

  test('send a key of a backend on in its own header, and no key of the operator', async () => {
    const { call, sent } = await pass({ chat: { relayForwardKey: true, ragBackendToken: 'operators' } })
    const own = await sent(call({ authorization: 'Bearer sk-mine' }))
    expect([own.headers.authorization, own.headers['x-api-key']]).toEqual(['Bearer sk-mine', undefined])
    const other = await sent(call({ 'x-api-key': 'sk-mine' }, '/v1/messages'))
    expect([other.headers.authorization, other.headers['x-api-key']]).toEqual([undefined, 'sk-mine'])
  })

  test('count what the backend counted, refuse other models on every path, and stop at the budget', async () => {
    add('app', { tokensPerDay: 60, models: ['fast'] })
    const { here, call, refused, sent, asked } = await pass()
    const tokens = (): number => {
      const found = openKeys(path, false)
      keys?.close()
      const [use] = found.usage(0)
      found.close()
      return (use?.in ?? 0) + (use?.out ?? 0)
    }
    for (const path of ['/v1/chat/completions', '/v1/embeddings', '/v1/images']) {
      expect(await refused(APP, path, { model: 'slow' }), path).toEqual([403, 'model_not_allowed'])
      expect(await refused(APP, path, {}), path).toEqual([403, 'model_not_allowed'])
    }
    expect(asked()).toBe(0)
    await sent(call(APP, '/v1/embeddings'), { data: [], usage: { prompt_tokens: 11, total_tokens: 11 } })
    await sent(call(APP), { choices: [], usage: { prompt_tokens: 20, completion_tokens: 30 } })
    // 61 are spent: this one is refused before its body is read.
    const last = await call(APP).over()
    expect([last.status, last.json.code, last.json.error.code]).toEqual([429, 'tokens_spent', 'tokens_spent'])
    expect(last.headers['x-should-retry']).toBe('false')
    expect(here.records.at(-1)).toMatchObject({ key: 'app', code: 'tokens_spent' })
    expect(tokens()).toBe(61)
  })
})
