// The demo of a fleet: a Redis of its own, some servers with one status file, and a balancer in front of them, each of which a key
// kills and starts again. Everything is in a temporary folder and ends with the demo.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSimulator } from '../../simulator/run.js'
import { createScenario } from '../../simulator/scenario.js'
import { type Balancer, startBalancer } from './balancer.js'
import { Child } from './child.js'
import { type Guard, startGuard } from './guard.js'
import { demoKeys, type KeyInput } from './keys.js'

const LOOK_MS = 500
const LOOK_TIMEOUT_MS = 2_000
/** How long a server may take until it has its port. */
const START_MS = 20_000
const ENDED_BY = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export const MOST_NODES = 9

export type FleetDemoOptions = {
  readonly nodes: number
  /** Of the balancer; 0: any. */
  readonly port: number
  readonly seed: number
  /** What starts `g6`: the program of this process and its first arguments. */
  readonly g6: { readonly command: string; readonly args: readonly string[] }
  readonly env: NodeJS.ProcessEnv
  readonly stdin: KeyInput
  readonly print: (text: string) => void
}

/** Settings of servers that run elsewhere are not those of the demo. */
const KEPT = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_ALL|NODE_.*|SystemRoot)$/

/** Runs until a signal or Ctrl+C; rejects when it cannot start. */
export async function startFleetDemo(options: FleetDemoOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-fleet-demo-'))
  const guard = startGuard(folder)
  const demo = new FleetDemo(options, folder, guard)
  const ended = new Promise<void>(resolve => {
    demo.onEnd = resolve
  })
  const end = (): void => demo.onEnd()
  for (const signal of ENDED_BY) process.on(signal, end)
  const started = demo.start()
  try {
    await Promise.race([started, ended])
    await ended
  } finally {
    await demo.close()
    // What was still starting is ended with the rest.
    await started.catch(() => demo.close())
    guard.end()
    await rm(folder, { recursive: true, force: true })
    for (const signal of ENDED_BY) process.off(signal, end)
  }
}

class FleetDemo {
  onEnd: () => void = () => {}
  readonly #options: FleetDemoOptions
  readonly #folder: string
  readonly #guard: Guard
  readonly #statusFile: string
  readonly #simulator = new AbortController()
  readonly #servers: readonly DemoServer[]
  #simulated: Promise<void> = Promise.resolve()
  #redis: Child | null = null
  #balancer: Balancer | null = null
  #looking: NodeJS.Timeout | null = null
  #closeKeys: () => void = () => {}
  #closing = false
  #printed = ''

  constructor(options: FleetDemoOptions, folder: string, guard: Guard) {
    this.#options = options
    this.#folder = folder
    this.#guard = guard
    this.#statusFile = join(folder, 'runtime_status.json')
    this.#servers = Array.from({ length: options.nodes }, (_, i) => this.#server(`${i + 1}`))
  }

