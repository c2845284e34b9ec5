// A real redis-server on a unix socket in a folder of its own, which tests stop, kill, pause and start again. It is installed when
// this may be done here (Debian, as root); else the error says what to install.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

function installed(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Test files run at the same time: one of them installs it, the others wait for that. */
export function installRedis(): void {
  if (installed()) return
  const apt = 'apt-get -qq -o DPkg::Lock::Timeout=120'
  const missing = 'redis-server --version >/dev/null 2>&1'
  const work = `${missing} || { ${apt} update && ${apt} install -y --no-install-recommends redis-server; }`
  const lock = join(tmpdir(), 'g6-install-redis-server.lock')
  spawnSync('flock', [lock, 'sh', '-c', work], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  })
  if (!installed())
    throw new Error('these tests need redis-server 6.2 or later: apt-get install redis-server')
}

export type RedisServer = {
  readonly path: string
  readonly url: string
  /** SIGSTOP: the kernel still accepts connections, and nothing is answered. */
  pause(): void
  resume(): void
  /** SIGKILL: everything is lost. */
  kill(): Promise<void>
  /** After `kill`, empty. */
  start(): Promise<void>
  close(): Promise<void>
}

type RedisOptions = {
  /** A file with its settings; those of the tests go before them. */
  readonly conf?: string
  readonly args?: readonly string[]
  /** A Sentinel, whose settings are in `conf`. */
  readonly kind?: 'sentinel'
}

export async function startRedis({ conf, args = [], kind }: RedisOptions = {}): Promise<RedisServer> {
  installRedis()
  const folder = mkdtempSync(join(tmpdir(), 'g6-redis-'))
  const path = join(folder, 'redis.sock')
  let child: ChildProcess | null = null
  const server: RedisServer = {
    path,
    url: `unix:${path}`,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async kill() {
      const running = child
      child = null
      if (running === null) return
      const exit = once(running, 'exit')
      running.kill('SIGKILL')
      await exit
    },
    async start() {
      const kept = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder]
      const usual = kind === 'sentinel' ? ['--sentinel'] : kept
      const started = spawn('redis-server', [...(conf === undefined ? [] : [conf]), ...usual, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child = started
      const lines = createInterface({ input: started.stdout })
      for await (const line of lines) if (/eady to accept connections|Sentinel ID is/.test(line)) break
      if (started.exitCode !== null)
        throw new Error(`redis-server ended at once, exit code ${started.exitCode}`)
      started.stdout.resume()
    },
    async close() {
      server.resume()
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}
