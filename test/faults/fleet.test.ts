// The law of a fleet: whatever happens to its nodes, their connections and Redis, one id means one board, a reader never goes back
// within an epoch, one node publishes in a term; and once faults end, all nodes show what one publisher shows.
//
// FAULT_RUNS=N makes N runs instead of 4; FAULT_SEED=N starts them at that seed.
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { FLEET_PROTO } from '../../src/fleet/board-text.js'
import { eventually } from '../support/eventually.js'
import { Fleet, type Member } from '../support/fleet-rig.js'
import { startRedis } from '../support/redis-server.js'

const RUNS = Number(process.env.FAULT_RUNS ?? 4)
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000)
const SIZE = 3

let fleet: Fleet | null = null
afterEach(async () => {
  const faults = fleet?.faults ?? []
  await fleet?.close()
  fleet = null
  // What a node reports as a fault is one: a board that broke a promise, an answer of no version.
  expect(faults).toEqual([])
})

async function started(size = SIZE): Promise<Fleet> {
  fleet = await Fleet.start(size)
  await fleet.converge()
  return fleet
}

const others = (all: Fleet, leader: Member) => all.members.filter(member => member !== leader)

test('a change at the publisher reaches every node, with one lease and one epoch', async () => {
  const all = await started()
  for (let i = 0; i < 10; i++) all.change()
  await all.converge()
  all.checkResume()
})

test('the fleet goes on with another publisher when the first is killed, and at once when it is stopped', async () => {
  const all = await started()
  const first = await all.converge()
  first.kill()
  all.change()
  await eventually(() => all.leader !== null, 'another leads')
  await first.start()
  const second = await all.converge()
  // Everybody has beaten since, so the publisher knows a successor.
  await all.cycles(5)
  const handed: string[] = []
  all.admin.subscribe('g6:0:{test}:vacant', message => handed.push(message))
  await second.stop()
  // The lease was handed on before it left: nobody had to wait for it to end.
  await eventually(
    () => handed.some(lease => /^\d+:[^.]+\.\d+$/.test(lease)),
    'a lease that names the successor',
  )
  await second.start()
  await all.converge()
  all.checkResume()
})

test('a node that starts late answers any reader of the epoch as the publisher does', async () => {
  const all = await started()
  const leader = await all.converge()
  const [late] = others(all, leader)
  late?.kill()
  for (let i = 0; i < 9; i++) all.change()
  await late?.start()
  await all.converge()
  all.checkResume()
})

test('a reader ahead of a node is answered after that node has pulled', async () => {
  const all = await started()
  const leader = await all.converge()
  const [behind] = others(all, leader)
  if (behind?.node == null) throw new Error('no other node')
  const { generation } = behind.node.shown
  all.change()
  const ahead = leader.node?.shown.generation ?? 0
  expect(ahead).toBeGreaterThan(generation)
  await eventually(
    async () => Number(await all.admin.commands.send(['HGET', 'g6:{test}:b:main', 'gen'])) >= ahead,
    'it is in Redis',
  )
  await behind.node.catchUp()
  expect(behind.node.shown.generation).toBeGreaterThanOrEqual(ahead)
  expect(behind.seen).toContain('pull for a reader')
})

test('without Redis every node with a fresh reading serves its own board, says so, and comes back', async () => {
  const all = await started()
  const leader = await all.converge()
  const { epoch } = leader.node?.shown ?? {}
  const [blind] = others(all, leader)
  if (blind === undefined) throw new Error('no other node')
  blind.isFresh = false
  blind.cycle()
  await all.redis.kill()
  await eventually(
    () => all.members.every(({ node }) => node?.isEngineGone),
    'all say that the engine is gone',
  )
  await eventually(
    () => all.members.every(({ node }) => node?.seat === (node === blind.node ? 'adrift' : 'alone')),
    'seats',
  )
  // Its readers notice nothing: the same epoch goes on.
  all.change()
  expect(leader.node?.shown.epoch).toBe(epoch)
  expect(blind.node?.shown.epoch).toBe(epoch)
  blind.isFresh = true
  await all.redis.start()
  await all.converge()
  for (const { seen } of all.members)
    expect(seen.filter(each => each.startsWith('engine')).slice(-2)).toEqual(['engine gone', 'engine back'])
})

test('a node that is cut off alone is replaced if it led, and follows when it is back', async () => {
  const all = await started()
  const leader = await all.converge()
  leader.proxy.stall()
  await eventually(() => others(all, leader).some(({ node }) => node?.seat === 'leading'), 'another leads')
  all.change()
  await eventually(() => leader.node?.isEngineGone, 'it says so')
  leader.proxy.cut()
  leader.proxy.resume()
  await all.converge()
  all.checkResume()
})

