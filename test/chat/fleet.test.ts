// Servers that share their answers over a real Redis: any caller may come to any of them.
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { writersKey } from '../../src/chat/shared/keys.js'
import { KeySeal } from '../../src/fleet/seal.js'
import { ChatNode, type ChatNodeOptions } from '../support/chat-fleet.js'
import type { ChatReader } from '../support/chat-reader.js'
import { ask, resume, stop, until } from '../support/chat-rig.js'
import { eventually } from '../support/eventually.js'
import { type HandUpstream, startHandUpstream } from '../support/hand-upstream.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

let redis: RedisServer
const nodes: ChatNode[] = []
let upstream: HandUpstream

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())
afterEach(async () => {
  redis.resume()
  await Promise.all(nodes.map(node => node.close()))
  await upstream.close()
  const faults = nodes.splice(0).flatMap(({ faults }) => faults)
  expect(faults).toEqual([])
})

let fleets = 0
/** A fleet of its own for each test. */
async function fleet(size = 2, options: ChatNodeOptions = {}): Promise<readonly ChatNode[]> {
  upstream = await startHandUpstream()
  const name = `f${fleets++}`
  const start = () => ChatNode.start(redis, { fleet: name, backends: () => [upstream.url], ...options })
  nodes.push(...(await Promise.all(Array.from({ length: size }, start))))
  return nodes
}

async function two(options: ChatNodeOptions = {}): Promise<readonly [ChatNode, ChatNode]> {
  const [here, there] = await fleet(2, options)
  if (here === undefined || there === undefined) throw new Error('two nodes')
  return [here, there]
}

const ann = { authorization: 'Bearer person:ann' }
const bob = { authorization: 'Bearer person:bob' }
const has = (count: number) => (reader: ChatReader) => reader.ofType('token').length >= count

/** Resolves when Redis has what this reader has. */
async function isWritten({ link }: ChatNode, { streamId, lastSequence }: ChatReader): Promise<void> {
  await eventually(async () => {
    const [meta = ''] = (await link.commands.send(['KEYS', `*${streamId}:m`])) as readonly string[]
    return Number(await link.commands.send(['HGET', meta, 'next'])) > lastSequence
  }, 'its events are in Redis')
}

/** Begun at a node, with two words, and known to the others. */
async function begun(node: ChatNode, headers = {}, path = '/chat-stream'): Promise<ChatReader> {
  const reader = ask(node.rig, undefined, headers, path)
  await upstream.say('a', 'ü')
  await reader.until(has(2))
  await isWritten(node, reader)
  return reader
}

test('a resume elsewhere gets the missing events, then continues live, to the end; and again from what was deflated', async () => {
  const [here, there] = await two()
  const first = await begun(here, ann)
  const second = await resume(there.rig, first.streamId, first.lastSequence - 1, ann).until(has(1))
  await upstream.say('c')
  await second.until(has(2))
  await upstream.say('x'.repeat(2_000))
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.numbered).toEqual(first.numbered.slice(-second.numbered.length))
  expect(second.terminals).toMatchObject([{ type: 'done' }])
  expect(upstream.asked()).toBe(1)
  const log = (await here.link.commands.send(['KEYS', `*${first.streamId}:l`])) as readonly string[]
  await eventually(
    async () => Number(await here.link.commands.send(['STRLEN', log[0] ?? ''])) < 400,
    'the log in Redis is deflated',
  )
  // Its server is gone, and nobody has a copy any more.
  await here.close()
  await eventually(async () => {
    const again = await resume(there.rig, first.streamId, null, ann).end()
    expect(again.numbered).toEqual(first.numbered)
    return true
  }, 'the whole answer')
  expect((await resume(there.rig, first.streamId, first.lastSequence, ann).end()).status).toBe(204)
})

test('a reader that has more than Redis gets nothing twice', async () => {
  const [here, there] = await two()
  const first = await begun(here)
  // What is sent now does not come to Redis for a while.
  here.proxy.lose('server')
  await upstream.say('c', 'd')
  await first.until(has(4))
  const second = resume(there.rig, first.streamId, first.lastSequence)
  await second.until(({ events }) => events.length > 0)
  await upstream.say('e')
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.answer).toBe('e')
  expect(second.numbered).toEqual(first.numbered.slice(first.numbered.length - second.numbered.length))
})

