import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { type FaultProxy, startFaultProxy } from '../../test/support/fault-proxy.js'
import { freePort } from '../../test/support/free-port.js'
import { type RedisServer, startRedis } from '../../test/support/redis-server.js'
import { parseRedisAddress, type RedisAddress } from './address.js'
import { EngineError } from './connection.js'
import { type Link, type LinkOptions, openLink } from './link.js'
import { defineScript } from './script.js'

const TIMES = { deadlineMs: 300, connectMs: 1_000, retryMs: 2, retryMaxMs: 20 }
const ECHO = defineScript('echo', "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")

let redis: RedisServer
let proxy: FaultProxy
const links: Link[] = []

beforeAll(async () => {
  redis = await startRedis()
  proxy = await startFaultProxy(redis.path)
})
afterEach(() => {
  for (const link of links.splice(0)) link.close()
  proxy.target = redis.path
  proxy.resume()
})
afterAll(async () => {
  await proxy.close()
  await redis.close()
})

function addressOf(url: string): RedisAddress {
  const parsed = parseRedisAddress(url)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.address
}

async function link(url: string, more: Partial<LinkOptions> = {}) {
  const resets: string[] = []
  const address = addressOf(url)
  const made = await openLink({
    address,
    monotonicMs: () => performance.now(),
    times: TIMES,
    observer: { onReset: (lane, why) => resets.push(`${lane} ${why}`) },
    ...more,
  })
  links.push(made)
  return { link: made, resets }
}

const throughProxy = () => link(`redis://127.0.0.1:${proxy.port}`)
const up = (made: Link) => eventually(() => made.commands.isUp && made.isListening, 'the link is up')
const faultOf = (command: Promise<unknown>) =>
  command.then(
    () => 'answered',
    (error: unknown) => (error instanceof EngineError ? error.fault : 'another error'),
  )

