// What a node does not share, against a real Redis.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { TENTH } from '../../../test/support/chat-fleet.js'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { type Link, openLink } from '../../redis/link.js'
import { encodeNumbered } from '../encode.js'
import type { StreamFacts } from '../log/chat-log.js'
import { answerKeys } from './keys.js'
import { SharedStore } from './store.js'
import type { UnsharedReason } from './writer.js'

const MIB = 1024 ** 2

let redis: RedisServer
let link: Link
const stores: SharedStore[] = []

beforeAll(async () => {
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  await eventually(() => link.commands.isUp && link.bulk.isUp, 'the link is up')
})
afterEach(() => Promise.all(stores.splice(0).map(store => store.close())))
afterAll(async () => {
  link.close()
  await redis.close()
})

/** A node that is not in its fleet yet. */
function node(logBytes: number, id = 'n1') {
  const unshared: UnsharedReason[] = []
  const faults: unknown[] = []
  const store = new SharedStore({
    fleet: 'test',
    db: 0,
    logBytes: () => logBytes,
    ttl: () => ({ liveMs: 60_000, endedMs: 30_000 }),
    newFence: () => 'fence',
    times: TENTH,
    observer: { onUnshared: why => unshared.push(why), onFault: (_, error) => faults.push(error) },
  })
  stores.push(store)
  const join = () => store.join({ link, node: id, fleet: 'test', db: 0, isGone: false, nodes: 1 })
  return { store, join, unshared, faults }
}

const factsOf = (streamId: string): StreamFacts => ({
  ...{ streamId, owner: null, identified: false, connectionId: 'c1', format: 'pass' },
})
const eventsInRedis = async (streamId: string): Promise<string | null> =>
  (await link.commands.send(['HGET', answerKeys('test', 0, streamId).meta, 'next'])) as string | null

test('an answer whose beginning is not kept any more when Redis comes is not shared', async () => {
  const { store, join, unshared, faults } = node(8 * 1024)
  const [long, short] = ['long', 'short'].map(id => store.create(factsOf(id)))
  for (let i = 0; i < 4; i++) long?.appendBytes('', Buffer.alloc(4 * 1024, 'x'))
  short?.appendBytes('', Buffer.from('data: x\n\n'))
  expect(long?.head).toBeGreaterThan(0)
  join()
  await eventually(async () => (await eventsInRedis('short')) === '1', 'the other one is shared')
  await eventually(() => unshared.length > 0, 'it is reported')
  expect([unshared, await eventsInRedis('long'), faults]).toEqual([['answer_large'], '0', []])
})

test('an answer over 16 MiB is shared no further, and counted once', async () => {
  const { store, join, unshared, faults } = node(64 * MIB)
  const log = store.create(factsOf('huge'))
  join()
  log.appendBytes('', Buffer.alloc(17 * MIB, 'x'))
  log.publish()
  await eventually(async () => (await eventsInRedis('huge')) === '1', 'it is there')
  for (let i = 0; i < 3; i++) {
    log.appendBytes('', Buffer.from('data: x\n\n'))
    log.publish()
    await eventually(() => unshared.length === 1, 'it is reported')
  }
  expect([unshared, await eventsInRedis('huge'), log.tail, faults]).toEqual([['answer_large'], '1', 4, []])
})

const hashOf = async (streamId: string, field: string): Promise<string | null> =>
  (await link.commands.send(['HGET', answerKeys('test', 0, streamId).meta, field])) as string | null

test('readers elsewhere of an answer over 16 MiB get its end at once, and may still stop it', async () => {
  const { store, join } = node(64 * MIB)
  const stopped: string[] = []
  store.attach({
    ...{ onForgotten: () => {}, onFollowedElsewhere: () => {} },
    onStopAsked: streamId => stopped.push(streamId),
  })
  const elsewhere = node(64 * MIB, 'n2')
  const facts = { streamId: 'long-one', owner: null, identified: false, connectionId: 'c1' }
  const log = store.create(facts)
  join()
  elsewhere.join()
  const say = (data: string): void => {
    log.append(encodeNumbered('long-one', { type: 'token', data, sequence: log.tail, timestamp: 1 }))
    log.publish()
  }
  say('a')
  const found = await eventually(() => elsewhere.store.find('long-one', null), 'it is found')
  const ends: unknown[] = []
  const unfollow = found.log.follow(() => ends.push(found.log.end))
  say('x'.repeat(17 * MIB))
  say('b')
  await eventually(() => found.log.end === 'cut', 'its readers have an end')
  expect(ends.at(-1)).toBe('cut')
  expect(found.log.lostEnd?.(2)).toContain('"code":"too_large"')
  unfollow()
  expect(log.end).toBe('open')
  expect(await elsewhere.store.askStop(facts)).toBe(true)
  await eventually(() => stopped.length > 0, 'it is stopped')
  log.close('whole')
  log.publish()
  await eventually(async () => (await hashOf('long-one', 'state')) === 'ended', 'its end is known')
  expect(await hashOf('long-one', 'end')).toBe('large')
})