test('a stop elsewhere ends it for everybody, also when the message is lost', async () => {
  const [here, there] = await two()
  const first = await begun(here)
  const second = await resume(there.rig, first.streamId, null).until(has(2))
  const cancelled = upstream.cancelled()
  expect((await stop(there.rig, first.streamId)).status).toBe(202)
  await cancelled
  for (const each of [first, second]) {
    await each.end()
    expect(each.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'client_stop' } }])
  }
  expect((await stop(there.rig, first.streamId)).status).toBe(202)

  const other = ask(here.rig)
  await until(() => upstream.asked() === 2, 'asked')
  await upstream.say('a')
  await other.until(has(1))
  await isWritten(here, other)
  const channel = (await there.link.commands.send(['PUBSUB', 'CHANNELS', `*chat:${here.id}`])) as string[]
  here.link.unsubscribe(channel[0] ?? '')
  await eventually(
    async () =>
      ((await there.link.commands.send(['PUBSUB', 'CHANNELS', channel[0] ?? ''])) as string[]).length === 0,
    'it hears no message',
  )
  expect((await stop(there.rig, other.streamId)).status).toBe(202)
  await other.end()
  expect(other.terminals).toMatchObject([{ type: 'aborted' }])
})

test('what is not known is 404 once Redis has answered; while it does not, nothing is final', async () => {
  const [here, there] = await two()
  const unknown = 'AAAAAAAAAAAAAAAAAAAAAA'
  expect((await resume(there.rig, unknown, null).end()).status).toBe(404)
  const first = await begun(here, ann)
  for (const other of [bob, {}]) {
    expect((await resume(there.rig, first.streamId, null, other).end()).status).toBe(404)
    expect((await stop(there.rig, first.streamId, other)).status).toBe(404)
  }
  redis.pause()
  const late = await resume(there.rig, first.streamId, null, ann).end()
  expect([late.status, Number(late.headers['retry-after']) > 0]).toEqual([503, true])
  expect((await stop(there.rig, first.streamId, ann)).status).toBe(503)
  // As a browser's EventSource comes back.
  const url = `${there.rig.base}/chat-stream?query=q`
  const native = await fetch(url, { headers: { 'Last-Event-ID': `${first.streamId}.1`, ...ann } })
  expect([native.status, native.headers.get('content-type'), await native.text()]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'retry: 3000\n\n',
  ])
  // Its own readers notice nothing.
  await upstream.say('c')
  await first.until(has(3))
  expect(
    (await resume(here.rig, first.streamId, first.lastSequence, ann).until(({ status }) => status !== 0))
      .status,
  ).toBe(200)
  redis.resume()
  await eventually(() => there.link.bulk.isUp && there.link.commands.isUp, 'Redis is back')
  const second = resume(there.rig, first.streamId, null, ann)
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.numbered).toEqual(first.numbered)
})

test('a follower elsewhere keeps the answer running; when the last one leaves it is cancelled', async () => {
  const [here, there] = await two({ chat: { chatDisconnectGraceMs: 200 } })
  const first = await begun(here)
  const second = await resume(there.rig, first.streamId, first.lastSequence).until(
    ({ events }) => events.length > 0,
  )
  await upstream.say('c')
  await second.until(has(1))
  first.cut()
  await until(() => here.rig.relay.readers === 0, 'the first has left')
  // Longer than the grace.
  const beats = async () => Number(await here.link.commands.send(['HGET', writersKey(here.fleet), here.id]))
  const before = await beats()
  await eventually(async () => (await beats()) > before + 4, 'five tenths of a second are over')
  expect(here.rig.observed.ends).toEqual([])
  await upstream.say('d')
  await second.until(has(2))
  second.cut()
  await until(() => here.rig.observed.ends.length > 0, 'cancelled')
  expect(here.rig.observed.ends).toEqual(['idle'])
})

