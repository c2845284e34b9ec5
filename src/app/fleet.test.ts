// A node as the program makes it, against a real Redis: what it refuses, logs and counts.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { capturedLog } from '../../test/support/captured-log.js'
import { TENTH } from '../../test/support/chat-fleet.js'
import { eventually } from '../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../test/support/redis-server.js'
import { systemClock } from '../clock/clock.js'
import { momentNow } from '../clock/moment.js'
import { loadConfig } from '../config/load.js'
import { Connections } from '../connection/connections.js'
import type { CycleResult } from '../engine/cycle.js'
import type { BoardSource } from '../engine/followed-boards.js'
import { FollowedBoards } from '../engine/followed-boards.js'
import { Statistics } from '../engine/statistics.js'
import { createMetrics } from '../metrics/metrics.js'
import type { Panel } from '../panels/panel.js'
import { parseRedisAddress } from '../redis/address.js'
import { openLink } from '../redis/link.js'
import { createFleet, noSource } from './fleet.js'
import { shareChat } from './fleet-chat.js'
import type { Fleet, FleetParts } from './parts.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function rig(redis: RedisServer, env: Readonly<Record<string, string>> = {}, more: Partial<FleetParts> = {}) {
  const result = loadConfig({ env: { G6_REDIS_URL: redis.url, ...env } })
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  const { config } = result
  const { log, lines } = capturedLog()
  const metrics = createMetrics({ extended: true, processDefaults: false, version: '0', node: 'v20' })
  const source: BoardSource = noSource('g6')
  const settings = () => config
  const limits = () => ({ warnSec: 60, errorSec: 180 })
  const fleet: Fleet = createFleet({
    ...{
      config,
      settings,
      metrics,
      log,
      clock: systemClock,
      panels: [],
      limits,
      mayLead: true,
      looks: () => null,
    },
    connections: new Connections(),
    own: new FollowedBoards({ source, refreshMs: () => 1_000, limits, timezone: () => 'UTC' }),
    pushTargets: [],
    ...more,
  })
  let ticking: NodeJS.Timeout | undefined
  closers.push(async () => {
    clearInterval(ticking)
    await fleet.stop()
    fleet.close()
  })
  const make = boardMaker()
  const statistics = new Statistics(0)
  return {
    fleet,
    lines,
    metrics: async () => (await metrics.text()).body,
    /** What its relay shares; before it starts. */
    share: () => {
      const parts = { fleet, config: settings, metrics, log, clock: systemClock, times: TENTH }
      const { store, start } = shareChat(parts)
      start()
      closers.push(() => store.close())
      return store
    },
    /** A loop without a tick for three beats counts as hung, so this one goes on to tick. */
    publish: (...panels: Panel[]) => {
      const result: CycleResult = {
        board: make(...panels),
        snapshot: null,
        reading: null,
        source: { state: 'fresh', ageSec: 0, changedAtMs: systemClock.nowMs(), error: null, tooOld: false },
        stats: statistics.snapshot(0, undefined),
      }
      void fleet.output.publish(result)
      clearInterval(ticking)
      ticking = setInterval(() => void fleet.output.publish(result), 500)
    },
  }
}

async function startedRedis(): Promise<RedisServer> {
  const redis = await startRedis()
  closers.push(() => redis.close())
  return redis
}

