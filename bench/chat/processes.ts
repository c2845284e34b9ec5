// The processes of a chat bench: a scripted upstream, the relay, and a bare pipe beside it.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type OwnServer, startServer } from '../sse/own-server.js'

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const BARE = fileURLToPath(new URL('./bare-pipe.js', import.meta.url))

/** A child that says `{"listening": URL}` on its standard output. */
async function startChild(args: readonly string[]): Promise<OwnServer> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  for await (const line of createInterface({ input: child.stdout })) {
    const { listening } = JSON.parse(line) as { readonly listening: string }
    return {
      url: listening,
      stop: async () => {
        child.kill('SIGTERM')
        await ended
      },
    }
  }
  throw new Error(`${args[0]} did not start`)
}

export function startUpstream(flags: readonly string[]): Promise<OwnServer> {
  return startChild([CLI, 'mock-upstream', '--port', '0', ...flags])
}

export function startBarePipe(upstream: string): Promise<OwnServer> {
  return startChild([BARE, upstream])
}

/** The relay with limits out of the way, audit on, in a folder of its own. */
export async function startRelay(
  upstream: string,
  env: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-bench-chat-'))
  const server = await startServer(['serve', '--status-file', join(folder, 'none.json')], {
    ENABLE_SSE_STREAMING: 'true',
    RAG_BACKEND_URL: upstream,
    G6_CHAT_RATE: '0',
    G6_CHAT_MAX_STREAMS: '100000',
    G6_CHAT_MAX_STREAMS_PER_USER: '100000',
    G6_AUDIT_DB: join(folder, 'audit.db'),
    ...env,
  }).catch(async error => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  return {
    url: server.url,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Processor time of a process so far, seconds: its own, and the kernel's for it. */
export type CpuSec = { readonly user: number; readonly system: number }

async function metrics(url: string): Promise<(name: string) => number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return name => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

export async function cpuSecOf(relay: string): Promise<CpuSec> {
  const value = await metrics(relay)
  return { user: value('process_cpu_user_seconds_total'), system: value('process_cpu_system_seconds_total') }
}

export async function residentBytesOf(relay: string): Promise<number> {
  return (await metrics(relay))('process_resident_memory_bytes')
}

export async function bareCpuSec(bare: string): Promise<CpuSec> {
  const { user, system } = (await (await fetch(`${bare}/cpu`)).json()) as CpuSec
  return { user: user / 1e6, system: system / 1e6 }
}