test('the answer of a dead server ends for readers elsewhere, also for one that had more, and once', async () => {
  const [here, there, third] = await fleet(3)
  if (here === undefined || there === undefined || third === undefined) throw new Error('three nodes')
  const first = await begun(here)
  const second = resume(there.rig, first.streamId, null)
  await second.until(has(2))
  const had = first.lastSequence
  await here.kill()
  await second.end()
  const lost = { type: 'error', data: { code: 'node_lost', retryable: true } }
  expect(second.terminals).toMatchObject([{ ...lost, sequence: had + 1 }])
  const ahead = await resume(third.rig, first.streamId, had + 3).end()
  expect(ahead.numbered).toMatchObject([{ ...lost, sequence: had + 4 }])
  // Who has the end has everything.
  const lastId = { 'Last-Event-ID': ahead.events.at(-1)?.id ?? '' }
  const done = await fetch(`${third.rig.base}/chat-stream/${first.streamId}`, { headers: lastId })
  expect(done.status).toBe(204)
  expect(nodes.map(({ buried }) => buried).reduce((a, b) => a + b)).toBe(1)
})

test('the answer of a dead server ends although nobody looks at it', async () => {
  const [here, there] = await two()
  await begun(here)
  await here.kill()
  await eventually(() => there.buried === 1, 'swept')
})

test('a server that stops does not wait for the answers of others: it ends their readers, who go on elsewhere', async () => {
  const [here, there] = await two()
  const first = await begun(here)
  const second = await resume(there.rig, first.streamId, null).until(has(2))
  await there.close()
  await second.end()
  expect([second.isComplete, second.terminals]).toEqual([true, []])
  const third = resume(here.rig, first.streamId, second.lastSequence)
  await upstream.say('c')
  await upstream.done()
  await Promise.all([first.end(), third.end()])
  expect([...second.numbered, ...third.numbered]).toEqual(first.numbered)
})

test('a server that seemed dead and wakes up cancels its answer, and ends its readers', async () => {
  const [here, there] = await two()
  const first = await begun(here)
  const second = await resume(there.rig, first.streamId, null).until(has(2))
  const cancelled = upstream.cancelled()
  // Cut off, and new connections go nowhere.
  here.proxy.target = 0
  here.proxy.cut()
  await second.end()
  expect(here.rig.observed.ends).toEqual([])
  here.proxy.target = redis.path
  await cancelled
  await first.end()
  for (const each of [first, second])
    expect(each.terminals).toMatchObject([{ type: 'error', data: { code: 'node_lost', retryable: true } }])
  expect(here.rig.observed.ends).toEqual(['node_lost'])
})

test('a Redis that lost everything gets it again', async () => {
  const [here, there] = await two()
  const ended = await begun(here, ann)
  await upstream.done()
  await ended.end()
  const first = ask(here.rig, undefined, ann)
  await until(() => upstream.asked() === 2, 'asked')
  await upstream.say('a', 'b')
  await first.until(has(2))
  await isWritten(here, first)
  const second = await resume(there.rig, first.streamId, null, ann).until(has(2))
  await redis.kill()
  await redis.start()
  await eventually(() => here.link.bulk.isUp && there.link.bulk.isUp && there.link.commands.isUp, 'back')
  await upstream.say('c')
  await second.until(has(3))
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.numbered).toEqual(first.numbered)
  await eventually(async () => {
    const again = await resume(there.rig, ended.streamId, null, ann).end()
    if (again.status !== 200) return false
    expect(again.numbered).toEqual(ended.numbered)
    return true
  }, 'the one that had ended is there too')
})

const key = (name: string) => ({ ...ann, 'idempotency-key': name })

