// `g6 bench fleet`: what a fleet adds to the way of a board, how long its readers wait when a publisher ends, what it asks of Redis,
// and what a storm of returning readers asks of it.
import { execFileSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { Child } from '../child.js'
import type { Figure } from '../output.js'
import { percentile, type Spread, spread } from '../stats.js'
import { BenchFleet, reached } from './processes.js'
import { StreamReader } from './reader.js'

export type FleetBenchOptions = {
  /** Changes whose way is measured. */
  readonly changes: number
  /** Readers of the storm. */
  readonly readers: number
  /** Ends of a publisher, of each kind. */
  readonly rounds: number
  /** Servers while the work of Redis is measured, and for how long. */
  readonly nodes: number
  readonly seconds: number
}

const NODES = 3
const CHANGES_PER_SEC = 20
/** Readers that are not greeted yet. */
const AT_ONCE = 400
const GIVE_UP_MS = 120_000

/** From the renamed file to the byte at a reader of another server, ms. */
async function measureWay(fleet: BenchFleet, changes: number): Promise<number[]> {
  const [follower] = await fleet.followers()
  const reader = new StreamReader(follower?.url ?? '')
  const taken: number[] = []
  try {
    await reader.until(/full_snapshot/)
    for (let i = 0; i < changes; i++) {
      await pause(60)
      const { n, atMs } = await fleet.write()
      taken.push((await reader.until(new RegExp(`cycle: ${n}\\b`))) - atMs)
    }
  } finally {
    reader.close()
  }
  return taken
}

/** From the signal to the next publisher's board at a reader of another server, ms. */
async function measureEnd(
  fleet: BenchFleet,
  signal: 'SIGTERM' | 'SIGKILL',
  rounds: number,
): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < rounds; i++) {
    const leader = await fleet.leader()
    const readers = (await fleet.followers()).map(({ url }) => new StreamReader(url))
    await Promise.all(readers.map(reader => reader.until(/full_snapshot/)))
    // Everybody has beaten since, so the publisher knows a successor.
    await pause(2_500)
    const endedMs = performance.now()
    fleet.end(leader, signal)
    const atMs = await Promise.all(readers.map(reader => reader.until(/full_snapshot/)))
    taken.push(Math.max(...atMs) - endedMs)
    for (const reader of readers) reader.close()
    await fleet.grow(NODES)
  }
  return taken
}

const cli = (fleet: BenchFleet, ...words: readonly string[]): string =>
  execFileSync('redis-cli', ['-s', fleet.socket, ...words], { encoding: 'utf8' })

/** Processor seconds of Redis so far. */
function usedSec(fleet: BenchFleet): number {
  const text = cli(fleet, 'INFO', 'cpu')
  const of = (name: string): number => Number(new RegExp(`^used_cpu_${name}:([\\d.]+)`, 'm').exec(text)?.[1])
  return of('user') + of('sys')
}

/** Part of a core that Redis works. */
async function measureRedis(fleet: BenchFleet, seconds: number): Promise<number> {
  const before = usedSec(fleet)
  const beganMs = performance.now()
  for (let i = 0; i < seconds * CHANGES_PER_SEC; i++) {
    await fleet.write()
    await pause(Math.max(0, beganMs + ((i + 1) * 1000) / CHANGES_PER_SEC - performance.now()))
  }
  return (usedSec(fleet) - before) / ((performance.now() - beganMs) / 1000)
}

type Storm = {
  readonly allBackMs: number
  readonly readings: number
  readonly commands: number
  readonly idleCommands: number
}

