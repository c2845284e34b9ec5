// One caller, or one answer, cannot use up the readers of all: every reader is counted, on every route, until its connection
// has ended. Over real sockets.
import { describe, expect, test } from 'vitest'
import { READERS_PER_CALLER, READERS_PER_STREAM } from '../../src/chat/limits/reader-places.js'
import { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, chatRigForEach, resume, stop, until } from '../support/chat-rig.js'

const start = chatRigForEach()

const HALF_WAY = { tokens: 3, finish: 'stall' } as const
const KEY = { 'idempotency-key': 'k' }
const has = (count: number) => (reader: ChatReader) => reader.ofType('token').length >= count
const from = (address: string) => ({ 'x-forwarded-for': address })

/** A rig whose callers may say which address they come from. */
const startProxied = (): Promise<ChatRig> =>
  start({ http: { trustProxy: ['127.0.0.1'] }, mock: { script: HALF_WAY } })

/** Ways into one answer; each begins, and resolves when it is in. */
type Way = (here: ChatRig, streamId: string, headers: Readonly<Record<string, string>>) => ChatReader
const WAYS: Readonly<Record<string, Way>> = {
  'a resume': (here, streamId, headers) => resume(here, streamId, 0, headers),
  'an EventSource that returns': (here, streamId, headers) =>
    new ChatReader(`${here.base}/chat-stream`, {
      headers: { ...headers, 'last-event-id': `${streamId}.0` },
    }),
  'a question asked again': (here, _, headers) => ask(here, undefined, { ...headers, ...KEY }),
  'a question asked again by GET': (here, _, headers) =>
    new ChatReader(`${here.base}/chat-stream?query=${encodeURIComponent('what is a KITAS?')}`, {
      headers: { ...headers, ...KEY },
    }),
}

describe('one caller has 16 readers over all routes', () => {
  test.each(Object.entries(WAYS))('%s is 429 beyond, and others read on', async (_, way) => {
    const here = await startProxied()
    const mine = from('192.0.2.1')
    const first = await ask(here, undefined, { ...mine, ...KEY }).until(has(3))
    const readers = [first]
    while (readers.length < READERS_PER_CALLER) readers.push(way(here, first.streamId, mine))
    for (const reader of readers) await reader.until(has(2))
    const begun = here.records.length
    const late = await way(here, first.streamId, mine).end()
    expect([late.status, late.json.code]).toEqual([429, 'too_many_readers_of_user'])
    const retryAfter = Number(late.headers['retry-after'])
    expect([3, 4, 5, 6, 7, 8]).toContain(retryAfter)
    expect(late.json).toMatchObject({ ok: false, error: 'RATE_LIMIT_EXCEEDED', retryAfter })
    expect(here.records.slice(begun)).toMatchObject([
      { operation: 'security.rate_limit_violation', code: 'too_many_readers_of_user', address: '192.0.2.1' },
    ])
    await ask(here, undefined, from('192.0.2.2')).until(has(3))
    // One leaves, another may come.
    readers[5]?.cut()
    await until(() => here.relay.readers === READERS_PER_CALLER, 'one has left')
    await way(here, first.streamId, mine).until(has(2))
    expect((await way(here, first.streamId, mine).end()).status).toBe(429)
    expect(here.mock.requests).toHaveLength(2)
  })

  test('a client that waits for a whole answer is a reader too, until it leaves', async () => {
    const here = await startProxied()
    const mine = from('192.0.2.1')
    const waiting = Array.from({ length: READERS_PER_CALLER }, () =>
      ask(here, undefined, { ...mine, ...KEY }, '/chat'),
    )
    await until(async () => {
      const { json } = await ask(here, { query: 'mock:{"finish":"done"}' }, mine, '/chat').end()
      return json.code === 'too_many_readers_of_user'
    }, 'all wait')
    for (const reader of waiting.slice(1)) reader.cut()
    // The answer continues for the one that stays; the places of the others are free.
    await until(async () => {
      const { status } = await resume(here, 'AAAAAAAAAAAAAAAAAAAAAA', null, mine).end()
      return status === 404
    }, 'places are free')
    expect(here.mock.open()).toBe(1)
  })

  test('a caller with an internal key is not counted', async () => {
    const here = await startProxied()
    const internal = { ...from('192.0.2.1'), 'x-api-key': 'internal-key' }
    const first = await ask(here, undefined, internal).until(has(3))
    const readers = Array.from({ length: READERS_PER_CALLER + 4 }, () =>
      resume(here, first.streamId, 0, internal),
    )
    for (const reader of readers) await reader.until(has(2))
  })
})