test('questions with one key are asked once, however many come to however many servers at the same time', async () => {
  const [here, there] = await two()
  const readers = [here, there, here, there].map(({ rig }) => ask(rig, undefined, key('k1')))
  await upstream.say('a', 'b')
  for (const reader of readers) await reader.until(has(2))
  await upstream.done()
  await Promise.all(readers.map(reader => reader.end()))
  const [first] = readers
  for (const { numbered } of readers) expect(numbered).toEqual(first?.numbered)
  const other = { query: 'something else' }
  for (const { rig } of [here, there]) expect((await ask(rig, other, key('k1')).end()).status).toBe(409)
  // Also when it has ended, and as a whole document.
  const whole = await ask(there.rig, undefined, key('k1'), '/chat').end()
  expect(whole.json).toMatchObject({ success: true, response: 'ab' })
  expect(upstream.asked()).toBe(1)
})

test('a question that failed before its answer began may be asked again anywhere with its key', async () => {
  const [here, there] = await two({ backends: () => ['http://127.0.0.1:9'] })
  for (const { rig } of [here, there, here])
    expect(await ask(rig, undefined, key('k2')).end()).toMatchObject({ status: 502 })
  await eventually(
    async () => ((await here.link.commands.send(['KEYS', `g6:{i*${here.fleet}:*`])) as string[]).length === 0,
    'nothing is claimed',
  )
})

test('nobody can stop an anonymous answer that a caller of another server joined', async () => {
  const [here, there] = await two()
  const anonymous = { 'idempotency-key': 'k3' }
  const first = await begun(here, anonymous)
  const second = await ask(there.rig, undefined, anonymous).until(has(2))
  await until(() => here.rig.relay.keys.isShared(first.streamId), 'its own server has heard of it')
  expect((await stop(here.rig, first.streamId)).status).toBe(404)
  expect((await stop(there.rig, first.streamId)).status).toBe(404)
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.terminals).toMatchObject([{ type: 'done' }])
})

/** All that Redis has in it. */
async function contentsOf(node: ChatNode): Promise<string> {
  const { commands } = node.link
  const keys = (await commands.send(['KEYS', '*'])) as readonly string[]
  const values = await Promise.all(
    keys.map(async key => {
      const type = String(await commands.send(['TYPE', key]))
      if (type === 'string') return commands.send(['GET', key])
      return commands.send(type === 'hash' ? ['HGETALL', key] : ['ZRANGE', key, '0', '-1'])
    }),
  )
  return values.flat().join('\n')
}

test('with a key Redis has no word of an answer, which is resumed byte for byte, also after Redis lost a part', async () => {
  const keys = [randomBytes(32), randomBytes(32)]
  const [here, there] = await two({ seal: new KeySeal(keys) })
  const first = ask(here.rig, undefined, ann)
  await upstream.say('elderberry', 'ü')
  await first.until(has(2))
  const second = await resume(there.rig, first.streamId, null, ann).until(has(2))
  await upstream.say('mulberry')
  await second.until(has(3))
  // An old copy: what was read there in many records is written anew in one.
  const log = ((await here.link.commands.send(['KEYS', `*${first.streamId}:l`])) as string[])[0] ?? ''
  await here.link.commands.send(['DEL', log])
  await upstream.say('cloudberry')
  await second.until(has(4))
  expect(await contentsOf(there)).toContain(first.streamId)
  expect(await contentsOf(there)).not.toMatch(/berry/)

  await upstream.say('x'.repeat(2_000))
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.numbered).toEqual(first.numbered)
  await eventually(
    async () => Number(await there.link.commands.send(['STRLEN', log])) < 500,
    'it is deflated',
  )
  expect(await contentsOf(there)).not.toMatch(/berry/)
  await here.close()
  // Its keys in another order, and one with another key.
  const options = { fleet: there.fleet, backends: () => [upstream.url] }
  const rotated = await ChatNode.start(redis, { ...options, seal: new KeySeal([...keys].reverse()) })
  const other = await ChatNode.start(redis, { ...options, seal: new KeySeal([randomBytes(32)]) })
  nodes.push(rotated, other)
  const again = await resume(rotated.rig, first.streamId, null, ann).end()
  expect(again.numbered).toEqual(first.numbered)
  for (let i = 0; i < 2; i++) {
    const refused = await resume(other.rig, first.streamId, null, ann).end()
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([503, true])
  }
  expect([rotated.isReadable, other.isReadable]).toEqual([true, false])
})
