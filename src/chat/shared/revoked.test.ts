import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { systemTimers } from '../../clock/timers.js'
import { type Link, openLink } from '../../redis/link.js'
import { shareRevocations } from './revoked.js'

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

test('what is revoked at one server is revoked at all, also after Redis forgot it', async () => {
  const servers = ['a', 'b'].map(() => {
    const here: string[] = []
    const known = new Set<string>()
    const revoke = (digests: Iterable<string>): void => {
      for (const digest of digests) known.add(digest)
    }
    const engine = { link, fleet: 'test', isGone: false }
    const keys = { revokedHere: here, revoke }
    return {
      here,
      known,
      end: shareRevocations({ engine: () => engine, keys, timers: systemTimers, tickMs: 10 }),
    }
  })
  const [a, b] = servers
  if (a === undefined || b === undefined) throw new Error('two servers')
  try {
    a.here.push('d1')
    await eventually(() => b.known.has('d1'), 'known at the other')
    b.here.push('d2')
    await eventually(() => a.known.has('d2'), 'and back')
    await link.commands.send(['FLUSHALL'])
    await eventually(
      async () => Number(await link.commands.send(['SCARD', 'g6:{test}:revoked'])) === 2,
      'each has added its own again',
    )
    expect(await link.commands.send(['PTTL', 'g6:{test}:revoked'])).toBeGreaterThan(0)
    b.here.push('d3')
    await eventually(() => a.known.has('d3'), 'it goes on')
  } finally {
    for (const { end } of servers) end()
  }
})
