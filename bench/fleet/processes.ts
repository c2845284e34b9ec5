// The fleet that is measured: a Redis of its own and some servers, each a process, with one status file.
import { renameSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Child } from '../child.js'
import { type OwnServer, startServer } from '../own-server.js'

const LOOK_MS = 10
const GIVE_UP_MS = 60_000

export type Seat = { readonly seat: string; readonly nodes: number }

/** Resolves when it holds; rejects after a minute. */
export async function reached(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + GIVE_UP_MS
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`a minute has passed, and not: ${what}`)
    await pause(LOOK_MS)
  }
}

/** A Redis of its own, on a socket in this folder, that stores nothing on disk. */
export async function startRedis(folder: string): Promise<Child> {
  const socket = join(folder, 'redis.sock')
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no']
  const redis = new Child('redis-server', ['redis-server', ...args])
  await reached('Redis answers', async () => /ready to accept/i.test(await redis.line(GIVE_UP_MS)))
  return redis
}

export class BenchFleet {
  readonly servers: OwnServer[] = []
  #written = 0

  private constructor(
    readonly folder: string,
    readonly redis: Child,
  ) {}

  static async start(nodes: number): Promise<BenchFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'g6-bench-fleet-'))
    const fleet = new BenchFleet(folder, await startRedis(folder))
    try {
      await fleet.write()
      await fleet.grow(nodes)
    } catch (error) {
      await fleet.close()
      throw error
    }
    return fleet
  }

  get socket(): string {
    return join(this.folder, 'redis.sock')
  }

  /** Starts servers until there are so many, and waits until they know each other and one publishes. */
  async grow(nodes: number): Promise<void> {
    while (this.servers.length < nodes) {
      const args = ['serve', '--no-write-panels', '--status-file', join(this.folder, 'status.json')]
      const own = { G6_REDIS_URL: `unix:${this.socket}`, G6_SUMMARY_REFRESH_SEC: '1' }
      this.servers.push(await startServer(args, { ...own, G6_SSE_MAX_CONNECTIONS_PER_IP: '0' }, this.folder))
    }
    await reached(`${nodes} servers are one fleet`, async () => {
      const seats = await this.seats()
      return (
        seats.every(({ nodes: known }) => known === nodes) && seats.some(({ seat }) => seat === 'leading')
      )
    })
  }

  seats(): Promise<Seat[]> {
    return Promise.all(
      this.servers.map(async ({ url }) => {
        const health = (await (await fetch(`${url}/summary/health`)).json()) as { readonly fleet: Seat }
        return health.fleet
      }),
    )
  }

  async leader(): Promise<OwnServer> {
    const at = (await this.seats()).findIndex(({ seat }) => seat === 'leading')
    const leader = this.servers[at]
    if (leader === undefined) throw new Error('nobody publishes')
    return leader
  }

  async followers(): Promise<readonly OwnServer[]> {
    const seats = await this.seats()
    return this.servers.filter((_, i) => seats[i]?.seat === 'following')
  }

  /** A changed status, whole: its number, and when it was there. */
  async write(): Promise<{ readonly n: number; readonly atMs: number }> {
    this.#written++
    const n = this.#written
    const file = join(this.folder, 'status.json')
    const status = { timestamp: new Date().toISOString(), cycle: n, indices: { NIFTY: { ltp: n } } }
    await writeFile(`${file}.new`, JSON.stringify(status))
    const atMs = performance.now()
    renameSync(`${file}.new`, file)
    return { n, atMs }
  }

  /** Ends this server; it is one of the fleet no more. */
  end(server: OwnServer, signal: NodeJS.Signals): void {
    this.servers.splice(this.servers.indexOf(server), 1)
    process.kill(server.pid, signal)
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map(server => server.stop()))
    await this.redis.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
