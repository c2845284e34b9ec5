// The tokens of a key on every route, as the program puts its parts together: metrics, budget, and the day's use in the database.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chat, createChat } from '../../src/app/chat.js'
import { openKeys } from '../../src/chat/keys/database.js'
import { digestOf } from '../../src/chat/keys/key-text.js'
import { systemClock } from '../../src/clock/clock.js'
import { loadConfig } from '../../src/config/load.js'
import { Connections } from '../../src/connection/connections.js'
import { silentLog } from '../../src/log/log.js'
import { createMetrics, type Metrics } from '../../src/metrics/metrics.js'
import { until } from '../support/chat-rig.js'
import { type Rig, startRig } from '../support/http-rig.js'
import { PassClient, type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'

let folder = ''
let upstream: PassUpstream
let chat: Chat
let rig: Rig
let metrics: Metrics
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-spending-'))
  upstream = await startPassUpstream()
  const database = openKeys(join(folder, 'keys.db'), true)
  const none = { expiresAtMs: null, revokedAtMs: null, limit: null, live: null, models: null }
  const digest = digestOf('g6_app')
  database.add({ id: 'app', name: 'app', digest, createdAtMs: Date.now(), ...none, tokensPerDay: 200 })
  database.close()
  const loaded = loadConfig({
    env: {
      G6_RELAY_UPSTREAM: upstream.url,
      G6_RELAY_PASS: 'POST /v1/images/generations',
      G6_KEYS_DB: join(folder, 'keys.db'),
      ENABLE_AUDIT_TRAIL: '0',
    },
  })
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
  metrics = createMetrics({ extended: false, processDefaults: false, version: '0', node: '0' })
  const { config } = loaded
  chat = createChat({
    config: () => config,
    metrics,
    log: silentLog,
    clock: systemClock,
    connections: new Connections(),
  })
  await chat.start()
  rig = await startRig({}, { plugins: chat.plugins })
})
afterAll(async () => {
  await chat.close(0)
  await rig.close()
  await upstream.close()
  rmSync(folder, { recursive: true })
})

/** In and out, as the metrics have them. */
async function counted(): Promise<readonly number[]> {
  const { body: text } = await metrics.text()
  return ['in', 'out'].map(direction =>
    Number(
      new RegExp(`g6_relay_tokens_total\\{key="app",direction="${direction}"\\} (\\d+)`).exec(text)?.[1] ?? 0,
    ),
  )
}
const ask = (path: string, body: object) =>
  new PassClient(`${rig.url}${path}`, { body, headers: { authorization: 'Bearer g6_app' } })

test('every route spends the tokens of its key, and the budget ends all of them', async () => {
  const stream = { model: 'm', stream: true, messages: [] }
  const data = (value: object | string): string =>
    `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
  const usage = { usage: { prompt_tokens: 10, completion_tokens: 20 } }
  const steps: readonly (readonly [
    path: string,
    body: object,
    answer: string | object,
    spent: readonly number[],
  ])[] = [
    ['/v1/chat/completions', stream, data({ choices: [], ...usage }) + data('[DONE]'), [10, 20]],
    ['/v1/chat/completions', { ...stream, stream: false }, { choices: [], ...usage }, [20, 40]],
    [
      '/v1/embeddings',
      { model: 'e', input: 'x' },
      { data: [], usage: { prompt_tokens: 5, total_tokens: 5 } },
      [25, 40],
    ],
    [
      '/v1/images/generations',
      { prompt: 'x' },
      { data: [], usage: { input_tokens: 3, output_tokens: 140 } },
      [28, 180],
    ],
  ]
  for (const [path, body, answer, spent] of steps) {
    const client = ask(path, body)
    const { response } = await upstream.next()
    const isStream = typeof answer === 'string'
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
    response.end(isStream ? answer : JSON.stringify(answer))
    expect((await client.over()).status).toBe(200)
    await until(async () => String(await counted()) === String(spent), `${path} is counted`)
  }
  const before = upstream.asked()
  for (const [path, body] of steps) {
    const refused = await ask(path, body).over()
    expect([refused.status, refused.json.error.code]).toEqual([429, 'tokens_spent'])
  }
  expect(upstream.asked()).toBe(before)
  await chat.close(0)
  const database = openKeys(join(folder, 'keys.db'), false)
  const [use] = database.usage(0)
  database.close()
  expect([use?.in, use?.out, use?.answers]).toEqual([28, 180, 4])
})
