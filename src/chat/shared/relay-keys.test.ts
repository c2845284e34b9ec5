import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { capturedLog } from '../../../test/support/captured-log.js'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { systemClock } from '../../clock/clock.js'
import { systemTimers } from '../../clock/timers.js'
import { CLEAR, KeySeal, type Seal } from '../../fleet/seal.js'
import { type Link, openLink } from '../../redis/link.js'
import { type KeysDatabase, openKeys, type StoredKey } from '../keys/database.js'
import { digestOf, newKeyText } from '../keys/key-text.js'
import { LiveKeys } from '../keys/live.js'
import { shareKeys } from './relay-keys.js'

let redis: RedisServer
let link: Link
let folder = ''
const closers: (() => void)[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-fleet-keys-'))
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  await eventually(() => link.commands.isUp, 'the link is up')
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) close()
  link.close()
  await redis.close()
  rmSync(folder, { recursive: true })
})

const seal = new KeySeal([randomBytes(32)])

const pathOf = (name: string): string => join(folder, name, 'keys.db')

/** What a command does at the machine of a server. */
function command<T>(name: string, work: (database: KeysDatabase) => T): T {
  const database = openKeys(pathOf(name), true)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** A server of the fleet with a database of its own, which commands make. */
async function server(name: string, own: Seal = seal) {
  const path = pathOf(name)
  const { log, lines } = capturedLog()
  const seen = { ended: 0, faults: [] as string[] }
  const keys = new LiveKeys({
    ...{ path, log, clock: systemClock, timers: systemTimers },
    onRevoked: () => seen.ended++,
  })
  await keys.start()
  const end = shareKeys({
    engine: () => ({ link, fleet: 'test', isGone: false }),
    ...{ seal: own, keys, timers: systemTimers, tickMs: 10 },
    onFault: (_, error) => seen.faults.push(String(error)),
  })
  closers.push(() => {
    end()
    keys.close()
  })
  return {
    ...{ seen, lines },
    command: <T>(work: (database: KeysDatabase) => T): T => command(name, work),
    add: (label: string, text: string) => command(name, database => database.add(keyOf(label, text))),
    /** As a request asks: it looks at the database when the last look was a while ago. */
    kind: async (text: string) => (await keys.find(text)).kind,
    names: async () => (await keys.inForce()).map(key => key.name),
  }
}

const keyOf = (name: string, text: string): StoredKey => ({
  ...{ id: `id-${name}`, name, digest: digestOf(text), createdAtMs: 1, expiresAtMs: null, revokedAtMs: null },
  ...{ limit: { count: 3, windowSec: 60 }, live: 2, tokensPerDay: 1_000, models: ['small'] },
})

test('a key that is made at one server is in force at all, with its limits, and is revoked at any of them', async () => {
  const [a, b] = [await server('a'), await server('b')]
  const text = newKeyText()
  a.add('app', text)
  await eventually(async () => (await b.kind(text)) === 'found', 'known at the other')
  expect(b.command(database => database.keys('all'))).toEqual([keyOf('app', text)])

  b.command(database => database.revoke('app', 2))
  await eventually(async () => (await a.kind(text)) === 'unknown', 'revoked where it was made')
  expect(a.seen.ended).toBe(1)
  await eventually(
    () => a.command(database => database.keys('in force').length === 0),
    'in its database too, for the time after a start',
  )
  expect(await link.commands.send(['HLEN', 'g6:{test}:keys'])).toBe(0)
  expect(await link.commands.send(['PTTL', 'g6:{test}:revoked'])).toBeGreaterThan(0)
})

test('each server gives again what it has after Redis forgot everything', async () => {
  const [a, b] = [await server('a'), await server('b')]
  const [kept, gone] = [newKeyText(), newKeyText()]
  a.add('kept', kept)
  a.add('gone', gone)
  await eventually(async () => (await b.kind(gone)) === 'found', 'known at the other')
  a.command(database => database.revoke('gone', 2))
  await eventually(async () => (await b.kind(gone)) === 'unknown', 'revoked at the other')
  await link.commands.send(['FLUSHALL'])
  await eventually(
    async () =>
      Number(await link.commands.send(['SCARD', 'g6:{test}:revoked'])) === 1 &&
      Number(await link.commands.send(['HLEN', 'g6:{test}:keys'])) === 1,
    'both are there again',
  )
  const c = await server('c')
  await eventually(async () => (await c.kind(kept)) === 'found', 'known at one that starts later')
  expect(await c.names()).toEqual(['kept'])
})

test('without a key of the fleet only revocations are shared: Redis cannot make a key', async () => {
  const [a, b] = [await server('a', CLEAR), await server('b', CLEAR)]
  const [text, forged] = [newKeyText(), newKeyText()]
  a.add('app', text)
  b.add('app', text)
  await eventually(
    async () => (await a.kind(text)) === 'found' && (await b.kind(text)) === 'found',
    'both have it',
  )
  const digest = digestOf(forged).toString('hex')
  await link.commands.send(['HSET', 'g6:{test}:keys', digest, JSON.stringify({ id: 'x', name: 'forged' })])
  a.command(database => database.revoke('app', 2))
  await eventually(async () => (await b.kind(text)) === 'unknown', 'revoked at the other')
  expect([await a.kind(forged), await b.kind(forged), await b.names()]).toEqual(['unknown', 'unknown', []])
})

test('a key that no server of the fleet sealed, and one whose name is taken here, are reported once and not used', async () => {
  const [own, other, later, forged] = [newKeyText(), newKeyText(), newKeyText(), newKeyText()]
  command('a', database => database.add({ ...keyOf('app', other), id: 'another' }))
  command('b', database => database.add(keyOf('app', own)))
  const [a, b] = [await server('a'), await server('b')]
  const digest = digestOf(forged).toString('hex')
  const stranger = new KeySeal([randomBytes(32)]).within('relay keys')
  const text = stranger.seal(JSON.stringify({ ...keyOf('forged', forged), digest: undefined }), digest)
  await link.commands.send(['HSET', 'g6:{test}:keys', digest, text])
  a.add('later', later)
  await eventually(async () => (await b.kind(later)) === 'found', 'what comes after them is known')
  expect([await b.kind(forged), await b.kind(other), await b.kind(own)]).toEqual([
    'unknown',
    'unknown',
    'found',
  ])
  expect(b.seen.faults).toEqual([expect.stringContaining('not of a server with the key of this fleet')])
  expect(b.lines().filter(({ why }) => String(why).includes('a key named app exists'))).toHaveLength(1)
})
