import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { type Link, openLink } from '../../redis/link.js'
import { fullnessOf, isMemoryFull } from './memory.js'

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
afterAll(async () => {
  link.close()
  await redis.close()
})

const info = (used: number, most: number): string =>
  `# Memory\r\nused_memory:${used}\r\nused_memory_human:1M\r\nmaxmemory:${most}\r\nmaxmemory_human:2M\r\n`

test('how full Redis is, is unknown without a limit and without its answer', () => {
  expect(fullnessOf(info(1_000, 4_000))).toBe(0.25)
  for (const unknown of [info(1_000, 0), 'used_memory:1000\r\n', 'maxmemory:1000\r\n', ''])
    expect(fullnessOf(unknown)).toBeNull()
})

test('it is full above four fifths, and has room again at three quarters', async () => {
  const at = (used: number, wasFull: boolean) =>
    isMemoryFull({ send: () => Promise.resolve(info(used, 100)) }, wasFull)
  expect(await Promise.all([80, 81].map(used => at(used, false)))).toEqual([false, true])
  expect(await Promise.all([76, 75].map(used => at(used, true)))).toEqual([true, false])
  // Its limit is gone: nothing keeps it full.
  const unlimited = { send: () => Promise.resolve(info(80, 0)) }
  expect(await Promise.all([true, false].map(was => isMemoryFull(unlimited, was)))).toEqual([false, null])
})

test('a real Redis is asked, with a limit that changes while it runs', async () => {
  const limit = async (bytes: number) => {
    await link.commands.send(['CONFIG', 'SET', 'maxmemory', bytes])
    return isMemoryFull(link.commands, false)
  }
  const used = Number(/used_memory:(\d+)/.exec(String(await link.commands.send(['INFO', 'memory'])))?.[1])
  expect([await limit(0), await limit(used * 4), await limit(Math.round(used * 1.1))]).toEqual([
    null,
    false,
    true,
  ])
})