test('one answer has 64 readers of all callers; another answer has its own', async () => {
  const here = await startProxied()
  const first = await ask(here, undefined, from('192.0.2.0')).until(has(3))
  const readers = Array.from({ length: READERS_PER_STREAM - 1 }, (_, i) =>
    resume(here, first.streamId, 0, from(`192.0.2.${i}`)),
  )
  for (const reader of readers) await reader.until(has(2))
  const late = await resume(here, first.streamId, 0, from('198.51.100.1')).end()
  expect([late.status, late.json.code]).toEqual([429, 'too_many_readers_of_stream'])
  expect(late.headers['retry-after']).toMatch(/^[3-8]$/)
  const other = await ask(here, undefined, from('198.51.100.1')).until(has(3))
  await resume(here, other.streamId, 0, from('198.51.100.2')).until(has(2))
  readers[0]?.cut()
  await until(() => here.relay.readers === READERS_PER_STREAM + 1, 'one has left')
  await resume(here, first.streamId, 0, from('198.51.100.1')).until(has(2))
})

describe('the place of a reader is free again', () => {
  /** Each ends one request in another way; none leaves a place behind. */
  const ENDS: Readonly<Record<string, (here: ChatRig) => Promise<unknown>>> = {
    'when the answer ends': here => ask(here, { query: 'mock:{"finish":"done"}' }).end(),
    'when a whole answer is out': here => ask(here, { query: 'mock:{"finish":"done"}' }, {}, '/chat').end(),
    'when the reader goes': async here => {
      const reader = await ask(here).until(has(3))
      reader.cut()
      await stop(here, reader.streamId)
    },
    'when the answer is stopped': async here => {
      const reader = await ask(here).until(has(3))
      await stop(here, reader.streamId)
      await reader.end()
    },
    'when the reader goes before the first word': async here => {
      const asked = here.mock.requests.length
      const reader = ask(here, { query: 'mock:{"headMs":60000}' })
      await until(() => here.mock.requests.length > asked, 'asked')
      reader.cut()
      await here.mock.requests[asked]?.closed
    },
    'when the backend fails before the first word': here => ask(here, { query: 'mock:{"status":404}' }).end(),
    'when the question is none': here => ask(here, {}).end(),
    'when a key has another question': async here => {
      const reader = await ask(here, { query: 'mock:{"finish":"done"}' }, KEY).end()
      expect(reader.status).toBe(200)
      expect((await ask(here, { query: 'b' }, KEY).end()).status).toBe(409)
    },
    'when there is nothing to resume': async here => {
      const reader = await ask(here, { query: 'mock:{"finish":"done"}' }).end()
      expect((await resume(here, reader.streamId, reader.lastSequence).end()).status).toBe(204)
      expect((await resume(here, 'AAAAAAAAAAAAAAAAAAAAAA', null).end()).status).toBe(404)
      expect((await resume(here, `${reader.streamId}?after=x`, null).end()).status).toBe(400)
    },
    'when the credential is no longer valid': async here => {
      const reader = await ask(here).until(has(3))
      await here.relay.dismiss(() => Promise.resolve(true))
      await reader.end()
      await stop(here, reader.streamId)
    },
  }
  test.each(Object.entries(ENDS))('%s', async (_, endOne) => {
    const here = await start({ mock: { script: HALF_WAY } })
    // More often than there are places.
    for (let i = 0; i < READERS_PER_CALLER + 1; i++) await endOne(here)
    await until(() => here.relay.readers === 0 && here.limits.leased === 0, 'nothing is left')
    const last = await ask(here, { query: 'mock:{"finish":"done"}' }).end()
    expect(last.status).toBe(200)
    // All of them, at once.
    const first = await ask(here).until(has(3))
    const others = Array.from({ length: READERS_PER_CALLER - 1 }, () => resume(here, first.streamId, 0))
    for (const other of others) await other.until(has(2))
    await stop(here, first.streamId)
  })
})