test('a board that is too large is not shared, and a write of one that leads no more is refused: both are counted', async () => {
  const redis = await startedRedis()
  const { fleet, metrics, publish, lines } = rig(redis)
  await fleet.start([])
  publish(textPanel('a', 'x'.repeat(4 * 1024 * 1024)))
  await eventually(() => fleet.health().degraded.includes('large'), 'it says that the board is not shared')
  expect(await metrics()).toMatch(/^g6_fleet_unshared_total\{why="large"\} [1-9]/m)
  expect(lines().filter(({ why }) => String(why).includes('4 MiB'))).toHaveLength(1)
  publish(textPanel('a', 'small'))
  expect(fleet.health()).toMatchObject({ fleet: { seat: 'leading', nodes: 1 }, degraded: [] })

  const parsed = parseRedisAddress(redis.url)
  if (!parsed.ok) throw new Error(parsed.error)
  const admin = await openLink({ address: parsed.address, monotonicMs: systemClock.monotonicMs })
  closers.push(() => admin.close())
  await eventually(() => admin.commands.isUp, 'a link')
  await admin.commands.send(['SET', 'g6:{g6}:lease', '9999999999999:another'])
  publish(textPanel('a', 'late'))
  await eventually(() => fleet.health().fleet.seat === 'following', 'it leads no more')
  expect(await metrics()).toMatch(/^g6_fleet_fenced_total 1$/m)
})

test('the second fleet of a name on one Redis is refused; with a name of its own it is not', async () => {
  const redis = await startedRedis()
  const first = rig(redis, { G6_SSE_API_TOKEN: 'a-token-of-the-first' })
  await first.fleet.start([])
  const second = rig(redis, { G6_SSE_API_TOKEN: 'a-token-of-the-second' })
  await expect(second.fleet.start([])).rejects.toThrow(/none of its tokens.*G6_FLEET/)
  expect(second.fleet.health().degraded).toEqual(['foreign'])
  const named = rig(redis, { G6_SSE_API_TOKEN: 'a-token-of-the-second', G6_FLEET: 'second' })
  await named.fleet.start([])
  const rotated = rig(redis, {
    G6_SSE_API_TOKEN: 'a-token-that-is-new',
    G6_SSE_API_TOKEN_PREVIOUS: 'a-token-of-the-first',
  })
  await rotated.fleet.start([])
  expect([named, rotated].map(({ fleet }) => fleet.health().degraded)).toEqual([[], []])
})

test('a server starts while Redis is away, and says so', async () => {
  const redis = await startedRedis()
  await redis.kill()
  const { fleet, publish, lines } = rig(redis)
  await fleet.start([])
  publish(textPanel('a', '1'))
  await eventually(() => fleet.health().fleet.seat === 'alone', 'it shows its own board')
  expect(fleet.health().degraded).toEqual(['engine'])
  expect(fleet.boards.next(boardMaker('none')(), 1, momentNow(systemClock))).toMatchObject({
    epoch: 'e1',
    generation: 1,
  })
  expect(lines().filter(({ level }) => level === 40)).toHaveLength(1)
})

test('a server without a source shows the board of the publisher as its board file wants it', async () => {
  const redis = await startedRedis()
  const looks = { title: 'Trading', spans: { indices: 3 } }
  const first = rig(redis, {}, { looks: () => looks })
  await first.fleet.start([])
  first.publish(textPanel('a', '1'))
  await eventually(() => first.fleet.health().fleet.seat === 'leading', 'it leads')
  const second = rig(redis, {}, { mayLead: false })
  await second.fleet.start([])
  await eventually(() => second.fleet.looks() !== null, 'it has the looks')
  expect([first.fleet.looks(), second.fleet.looks()]).toEqual([looks, looks])
})

/** Makes files of keys; they go with the test. */
function keyFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'g6-fleet-key-'))
  closers.push(() => rmSync(folder, { recursive: true }))
  return (name: string, ...keys: readonly Buffer[]) => {
    const path = join(folder, name)
    writeFileSync(path, keys.map(key => key.toString('base64')).join('\n'))
    return { G6_FLEET_KEY_FILE: path }
  }
}

