import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../../test/support/eventually.js'
import { ownTime } from '../../../test/support/own-time.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { type Link, openLink } from '../../redis/link.js'
import { noKeys, type RelayKey } from '../ports.js'
import { createFleetLimits, type FleetLimits, type LimitEngine, limitKey } from './fleet-limits.js'
import { createChatLimits, type LimitSettings } from './limits.js'

let redis: RedisServer
let link: Link
const made: FleetLimits[] = []

beforeAll(async () => {
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  await eventually(() => link.commands.isUp, 'the link is up')
})
beforeEach(() => link.commands.send(['FLUSHDB']))
afterEach(() => {
  for (const limits of made.splice(0)) limits.close()
})
afterAll(async () => {
  link.close()
  await redis.close()
})

const SETTINGS: LimitSettings & { redisRequired: boolean } = {
  chatRate: { count: 4, windowSec: 60 },
  chatMaxStreams: 100,
  chatMaxStreamsPerUser: 2,
  apiKeysInternal: [],
  redisRequired: false,
}

/** However busy the machine is, Redis is in time; one test has the real wait. */
const patient = (): LimitEngine['link'] => ({
  run: (script, keys, args) => link.run(script, keys, args),
  commands: { send: command => link.commands.send(command) },
})

function node(changes: Partial<typeof SETTINGS> = {}, used = 0, via = patient()) {
  const time = ownTime()
  const settings = () => ({ ...SETTINGS, ...changes })
  const keys = { ...noKeys, used: () => ({ tokens: used, untilResetMs: 1_000 }) }
  const engine = { link: via, fleet: 'test', isGone: false, nodes: 2 }
  let local = 0
  const limits = createFleetLimits({
    local: createChatLimits({ settings, keys, clock: time.clock }),
    keys,
    settings,
    engine: () => engine,
    ...time,
    times: { leaseMs: 60_000, renewMs: 10_000 },
    onLocal: () => local++,
  })
  made.push(limits)
  return { limits, engine, time, local: () => local }
}

const caller = (key: string, relayKey: RelayKey | null = null) => ({ key, relayKey })

test('starts are counted over all servers', async () => {
  const [here, there] = [node(), node()]
  for (const { limits } of [here, there, here])
    expect(await limits.start(caller('a'))).toMatchObject({ ok: true })
  expect(await there.limits.start(caller('a'))).toMatchObject({
    ok: true,
    headers: { RateLimit: '"starts";r=0;t=60', 'X-RateLimit-Limit': '4' },
  })
  const refused = await here.limits.start(caller('a'))
  expect(refused).toMatchObject({ ok: false, code: 'rate_limited' })
  expect(Number(refused.headers['Retry-After'])).toBeGreaterThan(50)
  expect(await here.limits.start(caller('b'))).toMatchObject({ ok: true })
  expect(here.local() + there.local()).toBe(0)
})

test('without Redis each server allows its share, and what it accepted before counts', async () => {
  const { limits, engine, local } = node()
  await limits.start(caller('a'))
  engine.isGone = true
  expect((await limits.start(caller('a'))).ok).toBe(true)
  expect(await limits.start(caller('a'))).toMatchObject({ ok: false, headers: { 'X-RateLimit-Limit': '2' } })
  expect(local()).toBe(2)
})

test('a Redis that does not answer in time decides nothing', async () => {
  const { limits, local, time, engine } = node({}, 0, link)
  redis.pause()
  try {
    expect((await limits.start(caller('a'))).ok).toBe(true)
    // The next ones do not wait: a Redis that answers again is not asked for a second.
    redis.resume()
    expect(typeof (await limits.lease(caller('a')))).toBe('object')
    expect(local()).toBe(2)
    time.pass(1_000)
    engine.link = patient()
    expect((await limits.start(caller('a'))).ok).toBe(true)
    expect(local()).toBe(2)
  } finally {
    redis.resume()
  }
})

test('where Redis is required, no answer starts without it', async () => {
  const { limits, engine } = node({ redisRequired: true })
  engine.isGone = true
  expect(await limits.start(caller('a'))).toMatchObject({ ok: false, code: 'engine_gone' })
  expect(await limits.lease(caller('a'))).toBe('gone')
  expect(typeof (await limits.lease(null))).toBe('object')
})

test('live answers of a caller are counted over all servers, and a place is renewed while its answer runs', async () => {
  const [here, there] = [node(), node()]
  const first = await here.limits.lease(caller('a'))
  const second = await there.limits.lease(caller('a'))
  expect([typeof first, typeof second]).toEqual(['object', 'object'])
  expect(await here.limits.lease(caller('a'))).toBe('user')
  expect(typeof (await here.limits.lease(caller('b')))).toBe('object')
  const key = limitKey('test', 'places', 'a')
  // As after 20 s.
  for (const id of (await link.commands.send(['ZRANGE', key, 0, -1])) as string[])
    await link.commands.send(['ZINCRBY', key, -20_000, id])
  const until = async (): Promise<number> =>
    Number(((await link.commands.send(['ZRANGE', key, -1, -1, 'WITHSCORES'])) as string[])[1])
  const before = await until()
  here.time.pass(10_000)
  await eventually(async () => (await until()) > before, 'renewed')
  if (typeof first === 'object') first.release()
  await eventually(async () => typeof (await there.limits.lease(caller('a'))) === 'object', 'a free place')
})

test('the limit of the instance stays of the instance', async () => {
  const [here, there] = [node({ chatMaxStreams: 1 }), node({ chatMaxStreams: 1 })]
  expect(typeof (await here.limits.lease(caller('a')))).toBe('object')
  expect(await here.limits.lease(caller('b'))).toBe('instance')
  expect(typeof (await there.limits.lease(caller('b')))).toBe('object')
})

test('the tokens of a key are counted over all servers', async () => {
  const key: RelayKey = {
    id: 'k1',
    name: 'app',
    expiresAtMs: null,
    models: null,
    limit: { count: 0, windowSec: 1 },
    live: null,
    tokensPerDay: 100,
  }
  const [here, there] = [node(), node()]
  here.limits.spent(key, { in: 30, out: 40, estimated: false })
  const left = async () => (await there.limits.start(caller('k', key))).headers.RateLimit
  await eventually(async () => (await left())?.startsWith('"tokens";r=30;'), 'known at the other one')
  there.limits.spent(key, { in: 0, out: 30, estimated: false })
  await eventually(async () => !(await here.limits.start(caller('k', key))).ok, 'spent')
  expect(await here.limits.start(caller('k', key))).toMatchObject({ code: 'tokens_spent' })
  // What this server's own database says counts too: Redis may have lost it.
  await link.commands.send(['FLUSHDB'])
  expect(await node({}, 100).limits.start(caller('k', key))).toMatchObject({ code: 'tokens_spent' })
  const alone = node({}, 60)
  alone.engine.isGone = true
  expect(await alone.limits.start(caller('k', key))).toMatchObject({ code: 'tokens_spent' })
})
