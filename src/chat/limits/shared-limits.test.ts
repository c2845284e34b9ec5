import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { SlidingWindow } from '../../guards/sliding-window.js'
import { type Link, openLink, type Run } from '../../redis/link.js'
import { shareOf } from './limits.js'
import { leavePlace, spendTokens, startOnce, takePlace } from './shared-limits.js'

let redis: RedisServer
let link: Link

beforeAll(async () => {
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  await eventually(() => link.commands.isUp, 'the link is up')
})
beforeEach(() => link.commands.send(['FLUSHDB']))
afterAll(async () => {
  link.close()
  await redis.close()
})

/** However busy the machine is: the wait has a test of its own (fleet-limits.test.ts). */
const run: Run = (script, keys, args) => link.run(script, keys, args)

describe('starts', () => {
  const limit = { count: 3, windowMs: 60_000 }
  const starts = (id: string) => startOnce(run, 'starts', limit, id)
  /** The window of an hour ago: Redis's clock is not ours to set, so the entries move. */
  const age = async (id: string, byMs: number) => {
    await link.commands.send(['ZINCRBY', 'starts', -byMs, id])
  }

  test('are counted up to the limit in any window, and refused ones are not added', async () => {
    for (const [i, id] of ['a', 'b', 'c'].entries())
      expect(await starts(id)).toMatchObject({ ok: true, used: i + 1 })
    for (let i = 0; i < 5; i++) expect(await starts(`no${i}`)).toMatchObject({ ok: false, used: 3 })
    expect(await link.commands.send(['ZCARD', 'starts'])).toBe(3)
    await age('a', 50_000)
    const { ok, waitMs } = await starts('d')
    expect([ok, waitMs > 0 && waitMs <= 10_000]).toEqual([false, true])
    await age('a', 10_000)
    expect(await starts('d')).toMatchObject({ ok: true, used: 3 })
  })

  test('wait for as many as a lowered limit needs', async () => {
    for (const id of ['a', 'b', 'c']) await starts(id)
    await age('b', 20_000)
    await age('a', 40_000)
    const { ok, waitMs } = await startOnce(run, 'starts', { ...limit, count: 1 }, 'd')
    expect([ok, waitMs > 50_000]).toEqual([false, true])
    expect(await link.commands.send(['PTTL', 'starts'])).toBeGreaterThan(0)
  })
})

test('places are leased: taken, renewed, freed, and free again by themselves', async () => {
  const take = (id: string, leaseMs = 60_000) => takePlace(run, 'places', id, 2, leaseMs)
  expect([await take('a'), await take('b'), await take('c')]).toEqual([true, true, false])
  expect(await take('a')).toBe(true)
  await leavePlace(run, 'places', 'a')
  expect([await take('c'), await take('a')]).toEqual([true, false])
  await link.commands.send(['ZADD', 'places', 1, 'b'])
  expect(await take('a')).toBe(true)
})

test('tokens of a key and day add up over nodes, and the counter ends by itself', async () => {
  expect(await spendTokens(run, 'k:2026-11-30', 40, 1_000_000)).toBe(40)
  expect(await spendTokens(run, 'k:2026-11-30', 2, 1_000_000)).toBe(42)
  expect(await link.commands.send(['PTTL', 'k:2026-11-30'])).toBeGreaterThan(0)
})

test('without Redis all nodes together allow at most N + nodes - 1 in any window', () => {
  const world = fc.record({ limit: fc.integer({ min: 1, max: 20 }), nodes: fc.integer({ min: 1, max: 8 }) })
  const calls = fc.array(fc.record({ node: fc.nat(7), afterMs: fc.nat(40) }), { maxLength: 120 })
  fc.assert(
    fc.property(world, calls, ({ limit, nodes }, asked) => {
      const windowMs = 1_000
      const counters = Array.from({ length: nodes }, () => new SlidingWindow())
      const accepted: number[] = []
      let nowMs = 0
      for (const { node, afterMs } of asked) {
        nowMs += afterMs
        const share = { count: shareOf(limit, nodes), windowMs }
        if (counters[node % nodes]?.take('caller', share, nowMs) === 0) accepted.push(nowMs)
      }
      for (const at of accepted)
        expect(accepted.filter(other => other >= at && other < at + windowMs).length).toBeLessThanOrEqual(
          limit + nodes - 1,
        )
    }),
  )
  expect([shareOf(0, 3), shareOf(5, 0), shareOf(1, 9)]).toEqual([0, 5, 1])
})
