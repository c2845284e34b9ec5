import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { type Link, openLink } from '../../redis/link.js'
import { fleetKeys } from '../keys.js'
import type { Lease } from '../lease.js'
import { readMembers } from '../members.js'
import { CLEAR, KeySeal } from '../seal.js'
import { StrangeAnswerError } from './answer.js'
import { type BeatAnswer, type BeatRequest, beat } from './beat.js'
import { join } from './join.js'
import { getNotify, notifyKey, putNotify } from './notify.js'
import { type PublishAnswer, type PublishRequest, parseNotice, publish } from './publish.js'
import { pull } from './pull.js'
import { steal, transfer } from './transfer.js'

const KEYS = fleetKeys('test', 0, 'a')
const LEASE_MS = 60_000

let redis: RedisServer
let link: Link
const heard: { readonly channel: string; readonly message: string }[] = []

beforeAll(async () => {
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  for (const channel of Object.values(KEYS.channels))
    link.subscribe(channel, message => heard.push({ channel, message }))
  await eventually(() => link.commands.isUp && link.isListening, 'the link is up')
})
beforeEach(async () => {
  await link.commands.send(['FLUSHDB'])
  heard.length = 0
})
afterAll(async () => {
  link.close()
  await redis.close()
})

const beats = (
  node: string,
  want: BeatRequest['want'],
  more: Partial<BeatRequest> = {},
): Promise<BeatAnswer> =>
  beat(link.run, KEYS, {
    node,
    info: JSON.stringify({ beat: 1 }),
    beat: 1,
    want,
    isReady: true,
    leaseMs: LEASE_MS,
    goneMs: 60_000,
    life: 'first',
    ...more,
  })

async function leads(node: string): Promise<Lease> {
  const { lease } = await beats(node, 'lead')
  if (lease?.node !== node) throw new Error(`${node} has no lease`)
  return lease
}

const panel = (key: string, since: number) => ({ key, since, json: `{"since":${since}}` })
const publishes = (request: Partial<PublishRequest> & { readonly lease: Lease }): Promise<PublishAnswer> =>
  publish(link.run, KEYS, {
    epoch: 'e1',
    base: null,
    generation: 1,
    revision: 1,
    head: 'head',
    removed: [],
    panels: [panel('x', 1)],
    ...request,
  })

const messages = (channel: string) =>
  heard.filter(each => each.channel === channel).map(({ message }) => message)

describe('beat', () => {
  test('takes a free lease for one who wants it, renews it, and shows it to others', async () => {
    expect(await beats('a', 'none')).toMatchObject({ lease: null, head: null, life: 'first', nodes: 1 })
    const lease = await leads('a')
    expect(await beats('b', 'lead', { life: 'second' })).toMatchObject({
      lease,
      life: 'first',
      nodes: 2,
      successor: 'a',
      holderInfo: '{"beat":1}',
    })
    await link.commands.send(['PEXPIRE', KEYS.lease, 1_000])
    expect((await beats('a', 'none')).lease).toEqual(lease)
    expect(await link.commands.send(['PTTL', KEYS.lease])).toBeGreaterThan(1_000)
  })

  test('gives terms that grow, also after Redis forgot the last one and after its clock was behind', async () => {
    const first = await leads('a')
    await link.commands.send(['DEL', KEYS.lease, KEYS.term])
    const second = await leads('b')
    expect(second.term).toBeGreaterThanOrEqual(first.term)
    const ahead = second.term + 1e9
    await link.commands.send(['SET', KEYS.term, ahead])
    await link.commands.send(['DEL', KEYS.lease])
    expect((await leads('a')).term).toBe(ahead + 1)
  })

  test('gives the lease up and says so', async () => {
    await leads('a')
    expect((await beats('b', 'resign')).lease?.node).toBe('a')
    expect((await beats('a', 'resign')).lease).toBeNull()
    await eventually(() => messages(KEYS.channels.vacant).includes(''), 'the notice came')
  })

  test('drops nodes that no longer beat, with all that is known of them, and one that leaves at once', async () => {
    await beats('a', 'none', { goneMs: 0 })
    expect(await beats('b', 'none')).toMatchObject({ nodes: 1, successor: null })
    expect(await link.commands.send(['HKEYS', KEYS.info])).toEqual(['b'])
    expect(await link.commands.send(['ZRANGE', KEYS.candidates, 0, -1])).toEqual(['b'])
  })

  test('names another node as successor while that is ready', async () => {
    await beats('b', 'none')
    expect((await beats('a', 'none')).successor).toBe('b')
    await beats('b', 'none', { isReady: false })
    expect((await beats('a', 'none')).successor).toBeNull()
  })

  test('publishes its number, which comes back through the subscription', async () => {
    await beats('a', 'none', { beat: 77 })
    await eventually(() => messages(KEYS.channels.probe).includes('77'), 'the probe came')
  })

  test('fails loudly on a lease that is none of ours', async () => {
    await link.commands.send(['SET', KEYS.lease, 'something else'])
    await expect(beats('a', 'lead')).rejects.toBeInstanceOf(StrangeAnswerError)
  })
})