test('with a key nothing of a board is in clear, its rotation changes nothing, and another key is reported', async () => {
  const redis = await startedRedis()
  const file = keyFiles()
  const [old, next, other] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const first = rig(redis, file('old', old))
  await first.fleet.start([])
  first.publish(textPanel('a', 'a-text-of-the-board'))
  await eventually(() => first.fleet.health().fleet.seat === 'leading', 'it leads')

  const parsed = parseRedisAddress(redis.url)
  if (!parsed.ok) throw new Error(parsed.error)
  const admin = await openLink({ address: parsed.address, monotonicMs: systemClock.monotonicMs })
  closers.push(() => admin.close())
  await eventually(() => admin.commands.isUp, 'a link')
  const there = await eventually(async () => {
    const all = JSON.stringify(await admin.commands.send(['HGETALL', 'g6:{g6}:b:main']))
    return all.includes('p:a') && all
  }, 'the board is in Redis')
  expect(there).not.toContain('a-text-of-the-board')

  // None of the others may take the seat of the first, however late its beats are.
  const follower = { mayLead: false }
  const rotated = rig(redis, file('both', next, old), follower)
  const strangers = [rig(redis, file('other', other), follower), rig(redis, {}, follower)]
  for (const { fleet, publish } of [rotated, ...strangers]) {
    publish(textPanel('a', 'own'))
    await fleet.start([])
  }
  const shown = ({ fleet }: (typeof strangers)[number]) =>
    fleet.boards.next(boardMaker('none')(), 1, momentNow(systemClock)).panels.get('a')?.lines[0]
  await eventually(() => shown(rotated) === 'a-text-of-the-board', 'it follows')
  for (const stranger of strangers) {
    await eventually(() => stranger.fleet.health().degraded.includes('key'), 'it says so')
    expect(shown(stranger)).toBe('own')
    expect(stranger.lines().filter(({ level }) => level === 50)).toMatchObject([
      { msg: expect.stringContaining('G6_FLEET_KEY_FILE') },
    ])
  }
  const wrong = { G6_FLEET_KEY_FILE: join(tmpdir(), randomBytes(8).toString('hex')) }
  expect(() => rig(redis, wrong)).toThrow(/G6_FLEET_KEY_FILE cannot be used: ENOENT/)
})

test('answers are encrypted with the key of the fleet, and a server with another one says that it cannot read them', async () => {
  const redis = await startedRedis()
  const file = keyFiles()
  const [key, other] = [randomBytes(32), randomBytes(32)]
  const [writer, reader, strange] = [
    rig(redis, file('a', key)),
    rig(redis, file('b', other, key)),
    rig(redis, file('c', other)),
  ]
  const [own, shared, unread] = [writer.share(), reader.share(), strange.share()]
  for (const { fleet } of [writer, reader, strange]) await fleet.start([])
  const facts = { streamId: 'abcdefghijklmnopqrstuv', owner: null, identified: false, connectionId: 'c1' }
  const log = own.create(facts)
  log.append('data: a word\n\n')
  log.publish()
  const found = await eventually(async () => {
    const read = await Promise.resolve(shared.find(facts.streamId, null)).catch(() => null)
    return read !== null && read.log.tail === 1 && read
  }, 'it is read with the other of two keys')
  expect((await found.log.readFrom(0, 'raw', 1_000)).bytes.toString()).toBe('data: a word\n\n')
  expect(strange.fleet.health().degraded).toEqual([])
  await expect(unread.find(facts.streamId, null)).rejects.toMatchObject({
    code: 'engine_gone',
    message: expect.stringContaining('key'),
  })
  expect([reader, strange].map(({ fleet }) => fleet.health().degraded)).toEqual([[], ['key']])
  expect(strange.lines().filter(({ level }) => level === 50)).toMatchObject([
    { msg: expect.stringContaining('G6_FLEET_KEY_FILE') },
  ])
  // Its server is lost: one of the others ends it, and counts it.
  expect(await reader.metrics()).toMatch(/^g6_chat_buried_total 0$/m)
  writer.fleet.close()
  const buried = async () =>
    (await Promise.all([reader, strange].map(({ metrics }) => metrics())))
      .join()
      .match(/^g6_chat_buried_total 1$/gm)
  await eventually(async () => (await buried())?.length === 1, 'it is ended')
})
