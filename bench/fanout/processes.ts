// The processes of a measurement: the server under test on one core, its client on the other.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Child } from '../child.js'
import { ControlLink } from './control-link.js'
import type { ServerName } from './installed.js'

/** Our server of another checkout (`--against`). */
export const BASELINE = 'baseline'
export type Subject = ServerName | typeof BASELINE

export type Bench = {
  /** Server to core 0, client to core 1. */
  readonly pin: boolean
  /** Path of an external load client with the same options; null = ours. */
  readonly client: string | null
  /** The dist folder of another checkout; null = none. */
  readonly against: string | null
  readonly servers: readonly Subject[]
  /** From 1. */
  readonly round: number
  /** Called for every measurement that fails: the run goes on without it. */
  failed(subject: string, error: unknown): void
  /** Adds to the report what its reader must know about a value. */
  noted(subject: string, what: string): void
}

const addressSchema = z.object({ port: z.number(), ctl: z.number(), path: z.string(), pid: z.number() })

export type Server = {
  readonly child: Child
  readonly link: ControlLink
  readonly at: z.infer<typeof addressSchema>
}

const START_MS = 60_000

const SERVER_FILES: Readonly<Record<ServerName, URL>> = {
  ours: new URL('./servers/ours.js', import.meta.url),
  library: new URL('./servers/library.js', import.meta.url),
  bare: new URL('./servers/bare.js', import.meta.url),
  'better-sse': new URL('./servers/better-sse.js', import.meta.url),
  'graphql-sse': new URL('./servers/graphql-sse.js', import.meta.url),
  nchan: new URL('./servers/nchan.js', import.meta.url),
}

const CLIENT_FILES = {
  client: new URL('./client.js', import.meta.url),
  'storm-client': new URL('./storm-client.js', import.meta.url),
  'scrape-client': new URL('./scrape-client.js', import.meta.url),
} as const

/** Our server in a dist folder: bundled, or in a build of before as a module. */
const BASELINE_FILES = ['program/bench-fanout-servers-ours.js', 'bench/fanout/servers/ours.js']

function serverFile(name: Subject, against: string | null): string {
  if (name !== BASELINE) return fileURLToPath(SERVER_FILES[name])
  const files = BASELINE_FILES.map(file => join(against ?? '', file))
  const found = files.find(file => existsSync(file))
  if (found === undefined) throw new Error(`--against: there is no ${files.join(' and no ')}`)
  return found
}

function pinned(bench: Bench, core: number, command: readonly string[]): readonly string[] {
  return bench.pin ? ['taskset', '-c', String(core), ...command] : command
}

async function startServer(bench: Bench, name: Subject, sizeBytes: number): Promise<Server> {
  const node = [process.execPath, '--expose-gc', serverFile(name, bench.against), '--size', String(sizeBytes)]
  const child = new Child(name, pinned(bench, 0, node))
  const at = addressSchema.parse(JSON.parse(await child.line(START_MS)))
  return { child, link: await ControlLink.connect(at.ctl), at }
}

/** Starts a fresh server for `work`, and ends it afterwards. */
export async function withServer<T>(
  bench: Bench,
  name: Subject,
  sizeBytes: number,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await startServer(bench, name, sizeBytes)
  try {
    return await work(server)
  } finally {
    server.link.close()
    await server.child.end()
  }
}

/** The load client, ours or the external one. */
export function startClient(bench: Bench, server: Server, args: readonly string[]): Child {
  if (bench.client === null) return startProbe(bench, server, 'client', args)
  const { port, path, ctl, pid } = server.at
  const external = [bench.client, '--pids', pid, '--spin', '--port', port, '--path', path, '--ctl', ctl]
  return new Child('client', pinned(bench, 1, [...external.map(String), ...args]))
}

/** One of our own clients. */
export function startProbe(
  bench: Bench,
  { at }: Server,
  name: keyof typeof CLIENT_FILES,
  args: readonly string[],
): Child {
  const address = ['--port', String(at.port), '--path', at.path, '--ctl', String(at.ctl)]
  const file = fileURLToPath(CLIENT_FILES[name])
  return new Child(name, pinned(bench, 1, [process.execPath, file, ...address, ...args]))
}
