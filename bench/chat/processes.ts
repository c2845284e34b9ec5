// The processes of the chat benchmark: a scripted upstream, the relay, and the programs to compare it with.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../child.js'
import { CLI, listening, type OwnServer, startServer } from '../own-server.js'
import { metricsOf } from '../requests.js'

export function startUpstream(flags: readonly string[]): Promise<OwnServer> {
  return listening(
    new Child('the upstream', [process.execPath, CLI, 'mock-upstream', '--port', '0', ...flags]),
  )
}

export function startPeer(name: 'bare-pipe' | 'floor', upstream: string): Promise<OwnServer> {
  const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  return listening(new Child(name, [process.execPath, file, upstream]))
}

/** The relay's own format, or that of the backend. */
export type Route = 'bali-zero' | 'pass-through'

/** The relay in a folder of its own, with its limits raised and the audit trail on. `env`: settings of the program besides. */
export async function startRelay(
  upstream: string,
  route: Route = 'bali-zero',
  env: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-bench-chat-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  // A folder of its own: each batch of the audit trail would be an event in the folder of the status file, which is then read.
  const statusFolder = join(folder, 'status')
  await mkdir(statusFolder)
  const server = await startServer(['serve', '--status-file', join(statusFolder, 'none.json')], {
    // Files of panels are not the relay's work, and would be written where the benchmark was started.
    G6_NO_WRITE_PANELS: '1',
    ...(route === 'bali-zero'
      ? { ENABLE_SSE_STREAMING: 'true', RAG_BACKEND_URL: upstream }
      : { G6_RELAY_UPSTREAM: `${upstream}/v1` }),
    G6_CHAT_RATE: '0',
    G6_CHAT_MAX_STREAMS: '100000',
    G6_CHAT_MAX_STREAMS_PER_USER: '100000',
    G6_AUDIT_DB: join(folder, 'audit.db'),
    ...env,
  }).catch(async error => {
    await remove()
    throw error
  })
  return { ...server, stop: () => server.stop().then(remove) }
}

/** Processor time of a process so far, seconds: its own, and the kernel's for it. */
export type CpuSec = { readonly user: number; readonly system: number }

export async function cpuSecOf(relay: string): Promise<CpuSec> {
  const value = await metricsOf(new URL(relay).origin)
  return { user: value('process_cpu_user_seconds_total'), system: value('process_cpu_system_seconds_total') }
}

export async function peerCpuSec(peer: string): Promise<CpuSec> {
  const { user, system } = (await (await fetch(new URL('/cpu', peer))).json()) as CpuSec
  return { user: user / 1e6, system: system / 1e6 }
}