describe('publish', () => {
  test('writes a whole board, then what changed, and a notice for each', async () => {
    const lease = await leads('a')
    expect(await publishes({ lease, panels: [panel('x', 1), panel('y', 1)] })).toBe('ok')
    const step = { lease, base: 1, generation: 2, revision: 2, head: 'head 2' }
    expect(await publishes({ ...step, removed: ['y'], panels: [panel('z', 2)] })).toBe('ok')
    const { board } = await pull(link.run, KEYS, { epoch: '', generation: 0 })
    expect(board).toMatchObject({ epoch: 'e1', generation: 2, revision: 2, term: lease.term, text: 'head 2' })
    expect([...(board?.panels ?? [])]).toEqual([
      ['x', '{"since":1}'],
      ['z', '{"since":2}'],
    ])
    await eventually(() => messages(KEYS.channels.board).length === 2, 'both notices came')
    expect(messages(KEYS.channels.board).map(parseNotice)).toEqual([
      { term: lease.term, epoch: 'e1', generation: 1 },
      { term: lease.term, epoch: 'e1', generation: 2 },
    ])
  })

  test('refuses one that has lost the lease, one that is behind, and a step from another base', async () => {
    const lease = await leads('a')
    expect(await publishes({ lease, base: 0 })).toBe('base')
    expect(await publishes({ lease, generation: 5, revision: 5 })).toBe('ok')
    expect(await publishes({ lease, generation: 4, revision: 6 })).toBe('old')
    expect(await publishes({ lease, generation: 5, revision: 5 })).toBe('old')
    expect(await publishes({ lease, base: 4, generation: 6, revision: 6 })).toBe('base')
    expect(await publishes({ lease, epoch: 'e2', base: 5, generation: 6, revision: 7 })).toBe('base')
    await link.commands.send(['DEL', KEYS.lease])
    await leads('b')
    expect(await publishes({ lease, generation: 6, revision: 8 })).toBe('fenced')
  })

  test('replaces all of an earlier epoch', async () => {
    const lease = await leads('a')
    await publishes({ lease, panels: [panel('old', 1)] })
    expect(await publishes({ lease, epoch: 'e2', panels: [panel('new', 1)] })).toBe('ok')
    const { board } = await pull(link.run, KEYS, { epoch: '', generation: 0 })
    expect([...(board?.panels.keys() ?? [])]).toEqual(['new'])
  })
})

test('pull gives what changed since a position of the epoch, and all for another', async () => {
  expect(await pull(link.run, KEYS, { epoch: '', generation: 0 })).toEqual({ lease: null, board: null })
  const lease = await leads('a')
  await publishes({ lease, generation: 3, panels: [panel('x', 1), panel('y', 2), panel('z', 3)] })
  const keysAt = async (epoch: string, generation: number) => {
    const pulled = await pull(link.run, KEYS, { epoch, generation })
    expect(pulled.lease).toEqual(lease)
    return [...(pulled.board?.panels.keys() ?? [])]
  }
  expect(await keysAt('e1', 1)).toEqual(['y', 'z'])
  expect(await keysAt('e1', 3)).toEqual([])
  expect(await keysAt('other', 3)).toEqual(['x', 'y', 'z'])
})

