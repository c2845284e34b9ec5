import { describe, expect, test } from 'vitest'
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

function limits(changes: Partial<LimitSettings> = {}) {
  let nowMs = 0
  let settings = { ...SETTINGS, ...changes }
  const chat = createChatLimits({
    settings: () => settings,
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
