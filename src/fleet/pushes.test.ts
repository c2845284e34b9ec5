// Two servers with one push source each, and a real Redis between them.
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../test/support/redis-server.js'
import type { PushFault, PushTarget } from '../engine/push-target.js'
import { type Link, openLink } from '../redis/link.js'
import { fleetKeys } from './keys.js'
import { Pushes } from './pushes.js'
import { CLEAR, KeySeal, type Seal } from './seal.js'

let redis: RedisServer
let link: Link
const keys = fleetKeys('test', 0, 'a')
const started: Pushes[] = []

beforeAll(async () => {
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  await eventually(() => link.commands.isUp && link.isListening, 'the link is up')
})
beforeEach(() => link.commands.send(['FLUSHDB']))
afterEach(() => {
  for (const pushes of started.splice(0)) pushes.stop()
})
afterAll(async () => {
  link.close()
  await redis.close()
})

/** A source that keeps what it is given; patches are objects whose members replace those of the document. */
class Kept implements PushTarget {
  readonly name = 'app'
  text = ''
  ageMs = -1
  token(): Promise<string | null> {
    return Promise.resolve('t')
  }
  document(): Uint8Array {
    return Buffer.from(this.text)
  }
  replace(body: Uint8Array, ageMs = 0): Promise<PushFault | null> {
    const text = Buffer.from(body).toString()
    if (text === 'bad') return Promise.resolve({ kind: 'unusable', message: 'bad' })
    this.text = text
    this.ageMs = ageMs
    return Promise.resolve(null)
  }
  merge(patch: Uint8Array): Promise<PushFault | null> {
    const merged: unknown = Object.assign(
      {},
      JSON.parse(this.text || '{}'),
      JSON.parse(Buffer.from(patch).toString()),
    )
    this.text = JSON.stringify(merged)
    return Promise.resolve(null)
  }
}

type Server = {
  readonly kept: Kept
  readonly target: PushTarget
  readonly pushes: Pushes
  readonly faults: unknown[]
}

function server(seal: Seal = CLEAR, isLinked = true): Server {
  const kept = new Kept()
  const faults: unknown[] = []
  // Its looks are made by the test.
  const timers = { after: () => () => {} }
  const pushes = new Pushes({ targets: [kept], seal, timers, onFault: error => faults.push(error) })
  if (isLinked) pushes.start({ run: link.run, keys })
  started.push(pushes)
  const [target] = pushes.targets
  if (target === undefined) throw new Error('no target')
  return { kept, target, pushes, faults }
}

const bytes = (text: string) => Buffer.from(text)
async function looked({ pushes, kept }: Server, text: string): Promise<void> {
  pushes.notice('app')
  await eventually(
    () => kept.text === text,
    () => `${kept.text} is ${text}`,
  )
}

test('a document pushed to one server is that of all, also of one that starts later, with its age', async () => {
  const [a, b] = [server(), server()]
  expect(await a.target.replace(bytes('{"n":1}'))).toBeNull()
  await looked(b, '{"n":1}')
  expect(await b.target.replace(bytes('{"n":2}'))).toBeNull()
  await looked(a, '{"n":2}')
  await link.commands.send(['HINCRBY', keys.push('app'), 'at', -60_000])
  const late = server()
  await looked(late, '{"n":2}')
  expect(late.kept.ageMs).toBeGreaterThanOrEqual(60_000)
})

test('a bad document is refused and not shared', async () => {
  const a = server()
  expect(await a.target.replace(bytes('bad'))).toEqual({ kind: 'unusable', message: 'bad' })
  expect(await link.commands.send(['EXISTS', keys.push('app')])).toBe(0)
})

test('patches at several servers at once are all in the document', async () => {
  const servers = [server(), server(), server()]
  const patch = async (i: number): Promise<void> => {
    const { target } = servers[i % 3] ?? server()
    // A sender repeats what is refused as busy.
    for (;;) {
      const fault = await target.merge(bytes(`{"m${i}":${i}}`))
      if (fault === null) return
      expect(fault).toEqual({ kind: 'busy' })
    }
  }
  await Promise.all(Array.from({ length: 30 }, (_, i) => patch(i)))
  const last = server()
  last.pushes.notice('app')
  await eventually(() => last.kept.text !== '', 'it has the document')
  const whole = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${i}`, i]))
  expect(JSON.parse(last.kept.text)).toEqual(whole)
})

test('without Redis the sender is asked to come back, and this server shows the document already', async () => {
  const a = server(CLEAR, false)
  expect(await a.target.replace(bytes('{"n":1}'))).toEqual({ kind: 'unshared' })
  expect(a.kept.text).toBe('{"n":1}')
  expect(await a.target.merge(bytes('{"n":2}'))).toEqual({ kind: 'unshared' })
})

test('a document over 4 MiB is refused', async () => {
  expect(await server().target.replace(Buffer.alloc(4 * 1024 * 1024 + 1, 32))).toMatchObject({
    kind: 'too_large',
  })
})

test('with a key nothing is in clear, and a document of another key is a fault', async () => {
  const key = randomBytes(32)
  const [a, b, other] = [server(new KeySeal([key])), server(new KeySeal([key])), server()]
  await a.target.replace(bytes('{"secret":1}'))
  await looked(b, '{"secret":1}')
  const there = String(await link.commands.send(['HGET', keys.push('app'), 'body']))
  expect(there).not.toContain(bytes('secret').toString('base64').slice(0, 6))
  other.pushes.notice('app')
  await eventually(() => other.faults.length > 0, 'the fault')
  expect(String(other.faults[0])).toMatch(/not written with the key/)
  expect(other.kept.text).toBe('')
})