test('transfer hands the lease to a node that is ready, and to no other', async () => {
  const lease = await leads('a')
  expect(await transfer(link.run, KEYS, lease, 'b', LEASE_MS)).toEqual({ answer: 'gone' })
  await beats('b', 'none')
  const handed = await transfer(link.run, KEYS, lease, 'b', LEASE_MS)
  if (handed.answer !== 'ok') throw new Error('it was refused')
  expect(handed.lease.term).toBeGreaterThan(lease.term)
  expect((await beats('b', 'none')).lease).toEqual(handed.lease)
  expect(await transfer(link.run, KEYS, lease, 'b', LEASE_MS)).toEqual({ answer: 'fenced' })
  await eventually(() => messages(KEYS.channels.vacant).includes(handed.lease.text), 'the notice came')
})

test('steal frees the lease that was seen, and no later one', async () => {
  const lease = await leads('a')
  expect(await steal(link.run, KEYS, { ...lease, text: `1${lease.text}` })).toBe('changed')
  expect(await steal(link.run, KEYS, lease)).toBe('ok')
  expect((await beats('b', 'none')).lease).toBeNull()
})

describe('join', () => {
  const joins = (...marks: string[]) => join(link.run, KEYS, marks)

  test('refuses a node that shares no token with the fleet, and follows a rotation', async () => {
    expect(await joins('one')).toBe('ok')
    expect(await joins('two')).toBe('foreign')
    expect(await joins('one', 'two')).toBe('ok')
    expect(await joins('two')).toBe('ok')
  })

  test('keeps a bounded number of marks', async () => {
    for (let i = 0; i < 200; i++) expect(await joins(`m${i}`, `m${i + 1}`)).toBe('ok')
    expect(await link.commands.send(['SCARD', KEYS.mark])).toBeLessThanOrEqual(64)
    expect(await joins('m200')).toBe('ok')
  })
})

// ── any sequence of calls, against a model ───────────────────────────────────────────────────────────────────────

const NODES = ['a', 'b', 'c'] as const
type NodeName = (typeof NODES)[number]

type ModelBoard = {
  readonly epoch: string
  readonly generation: number
  readonly revision: number
  readonly term: number
  readonly panels: ReadonlyMap<string, number>
}

/** What one process knows: the lease it last saw, and its own board. */
type Process = { seen: Lease | null; generation: number; revision: number; published: number }

class Model {
  lease: Lease | null = null
  lastTerm = 0
  board: ModelBoard | null = null
  saved: ModelBoard | null = null
  readonly ready = new Set<string>()
  readonly nodes = new Set<string>()
  readonly processes = Object.fromEntries(
    NODES.map(node => [node, { seen: null, generation: 1, revision: 0, published: 0 }]),
  ) as Record<NodeName, Process>
  readonly accepted = new Map<string, { readonly generation: number; readonly revision: number }[]>()
}

type Step =
  | {
      readonly do: 'beat'
      readonly node: NodeName
      readonly want: BeatRequest['want']
      readonly isReady: boolean
    }
  | { readonly do: 'change' | 'steal' | 'pull'; readonly node: NodeName }
  | { readonly do: 'publish'; readonly node: NodeName; readonly whole: boolean }
  | { readonly do: 'transfer'; readonly node: NodeName; readonly to: NodeName }
  | { readonly do: 'expire' | 'save' | 'restore' | 'flush' }

const node = fc.constantFrom(...NODES)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('beat' as const),
      node,
      want: fc.constantFrom('lead' as const, 'lead' as const, 'none' as const, 'resign' as const),
      isReady: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('change' as const, 'steal' as const, 'pull' as const), node }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('publish' as const), node, whole: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('transfer' as const), node, to: node }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('expire' as const, 'save' as const, 'restore' as const, 'flush' as const),
    }),
  },
)

/** Panel `p` of an own board: `p1` changes in every third generation, and so on. */
const sinceOf = (generation: number): ReadonlyMap<string, number> =>
  new Map([0, 1, 2].map(i => [`p${i}`, generation - ((generation + i) % 3)]))

