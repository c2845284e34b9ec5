// Two servers of a fleet behind nginx and HAProxy as they ship, without stickiness: one ends, and its readers go on at the other.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'
import { SummaryClient } from '../support/summary-client.js'
import {
  ask,
  type RunningProxy,
  SITE,
  startHaproxyFleet,
  startNginxFleet,
  through,
} from './support/proxies.js'

const PROXIES = [
  ['nginx', startNginxFleet],
  ['HAProxy', startHaproxyFleet],
] as const

let folder = ''
let redis: RedisServer
const clients: SummaryClient[] = []

const write = (n: number): void => {
  writeFileSync(join(folder, 'status.new'), JSON.stringify({ cycle: n, indices: { NIFTY: { ltp: n } } }))
  renameSync(join(folder, 'status.new'), join(folder, 'status.json'))
}

type Server = { readonly running: Running; readonly url: string }

async function server(): Promise<Server> {
  const running = g6(
    ['serve', '--port', '0', '--no-write-panels', '--status-file', join(folder, 'status.json')],
    {
      G6_REDIS_URL: redis.url,
      G6_TRUST_PROXY: '127.0.0.1',
      G6_ALLOWED_HOSTS: `${SITE},127.0.0.1`,
      G6_SSE_IP_CONNECT_RATE: '1/60',
      G6_SUMMARY_REFRESH_SEC: '0.5',
    },
  )
  return { running, url: await running.url() }
}

type Health = { readonly fleet: { readonly seat: string; readonly nodes: number } }
const healthOf = async ({ url }: Server): Promise<Health> =>
  (await (await fetch(`${url}/summary/health`)).json()) as Health

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-fleet-proxied-'))
  redis = await startRedis()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(async () => {
  await redis.close()
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(PROXIES)('behind %s', (_, startProxy) => {
  let proxy: RunningProxy
  let servers: readonly [Server, Server]
  beforeAll(async () => {
    write(1)
    servers = await Promise.all([server(), server()])
    const [a, b] = servers.map(({ url }) => Number(new URL(url).port))
    proxy = await startProxy([a ?? 0, b ?? 0])
  })
  afterAll(async () => {
    await proxy?.close()
    await endAll()
  })

  test('readers of a server that is stopped go on at the other, resumed, whatever the rate of connections', async () => {
    const isReady = async () => {
      const healths = await Promise.all(servers.map(healthOf))
      const isWell = healths.every(({ fleet }) => fleet.nodes === 2)
      const isLed = healths.some(({ fleet }) => fleet.seat === 'leading')
      return isWell && isLed ? healths : null
    }
    const healths = await eventually(isReady, 'the fleet is complete')
    const follower = servers[healths.findIndex(({ fleet }) => fleet.seat !== 'leading')] ?? servers[0]
    // Each address may open one stream a minute, so each reader has its own.
    const open = (i: number, id?: string): SummaryClient => {
      const headers = id === undefined ? {} : { 'Last-Event-ID': id }
      const client = new SummaryClient('/summary/events', headers, undefined, through(proxy, `127.0.1.${i}`))
      clients.push(client)
      return client
    }
    const readers = Array.from({ length: 8 }, (_, i) => open(i + 1))
    await Promise.all(readers.map(reader => reader.event('full_snapshot')))
    follower.running.signal('SIGTERM')
    expect(await follower.running.exit).toBe(0)
    const moved = readers.flatMap((reader, i) => (reader.reader.ended || reader.closed ? [i] : []))
    expect(moved.length).toBeGreaterThan(0)
    expect(moved.length).toBeLessThan(readers.length)
    const back = moved.map(i => open(i + 1, readers[i]?.reader.lastId ?? ''))
    for (const client of back) expect((await client.event('hello')).data.resumed).toBe(true)
    // Each request is answered, also right after the end.
    for (let i = 0; i < 4; i++)
      expect((await ask(through(proxy, '127.0.0.1'), '/summary/health')).status).toBe(200)
    write(2)
    for (const client of back) await client.event('panel_update')
    for (const client of back) expect(client.reader.mismatches).toEqual([])
  })
})
