import { describe, expect, test } from 'vitest'
import { noKeys, type RelayKey } from '../ports.js'
import { createChatLimits, type LimitSettings } from './limits.js'

const SETTINGS: LimitSettings = {
  chatRate: { count: 3, windowSec: 60 },
  chatMaxStreams: 3,
  chatMaxStreamsPerUser: 2,
  apiKeysInternal: ['first-key', 'second-key'],
}

const who = (key: string) => ({ key, relayKey: null })

/** The wall clock has another zero than the monotonic one. */
const WALL_MS = 1_700_000_000_000

function limits(changes: Partial<LimitSettings> = {}, keys = noKeys) {
  let nowMs = 0
  let settings = { ...SETTINGS, ...changes }
  const chat = createChatLimits({
    settings: () => settings,
    keys,
    clock: { nowMs: () => WALL_MS + nowMs, monotonicMs: () => nowMs },
  })
  return {
    ...chat,
    pass: (ms: number) => {
      nowMs += ms
    },
    reload: (more: Partial<LimitSettings>) => {
      settings = { ...settings, ...more }
    },
  }
}

describe('starts', () => {
  test('are counted down, and Retry-After is the time that is left', async () => {
    const chat = limits()
    expect(await chat.start(who('a'))).toEqual({
      ok: true,
      headers: {
        'RateLimit-Policy': '"starts";q=3;w=60',
        RateLimit: '"starts";r=2;t=60',
        'X-RateLimit-Limit': '3',
        'X-RateLimit-Remaining': '2',
        'X-RateLimit-Reset': '1700000060',
      },
    })
    chat.pass(10_000)
    await chat.start(who('a'))
    expect((await chat.start(who('a'))).headers.RateLimit).toBe('"starts";r=0;t=50')
    chat.pass(20_500)
    const refused = await chat.start(who('a'))
    expect(refused).toMatchObject({ ok: false, retryAfterSec: 30 })
    expect(refused.headers).toMatchObject({
      'Retry-After': '30',
      RateLimit: '"starts";r=0;t=30',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': '1700000060',
    })
    chat.pass(30_000)
    expect((await chat.start(who('a'))).ok).toBe(true)
    expect((await chat.start(who('a'))).ok).toBe(false)
  })

  test('are never more than the limit in any window, across its edge too', async () => {
    const chat = limits()
    chat.pass(59_000)
    for (let i = 0; i < 3; i++) await chat.start(who('a'))
    chat.pass(2_000)
    expect((await chat.start(who('a'))).ok).toBe(false)
  })

  test('that are refused count for nobody', async () => {
    const chat = limits()
    for (let i = 0; i < 9; i++) await chat.start(who('a'))
    expect((await chat.start(who('b'))).ok).toBe(true)
    chat.pass(60_000)
    expect((await chat.start(who('a'))).headers.RateLimit).toBe('"starts";r=2;t=60')
  })

  test('without a limit carry no headers, and a reload holds at once', async () => {
    const chat = limits({ chatRate: { count: 0, windowSec: 60 } })
    expect(await chat.start(who('a'))).toEqual({ ok: true, headers: {} })
    chat.reload({ chatRate: { count: 1, windowSec: 60 } })
    await chat.start(who('a'))
    expect((await chat.start(who('a'))).ok).toBe(false)
  })
})

describe('leases', () => {
  test('are bounded for each caller and for all', () => {
    const chat = limits()
    const first = chat.lease(who('a'))
    chat.lease(who('a'))
    expect(chat.lease(who('a'))).toBe('user')
    chat.lease(who('b'))
    expect(chat.lease(who('c'))).toBe('instance')
    if (typeof first === 'string') throw new Error(`no lease: ${first}`)
    first.release()
    first.release()
    expect(typeof chat.lease(who('c'))).toBe('object')
    expect(chat.lease(who('d'))).toBe('instance')
  })

  test('of an internal caller count for the instance only', () => {
    const chat = limits()
    const held = Array.from({ length: 3 }, () => chat.lease(null))
    expect(held.map(lease => typeof lease)).toEqual(['object', 'object', 'object'])
    expect([chat.lease(null), chat.lease(who('a'))]).toEqual(['instance', 'instance'])
    for (const lease of held) if (typeof lease === 'object') lease.release()
    expect(typeof chat.lease(who('a'))).toBe('object')
  })
})

describe('of a relay key', () => {
  const KEY: RelayKey = {
    id: 'k1',
    name: 'app',
    expiresAtMs: null,
    models: null,
    limit: { count: 5, windowSec: 10 },
    live: 3,
    tokensPerDay: 100,
  }
  const app = (more: Partial<RelayKey> = {}) => ({ key: 'k:k1', relayKey: { ...KEY, ...more } })
  /** With so many tokens used. */
  const spent = (tokens: number, changes: Partial<LimitSettings> = {}) =>
    limits(changes, { ...noKeys, used: () => ({ tokens, untilResetMs: 3_600_500 }) })

  test('its own limits hold instead of the settings, and both are in the headers', async () => {
    const chat = spent(30)
    expect((await chat.start(app())).headers).toMatchObject({
      'RateLimit-Policy': '"starts";q=5;w=10, "tokens";q=100;w=86400',
      RateLimit: '"starts";r=4;t=10, "tokens";r=70;t=3601',
      'X-RateLimit-Limit': '5',
    })
    for (let i = 0; i < 4; i++) await chat.start(app())
    const refused = await chat.start(app())
    expect(refused).toMatchObject({ ok: false, code: 'rate_limited', retryAfterSec: 10 })
    expect(refused.headers['Retry-After']).toBe('10')
    const held = [1, 2, 3].map(() => chat.lease(app()))
    expect([...held.map(lease => typeof lease), chat.lease(app({ live: 4 }))]).toEqual([
      'object',
      'object',
      'object',
      'instance',
    ])
    expect(spent(0, { chatMaxStreams: 9 }).lease(app({ live: null }))).toBeTypeOf('object')
  })
  test('without limits of its own those of the settings hold', async () => {
    const chat = spent(0, { chatMaxStreams: 9 })
    const plain = app({ limit: null, live: null, tokensPerDay: null })
    expect((await chat.start(plain)).headers['RateLimit-Policy']).toBe('"starts";q=3;w=60')
    chat.lease(plain)
    chat.lease(plain)
    expect(chat.lease(plain)).toBe('user')
  })
  test('that has spent its tokens begins nothing before the reset, and no start is counted', async () => {
    const chat = spent(100)
    expect(await chat.start(app())).toEqual({
      ok: false,
      code: 'tokens_spent',
      retryAfterSec: 3601,
      headers: {
        'RateLimit-Policy': '"tokens";q=100;w=86400',
        RateLimit: '"tokens";r=0;t=3601',
        'Retry-After': '3601',
      },
    })
    expect((await chat.start(app({ tokensPerDay: 101 }))).headers.RateLimit).toContain('"starts";r=4')
    expect((await spent(1_000).start(app())).headers.RateLimit).toBe('"tokens";r=0;t=3601')
  })
})

describe('bypass keys', () => {
  test('are those of the settings, whole and exact', () => {
    const chat = limits()
    expect(['first-key', 'second-key'].map(chat.bypasses)).toEqual([true, true])
    expect(['first-ke', 'first-key2', '', 'FIRST-KEY', 'third'].map(chat.bypasses)).toEqual(
      Array(5).fill(false),
    )
    chat.reload({ apiKeysInternal: ['third'] })
    expect(['first-key', 'third'].map(chat.bypasses)).toEqual([false, true])
    expect(limits({ apiKeysInternal: [] }).bypasses('')).toBe(false)
  })
})