function expectedPublish(model: Model, process: Process, epoch: string, whole: boolean): PublishAnswer {
  const { board, lease } = model
  if (process.seen === null || lease?.text !== process.seen.text) return 'fenced'
  const same = board?.epoch === epoch
  if (same && (process.generation < board.generation || process.revision <= board.revision)) return 'old'
  if (!whole && !(same && board.generation === process.published)) return 'base'
  return 'ok'
}

async function apply(model: Model, each: Step): Promise<void> {
  if (each.do === 'beat') {
    const process = model.processes[each.node]
    const answer = await beats(each.node, each.want, { isReady: each.isReady })
    model.nodes.add(each.node)
    if (each.isReady) model.ready.add(each.node)
    else model.ready.delete(each.node)
    if (model.lease?.node === each.node && each.want === 'resign') model.lease = null
    else if (model.lease === null && each.want === 'lead') {
      expect(answer.lease?.node).toBe(each.node)
      expect(answer.lease?.term).toBeGreaterThan(model.lastTerm)
      model.lease = answer.lease
      model.lastTerm = answer.lease?.term ?? 0
    }
    expect(answer.lease).toEqual(model.lease)
    expect(answer.nodes).toBe(model.nodes.size)
    const others = [...model.ready].filter(name => name !== each.node)
    if (others.length === 0) expect(answer.successor).toBeNull()
    else expect(others).toContain(answer.successor)
    const { epoch, generation, revision, term } = model.board ?? {}
    expect(answer.head).toEqual(model.board === null ? null : { epoch, generation, revision, term })
    process.seen = answer.lease
  } else if (each.do === 'change') {
    model.processes[each.node].generation++
  } else if (each.do === 'publish') {
    const process = model.processes[each.node]
    if (process.seen === null) return
    process.revision++
    const { generation, revision } = process
    const epoch = `e${each.node}`
    const expected = expectedPublish(model, process, epoch, each.whole)
    const panels = [...sinceOf(generation)].filter(([, since]) => each.whole || since > process.published)
    const answer = await publishes({
      lease: process.seen,
      epoch,
      base: each.whole ? null : process.published,
      generation,
      revision,
      panels: panels.map(([key, since]) => panel(key, since)),
    })
    expect(answer).toBe(expected)
    if (answer !== 'ok') return
    const accepted = model.accepted.get(epoch) ?? []
    model.accepted.set(epoch, [...accepted, { generation, revision }])
    process.published = generation
    model.board = { epoch, generation, revision, term: process.seen.term, panels: sinceOf(generation) }
  } else if (each.do === 'pull') {
    const { published } = model.processes[each.node]
    const epoch = `e${each.node}`
    const pulled = await pull(link.run, KEYS, { epoch, generation: published })
    expect(pulled.lease).toEqual(model.lease)
    const { board } = model
    const due = [...(board?.panels ?? [])].filter(([, since]) => board?.epoch !== epoch || since > published)
    expect(pulled.board === null ? null : [...pulled.board.panels].sort()).toEqual(
      board === null ? null : due.map(([key, since]) => [key, panel(key, since).json]).sort(),
    )
  } else if (each.do === 'transfer') {
    const { seen } = model.processes[each.node]
    if (seen === null) return
    const answer = await transfer(link.run, KEYS, seen, each.to, LEASE_MS)
    if (model.lease?.text !== seen.text) expect(answer).toEqual({ answer: 'fenced' })
    else if (!model.ready.has(each.to)) expect(answer).toEqual({ answer: 'gone' })
    else if (answer.answer === 'ok') {
      expect(answer.lease.node).toBe(each.to)
      expect(answer.lease.term).toBeGreaterThan(model.lastTerm)
      model.lease = answer.lease
      model.lastTerm = answer.lease.term
    } else throw new Error('it was refused')
  } else if (each.do === 'steal') {
    const { seen } = model.processes[each.node]
    if (seen === null) return
    const isThere = model.lease?.text === seen.text
    expect(await steal(link.run, KEYS, seen)).toBe(isThere ? 'ok' : 'changed')
    if (isThere) model.lease = null
  } else if (each.do === 'expire') {
    await link.commands.send(['DEL', KEYS.lease])
    model.lease = null
  } else if (each.do === 'save') {
    for (const key of [KEYS.board, KEYS.since])
      await link.commands.send(['COPY', key, `saved:${key}`, 'REPLACE'])
    model.saved = model.board
  } else if (each.do === 'restore') {
    if (model.saved === null) return
    for (const key of [KEYS.board, KEYS.since])
      await link.commands.send(['COPY', `saved:${key}`, key, 'REPLACE'])
    model.board = model.saved
  } else {
    await link.commands.send(['FLUSHDB'])
    model.lease = null
    model.board = null
    model.saved = null
    model.ready.clear()
    model.nodes.clear()
    // Terms go on from Redis's clock.
    model.lastTerm = 0
  }
}

