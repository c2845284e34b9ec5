// What a server costs that has nothing to do: memory, wake-ups and processor time, compared with better-sse and with a Node that
// has a port open, all in the same seconds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Child } from '../../../bench/child.js'
import type { Figure } from '../../../bench/output.js'
import { startServer } from '../../../bench/own-server.js'
import { type Spread, spread } from '../../../bench/stats.js'
import { readUsage } from './usage.js'

/** `settle`: seconds from the start, in which code is compiled and memory is given back. `seconds`: of each round. */
export type IdleOptions = { readonly rounds: number; readonly settle: number; readonly seconds: number }

type Idle = { readonly pid: number; stop(): Promise<void> }

const START_MS = 60_000
const BETTER_SSE = fileURLToPath(new URL('../../../bench/fanout/servers/better-sse.js', import.meta.url))
const PORT = fileURLToPath(new URL('./port.js', import.meta.url))

async function other(name: string, args: readonly string[]): Promise<Idle> {
  const child = new Child(name, [process.execPath, ...args])
  await child.line(START_MS)
  return { pid: child.pid, stop: () => child.end() }
}

const SERVERS = ['ours', 'better_sse', 'port'] as const
type Server = (typeof SERVERS)[number]
type Sample = {
  readonly memory_mib: number
  readonly wake_ups_per_sec: number
  readonly cpu_ms_per_sec: number
}
type Figures = { readonly [K in keyof Sample]: Spread }

/** The server on a status that does not change, with the outputs that it has by itself. */
async function start(server: Server, folder: string): Promise<Idle> {
  switch (server) {
    case 'ours': {
      const status = join(folder, 'status.json')
      await writeFile(status, '{"status":"ok"}')
      return startServer(['serve', '--status-file', status, '--panels-dir', join(folder, 'panels')])
    }
    case 'better_sse':
      return other('better-sse', [BETTER_SSE, '--size', '1024'])
    case 'port':
      return other('a port', [PORT])
  }
}

function figuresOf(samples: readonly Sample[]): Figures {
  const of = (name: keyof Sample): Spread => spread(samples.map(sample => sample[name]))
  return {
    memory_mib: of('memory_mib'),
    wake_ups_per_sec: of('wake_ups_per_sec'),
    cpu_ms_per_sec: of('cpu_ms_per_sec'),
  }
}

const TARGET = { memory_mib: 60, wake_ups_per_sec: 10 }

export async function benchIdle({ rounds, settle, seconds }: IdleOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'g6-idle-'))
  const running = new Map<Server, Idle>()
  const samples = new Map<Server, Sample[]>(SERVERS.map(server => [server, []]))
  try {
    for (const server of SERVERS) running.set(server, await start(server, folder))
    await wait(settle * 1_000)
    for (let round = 0; round < rounds; round++) {
      const before = new Map([...running].map(([server, { pid }]) => [server, readUsage(pid)]))
      const startMs = performance.now()
      await wait(seconds * 1_000)
      const sec = (performance.now() - startMs) / 1_000
      for (const [server, { pid }] of running) {
        const { residentMiB, wakeUps, cpuMs } = readUsage(pid)
        const from = before.get(server)
        if (from === undefined) continue
        samples.get(server)?.push({
          memory_mib: residentMiB,
          wake_ups_per_sec: (wakeUps - from.wakeUps) / sec,
          cpu_ms_per_sec: (cpuMs - from.cpuMs) / sec,
        })
      }
    }
  } finally {
    for (const { stop } of running.values()) await stop()
    await rm(folder, { recursive: true, force: true })
  }
  const of = (server: Server): Figures => figuresOf(samples.get(server) ?? [])
  return {
    rounds,
    settle,
    seconds,
    ours: of('ours'),
    better_sse: of('better_sse'),
    port: of('port'),
    target: TARGET,
  }
}

export type IdleReport = Awaited<ReturnType<typeof benchIdle>>

export function idleFigures({ ours, target }: IdleReport): readonly Figure[] {
  return [
    {
      name: 'memory of an idle server',
      value: ours.memory_mib.median,
      limit: target.memory_mib,
      unit: 'MiB',
    },
    {
      name: 'wake-ups of an idle server a second',
      value: ours.wake_ups_per_sec.median,
      limit: target.wake_ups_per_sec,
    },
  ]
}