  async start(): Promise<void> {
    const { print, seed, port, stdin } = this.#options
    this.#simulated = runSimulator({
      path: this.#statusFile,
      refreshSec: 1,
      cycles: 0,
      signal: this.#simulator.signal,
      scenario: createScenario({
        seed,
        indices: ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'],
        intervalSec: 60,
        shape: 'both',
        scenario: 'busy',
        openMarket: true,
        withAnalytics: true,
      }),
    })
    this.#simulated.catch(this.onEnd)
    await this.#startRedis()
    if (this.#closing) return
    await Promise.all(this.#servers.map(server => server.start()))
    this.#balancer = await startBalancer(port, () =>
      this.#servers.flatMap(server => (server.isReady ? [server.port] : [])),
    )
    if (this.#closing) return
    print(this.#welcome(this.#balancer.port))
    this.#closeKeys = demoKeys(stdin, key => this.#pressed(key))
    void this.#look()
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#closeKeys()
    if (this.#looking !== null) clearTimeout(this.#looking)
    this.#simulator.abort()
    await this.#balancer?.close()
    await Promise.all(this.#servers.map(({ child }) => child.end('SIGTERM')))
    await this.#redis?.end('SIGTERM')
    await this.#simulated
  }

  #server(name: string): DemoServer {
    const { g6, env } = this.#options
    const kept = Object.fromEntries(Object.entries(env).filter(([key]) => KEPT.test(key)))
    return new DemoServer({
      command: g6.command,
      args: port => [
        ...g6.args,
        ...['serve', '--port', `${port}`, '--status-file', this.#statusFile, '--no-write-panels'],
      ],
      env: { ...kept, G6_REDIS_URL: `unix:${this.#redisPath}`, G6_SUMMARY_REFRESH_SEC: '1' },
      cwd: this.#folder,
      guard: this.#guard,
      onEnd: how => this.#ended(`server ${name}`, name, how),
    })
  }

  get #redisPath(): string {
    return join(this.#folder, 'redis.sock')
  }

  async #startRedis(): Promise<void> {
    let answers = (): void => {}
    const answering = new Promise<void>(resolve => {
      answers = resolve
    })
    for (const command of ['redis-server', 'valkey-server']) {
      const child = new Child({
        command,
        // Reached through the file alone, and nothing is kept.
        args: () => ['--port', '0', '--unixsocket', this.#redisPath, '--save', '', '--appendonly', 'no'],
        env: this.#options.env,
        cwd: this.#folder,
        guard: this.#guard,
        onLine: line => {
          if (/ready to accept connections/i.test(line)) answers()
        },
        onEnd: how => {
          this.#ended('Redis', 'r', how)
          answers()
        },
      })
      try {
        await child.start()
        this.#redis = child
        await answering
        if (child.pid === null && !this.#closing)
          throw new Error(`${command} did not start:\n${child.lastLines}`)
        return
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      }
    }
    throw new Error(
      'the demo of a fleet needs redis-server (6.2 or later) or valkey-server, and neither is on the PATH: ' +
        'apt-get install redis-server, brew install redis, or https://valkey.io/download',
    )
  }

  #welcome(port: number): string {
    const base = `http://127.0.0.1:${port}`
    const { nodes } = this.#options
    return [
      `G6 Stream fleet demo: ${nodes} ${nodes === 1 ? 'server' : 'servers'} with one board (Ctrl+C ends it)`,
      '',
      `  page     ${base}/   (a balancer in front of all)`,
      ...this.#servers.map(
        ({ port, child }, i) => `  server ${i + 1} http://127.0.0.1:${port}/   (process ${child.pid})`,
      ),
      `  redis    redis-cli -s ${this.#redisPath}   (process ${this.#redis?.pid})`,
      '',
      `  try      curl -N ${base}/summary/events`,
      `           npx g6 fleet ${base} --watch`,
      '',
      `  keys     ${this.#servers.map((_, i) => i + 1).join(' ')}  kill that server, or start it again`,
      '           r  kill Redis, or start it again',
      '           (without a terminal: the same on standard input)',
      '',
      '',
    ].join('\n')
  }

  #pressed(key: string): void {
    if (key === 'end') {
      this.onEnd()
      return
    }
    const server = this.#servers[Number(key) - 1]
    const child = key === 'r' ? this.#redis : server?.child
    if (child == null) return
    const done = child.pid === null ? (server ?? child).start() : child.end('SIGKILL')
    done.catch((error: unknown) => this.#options.print(`${String(error)}\n`))
  }

  #ended(what: string, key: string, how: string): void {
    if (!this.#closing) this.#options.print(`${what} ended (${how}); ${key} starts it again\n`)
  }

  /** Which servers take readers, and what each does; what changed is printed. */
  async #look(): Promise<void> {
    const seats = await Promise.all(this.#servers.map(server => server.look()))
    if (this.#closing) return
    const text = seats.map((seat, i) => `server ${i + 1} ${seat}`).join(', ')
    if (text !== this.#printed) this.#options.print(`${text}\n`)
    this.#printed = text
    this.#looking = setTimeout(() => void this.#look(), LOOK_MS)
  }
}

type ServerOptions = {
  readonly command: string
  readonly args: (port: number) => readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly guard: Guard
  readonly onEnd: (how: string) => void
}

/** One server of the fleet. It keeps the port that it got first. */
class DemoServer {
  readonly child: Child
  isReady = false
  port = 0
  #listening: (error: Error | null) => void = () => {}

  constructor({ command, args, env, cwd, guard, onEnd }: ServerOptions) {
    this.child = new Child({
      command,
      args: () => args(this.port),
      env,
      cwd,
      guard,
      onLine: line => {
        const port = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(line)?.[1]
        if (port === undefined) return
        this.port = Number(port)
        this.#listening(null)
      },
      onEnd: how => {
        this.isReady = false
        this.#listening(new Error(`a server did not start (${how}):\n${this.child.lastLines}`))
        onEnd(how)
      },
    })
  }

  async start(): Promise<void> {
    const listening = new Promise<Error | null>(resolve => {
      this.#listening = resolve
    })
    const timer = setTimeout(() => this.#listening(new Error('a server has no port after 20 s')), START_MS)
    await this.child.start()
    const error = await listening
    clearTimeout(timer)
    if (error !== null) throw error
  }

  /** What it does, in a word. */
  async look(): Promise<string> {
    if (this.child.pid === null || this.port === 0) return 'is gone'
    const ask = (path: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${this.port}${path}`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
    try {
      const [ready, health] = await Promise.all([ask('/readyz'), ask('/summary/health')])
      await ready.text()
      const seat = /"seat":"([a-z]+)"/.exec(await health.text())?.[1] ?? 'unknown'
      this.isReady = ready.ok
      return ready.ok ? `is ${seat}` : 'is not ready'
    } catch {
      this.isReady = false
      return 'does not answer'
    }
  }
}