test('any sequence of calls is answered as the model says, and accepted boards of one epoch only grow', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      await link.commands.send(['FLUSHDB'])
      const model = new Model()
      for (const each of steps) await apply(model, each)
      for (const accepted of model.accepted.values()) {
        accepted.reduce((before, after) => {
          expect(after.generation).toBeGreaterThanOrEqual(before.generation)
          expect(after.revision).toBeGreaterThan(before.revision)
          return after
        })
      }
    }),
    { numRuns: 60 },
  )
})

test('the nodes are read with the time since the last beat of each, by the clock of Redis', async () => {
  const about = { version: '1', role: 'following', fresh: true, draining: false, epoch: 'e', generation: 1 }
  const info = JSON.stringify({
    ...about,
    ...{ readers: 0, chat: 0, lag_ms: 0, rss: 1, engine_ms: 1, started: 1, silent_ms: 7_777 },
  })
  await beats('b', 'none', { info })
  await beats('a', 'none', { info })
  await beats('old', 'none', { info: '{}' })
  await link.commands.send(['ZINCRBY', KEYS.nodes, '-20000', 'a'])
  const members = await readMembers(link.run, KEYS, 60_000)
  expect(members.map(({ node }) => node)).toEqual(['a', 'b'])
  const [a, b] = members.map(({ silent_ms: silentMs }) => silentMs ?? -1)
  expect(a).toBeGreaterThanOrEqual(20_000)
  expect(b).toBeGreaterThanOrEqual(0)
  expect((a ?? 0) - (b ?? 0)).toBeLessThanOrEqual(20_000)
  await link.commands.send(['ZREM', KEYS.nodes, 'a'])
  expect(await readMembers(link.run, KEYS, 60_000)).toMatchObject([{ node: 'a', silent_ms: undefined }, {}])
})

describe('the state of notifications', () => {
  const KEY = notifyKey('test')
  const seal = new KeySeal([randomBytes(32)])
  const put = (lease: Lease, text: string): Promise<boolean> =>
    putNotify(link.run, KEYS, KEY, lease, { text, wallMs: 1_000 }, seal)

  test('is written by the publisher alone, and read with the time that has passed', async () => {
    expect(await getNotify(link.run, KEY, seal)).toBeNull()
    const a = await leads('a')
    expect(await put(a, 'first')).toBe(true)
    await steal(link.run, KEYS, a)
    const b = await leads('b')
    expect(await put(a, 'late')).toBe(false)
    const read = await getNotify(link.run, KEY, seal)
    expect(read?.text).toBe('first')
    expect(await link.commands.send(['HGET', KEY, 'text'])).not.toContain('first')
    for (const other of [CLEAR, new KeySeal([randomBytes(32)])])
      expect((await getNotify(link.run, KEY, other))?.text).toBe('')
    expect(read?.wallMs).toBeGreaterThanOrEqual(1_000)
    expect(await put(b, 'second')).toBe(true)
    // Ten seconds ago by the clock of Redis.
    await link.commands.send(['HINCRBY', KEY, 'at', '-10000'])
    expect((await getNotify(link.run, KEY, seal))?.wallMs).toBeGreaterThanOrEqual(11_000)
  })
})