describe('the link to Redis', () => {
  test('runs scripts by their digest, and sends the text where the server does not have it', async () => {
    const { link: made } = await link(redis.url)
    await up(made)
    await made.commands.send(['SCRIPT', 'FLUSH'])
    expect(await made.run(ECHO, ['n'], ['a'])).toEqual(['n', 'a', 1])
    expect(await made.run(ECHO, ['n'], ['b'])).toEqual(['n', 'b', 2])
    const stats = String(await made.commands.send(['INFO', 'commandstats']))
    expect(/cmdstat_eval:calls=(\d+)/.exec(stats)?.[1]).toBe('1')
    await made.commands.send(['SCRIPT', 'FLUSH'])
    expect(await made.run(ECHO, ['n'], ['c'])).toEqual(['n', 'c', 3])
  })

  test('passes error replies on as refused, and keeps the connection', async () => {
    const { link: made, resets } = await link(redis.url)
    await up(made)
    await made.commands.send(['SET', 'text', 'x'])
    expect(await faultOf(made.commands.send(['LPUSH', 'text', '1']))).toBe('refused')
    expect(await made.commands.send(['GET', 'text'], { as: 'bytes' })).toEqual(Buffer.from('x'))
    expect(resets).toEqual([])
  })

  test('says gone at once while there is no server, and starts without one', async () => {
    proxy.target = 0
    const { link: made } = await throughProxy()
    expect(await faultOf(made.run(ECHO, ['n'], ['a']))).toBe('gone')
    expect(made.commands.downSinceMs).not.toBeNull()
    proxy.target = redis.path
    await up(made)
    expect(made.commands.downSinceMs).toBeNull()
  })

  test('gives a command up after its deadline when the server is stopped, and comes back when it goes on', async () => {
    const { link: made, resets } = await throughProxy()
    await up(made)
    redis.pause()
    try {
      const order: string[] = []
      const note = (name: string, command: Promise<unknown>) =>
        faultOf(command).then(fault => order.push(`${name} ${fault}, ${resets.length} resets`))
      const slow = made.run(ECHO, ['n'], ['a'], { waitMs: 20 })
      const patient = made.run(ECHO, ['n'], ['a'])
      await Promise.all([note('slow', slow), note('patient', patient)])
      // On a busy machine another lane may find out at the same moment.
      expect(order).toEqual(['slow late, 0 resets', expect.stringMatching(/^patient late, [1-9] resets$/)])
      expect(made.commands.isUp).toBe(false)
      expect(resets).toContain('commands deadline')
    } finally {
      redis.resume()
    }
    await up(made)
  })

  test('notices a half-open connection by the deadline', async () => {
    const { link: made, resets } = await throughProxy()
    await up(made)
    proxy.lose('server')
    expect(await faultOf(made.run(ECHO, ['n'], ['a']))).toBe('late')
    expect(resets).toEqual(['commands deadline'])
    await eventually(() => made.commands.isUp, 'there is another connection')
  })

  test('rejects what waits for an answer when the connection is reset, and connects again', async () => {
    const { link: made, resets } = await throughProxy()
    await up(made)
    proxy.stall()
    const waiting = made.run(ECHO, ['n'], ['a'])
    await eventually(() => proxy.open === 2, 'both connections are open')
    proxy.reset()
    expect(await faultOf(waiting)).toBe('gone')
    proxy.resume()
    await up(made)
    expect(new Set(resets)).toContain('commands closed')
  })

  test('hears its channels again after the server was killed and started empty', async () => {
    const { link: made } = await throughProxy()
    const heard: string[] = []
    made.subscribe('news', message => heard.push(message))
    await up(made)
    await eventually(
      () => made.commands.send(['PUBLISH', 'news', 'one']).then(count => count === 1),
      'subscribed',
    )
    await eventually(() => heard.includes('one'), 'the first message came')
    await redis.kill()
    await eventually(() => !made.commands.isUp && !made.isListening, 'the link is down')
    await redis.start()
    await up(made)
    expect(await made.commands.send(['PUBLISH', 'news', 'two'])).toBe(1)
    await eventually(() => heard.includes('two'), 'the second message came')
    made.unsubscribe('news')
    await eventually(
      () => made.commands.send(['PUBLISH', 'news', 'x']).then(count => count === 0),
      'unsubscribed',
    )
  })

  test('leaves a server that refuses writes, and tries again', async () => {
    const { link: made, resets } = await throughProxy()
    await up(made)
    await made.commands.send(['REPLICAOF', '127.0.0.1', '1'])
    try {
      expect(await faultOf(made.run(ECHO, ['n'], ['a']))).toBe('refused')
      expect(resets[0]).toBe('commands replica')
    } finally {
      await up(made)
      await made.commands.send(['REPLICAOF', 'NO', 'ONE'])
    }
  })

  test('has a connection of its own for answers, so that a backlog does not delay a beat', async () => {
    const { link: made } = await throughProxy()
    await up(made)
    const { bulk } = made
    await eventually(() => bulk.isUp, 'the third connection is up')
    expect(proxy.open).toBe(3)
    const blocked = bulk.send(['BLPOP', 'nothing', 5])
    expect(await made.run(ECHO, ['n'], ['a'])).toEqual(['n', 'a', expect.any(Number)])
    made.close()
    expect(await faultOf(blocked)).toBe('gone')
    await eventually(() => proxy.open === 0, 'all connections are closed')
  })

  test('carries commands and messages of a cluster', async () => {
    const port = await freePort()
    const itself = ['--bind', '127.0.0.1', '--cluster-announce-ip', '127.0.0.1']
    const cluster = await startRedis({
      args: ['--port', String(port), ...itself, '--cluster-enabled', 'yes'],
    })
    try {
      const { link: admin } = await link(cluster.url)
      await up(admin)
      await admin.commands.send(['CLUSTER', 'ADDSLOTSRANGE', 0, 16_383])
      await eventually(
        () =>
          admin.commands.send(['CLUSTER', 'INFO']).then(text => String(text).includes('cluster_state:ok')),
        'the cluster has all slots',
      )
      const { link: made } = await link(`redis+cluster://127.0.0.1:${port}`, {
        times: { ...TIMES, deadlineMs: 2_000 },
      })
      const heard: string[] = []
      made.subscribe('{a}news', message => heard.push(message))
      await up(made)
      expect(await made.run(ECHO, ['{a}n'], ['a'])).toEqual(['{a}n', 'a', 1])
      await made.commands.send(['PUBLISH', '{a}news', 'one'])
      await eventually(() => heard.includes('one'), 'the message came')
      for (const each of links.splice(0)) each.close()
    } finally {
      await cluster.close()
    }
  })
})