test('a subscription that hears nothing is found by the probe, although every command is answered', async () => {
  const all = await started()
  const leader = await all.converge()
  const [deaf] = others(all, leader)
  if (deaf === undefined) throw new Error('no other node')
  const other = await startRedis()
  try {
    deaf.seen = []
    // New connections go to another Redis, and the subscription is the only one that is made anew.
    deaf.proxy.target = other.path
    await all.admin.commands.send(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await eventually(() => deaf.seen.includes('subscriber deaf'), 'the probe found it')
    // Both are made anew; on a busy machine the other one may have been lost for a reason of its own.
    expect(deaf.seen.some(each => each.startsWith('commands '))).toBe(true)
    deaf.proxy.target = all.redis.path
    deaf.proxy.cut()
    all.change()
    await all.converge()
    all.checkResume()
  } finally {
    await other.close()
  }
})

test('a node whose loop hangs gives the lease up, although it beats', async () => {
  const all = await started()
  const leader = await all.converge()
  leader.isHung = true
  await eventually(() => others(all, leader).some(({ node }) => node?.seat === 'leading'), 'another leads')
  leader.isHung = false
  all.change()
  await all.converge()
})

test('a publisher whose reading is stale hands over to one with a fresh one, and readers see one new epoch', async () => {
  const all = await started()
  const leader = await all.converge()
  const [first, second] = others(all, leader)
  if (second === undefined) throw new Error('no third node')
  second.isFresh = false
  second.cycle()
  await all.cycles(2)
  leader.isFresh = false
  leader.cycle()
  await eventually(() => first?.node?.seat === 'leading', 'the fresh one leads')
  second.isFresh = true
  leader.isFresh = true
  all.change()
  await all.converge()
})

test('a node of another fleet with the same name does not join, and follows nothing', async () => {
  const all = await started()
  const leader = await all.converge()
  const [stranger] = others(all, leader)
  if (stranger === undefined) throw new Error('no other node')
  stranger.kill()
  stranger.marks = ['another mark']
  stranger.seen = []
  await stranger.start()
  await eventually(() => stranger.seen.includes('foreign'), 'it is refused')
  await eventually(() => stranger.node?.seat === 'alone', 'it serves its own board')
  expect(String(await all.admin.commands.send(['HKEYS', 'g6:{test}:info']))).not.toContain(
    `${stranger.name}.2`,
  )
  stranger.kill()
  stranger.marks = ['mark']
  await stranger.start()
  await all.converge()
})

test('servers of two versions: the older one keeps its own board, says why, and leads when the later one is gone', async () => {
  const all = await started(2)
  const older = await all.converge()
  const [later] = others(all, older)
  if (later === undefined) throw new Error('no other node')
  // The later version reads the form before its own.
  await later.stop()
  later.proto = FLEET_PROTO + 1
  await later.start()
  expect(await all.converge()).toBe(older)

  await older.stop()
  await eventually(() => later.node?.seat === 'leading', 'the later one leads')
  await older.start()
  await eventually(() => older.node?.seat === 'alone', 'the older one shows its own board')
  expect(older.node?.unreadable).toBe('version')
  all.change()
  await all.cycles(5)
  expect(older.node?.seat).toBe('alone')
  expect(older.node?.shown.epoch).not.toBe(later.node?.shown.epoch)
  expect(older.node?.shown.panels.get('p0')?.lines).toEqual([`${all.value}`])
  expect(await all.publishedProto()).toBe(FLEET_PROTO + 1)

  // A rollback: nobody of the later version is left.
  await later.stop()
  await eventually(() => older.node?.seat === 'leading', 'the older one leads')
  expect(older.node?.unreadable).toBe(null)
  await later.start()
  expect(await all.converge()).toBe(older)
  expect(await all.publishedProto()).toBe(FLEET_PROTO)
})

type Step =
  | { readonly do: 'change'; readonly times: number }
  | { readonly do: 'wait'; readonly cycles: number }
  | {
      readonly do:
        | 'cut'
        | 'reset'
        | 'stall'
        | 'lose'
        | 'resume'
        | 'kill'
        | 'start'
        | 'stop'
        | 'stale'
        | 'fresh'
      readonly member: number
    }
  | { readonly do: 'flush' | 'restart' | 'dump' | 'restore' | 'pause' | 'goOn' | 'expire' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('change' as const), times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), cycles: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...(['cut', 'reset', 'stall', 'lose', 'resume', 'kill', 'start', 'stop', 'stale', 'fresh'] as const),
      ),
      member: fc.nat(SIZE - 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(...(['flush', 'restart', 'dump', 'restore', 'pause', 'goOn', 'expire'] as const)),
    }),
  },
)

async function apply(all: Fleet, each: Step): Promise<void> {
  if (each.do === 'change') for (let i = 0; i < each.times; i++) all.change()
  else if (each.do === 'wait') await all.cycles(each.cycles)
  else if ('member' in each) {
    const member = all.members[each.member]
    if (member === undefined) return
    const { proxy } = member
    if (each.do === 'cut') proxy.cut()
    else if (each.do === 'reset') proxy.reset()
    else if (each.do === 'stall') proxy.stall()
    else if (each.do === 'lose') proxy.lose('server')
    else if (each.do === 'resume') proxy.resume()
    else if (each.do === 'kill') member.kill()
    else if (each.do === 'stop') await member.stop()
    else if (each.do === 'start') {
      if (member.node === null) await member.start()
    } else {
      member.isFresh = each.do === 'fresh'
      member.cycle()
    }
  } else if (each.do === 'pause') all.redis.pause()
  else {
    all.redis.resume()
    if (each.do === 'flush') await all.flush()
    else if (each.do === 'restart') await all.restart()
    else if (each.do === 'dump') await all.dump().catch(() => {})
    else if (each.do === 'restore') await all.restore().catch(() => {})
    else if (each.do === 'expire') await all.admin.commands.send(['DEL', 'g6:{test}:lease']).catch(() => {})
  }
}

async function heal(all: Fleet): Promise<void> {
  all.redis.resume()
  for (const member of all.members) {
    member.proxy.resume()
    member.isFresh = true
    if (member.node === null) await member.start()
    member.cycle()
  }
  await all.converge()
  all.change()
  await all.converge()
  all.checkResume()
}

test(
  'the law holds under any faults',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async steps => {
        const all = await Fleet.start(SIZE)
        try {
          await all.converge()
          for (const each of steps) await apply(all, each)
          await heal(all)
          expect(all.faults).toEqual([])
        } finally {
          await all.close()
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    )
  },
  RUNS * 60_000,
)