/** Readings of the board that a reader asked for, over these servers. */
async function readingsOf(urls: readonly string[]): Promise<number> {
  const counts = urls.map(async url => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(/^g6_fleet_pulls_total\{why="reader"\} (\d+)$/m.exec(text)?.[1] ?? 0)
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

/** Commands that Redis gets while this runs, and what it gives. */
async function monitored<T>(fleet: BenchFleet, work: () => Promise<T>): Promise<readonly [T, number]> {
  const monitor = new Child('redis-cli', ['redis-cli', '-s', fleet.socket, 'MONITOR'])
  let commands = 0
  // It rejects when the monitor has ended.
  const counting = (async () => {
    for (;;) {
      const line = await monitor.line(GIVE_UP_MS)
      // Those that a script calls are part of that script.
      if (/^\d/.test(line) && !/^\S+ \[\d+ lua\]/.test(line)) commands++
    }
  })().catch(() => {})
  try {
    await pause(200)
    return [await work(), commands]
  } finally {
    await monitor.stop()
    await counting
  }
}

async function measureStorm(fleet: BenchFleet, count: number): Promise<Storm> {
  const urls = (await fleet.followers()).slice(0, 2).map(({ url }) => url)
  const first = new StreamReader(urls[0] ?? '')
  await first.until(/full_snapshot[\s\S]*\n\r?\n/)
  const { id } = first
  first.close()
  const before = await readingsOf(urls)
  const readers: StreamReader[] = []
  const [allBackMs, commands] = await monitored(fleet, async () => {
    const beganMs = performance.now()
    for (let i = 0; i < count; i++) {
      readers.push(new StreamReader(urls[i % urls.length] ?? '', id))
      // More at once would wait for the kernel, which asks again after a second.
      const open = readers.slice(-AT_ONCE)
      if (i % 50 === 49 && open.length === AT_ONCE)
        await reached('some are back', () => open[0]?.isOpen === true)
    }
    await reached('all readers are back', () => readers.every(({ isOpen }) => isOpen))
    return performance.now() - beganMs
  })
  const [, idleCommands] = await monitored(fleet, () => pause(allBackMs))
  const readings = (await readingsOf(urls)) - before
  for (const reader of readers) reader.close()
  return { allBackMs, readings, commands, idleCommands }
}

export type FleetReport = {
  readonly wayMs: Spread & { readonly p50: number; readonly p99: number }
  readonly stoppedMs: Spread
  readonly killedMs: Spread
  readonly redisCores: number
  readonly redisNodes: number
  readonly storm: Storm & { readonly readers: number }
}

export async function benchFleet(options: FleetBenchOptions): Promise<FleetReport> {
  const { changes, readers, rounds, nodes, seconds } = options
  const fleet = await BenchFleet.start(NODES)
  try {
    const way = await measureWay(fleet, changes)
    const storm = { ...(await measureStorm(fleet, readers)), readers }
    const stoppedMs = spread(await measureEnd(fleet, 'SIGTERM', rounds))
    const killedMs = spread(await measureEnd(fleet, 'SIGKILL', rounds))
    await fleet.grow(nodes)
    const redisCores = await measureRedis(fleet, seconds)
    const wayMs = { ...spread(way), p50: percentile(way, 0.5), p99: percentile(way, 0.99) }
    return { wayMs, stoppedMs, killedMs, redisCores, redisNodes: nodes, storm }
  } finally {
    await fleet.close()
  }
}

export function fleetFigures({
  wayMs,
  stoppedMs,
  killedMs,
  redisCores,
  storm,
}: FleetReport): readonly Figure[] {
  return [
    { name: 'file to reader of another server, p50', value: wayMs.p50, limit: 5, unit: 'ms' },
    { name: 'file to reader of another server, p99', value: wayMs.p99, limit: 15, unit: 'ms' },
    { name: 'publisher stopped, next board at all readers', value: stoppedMs.max, limit: 300, unit: 'ms' },
    { name: 'publisher killed, next board at all readers', value: killedMs.max, limit: 7_000, unit: 'ms' },
    { name: 'storm, all readers back', value: storm.allBackMs, limit: 5_000, unit: 'ms' },
    { name: 'storm, readings of the board in Redis', value: storm.readings, limit: 0 },
    { name: 'Redis at 20 changes a second', value: redisCores, limit: 0.05, unit: 'cores' },
  ]
}
