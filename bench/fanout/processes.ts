// How the processes of a measurement are started: the server under test on one core, its client on the other.
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Child } from './children.js'
import { ControlLink } from './control-link.js'
import type { ServerName } from './installed.js'

/** How children are started. */
export type Bench = {
  /** Server to core 0, client to core 1. */
  readonly pin: boolean
  /** An external load client with the same options; null = ours. */
  readonly client: string | null
  /** Who is measured. */
  readonly servers: readonly ServerName[]
  /** Counts from 1: each round begins with another one. */
  readonly round: number
  /** Told of every measurement that came to nothing: the run goes on without it. */
  failed(subject: string, error: unknown): void
  /** What a reader of the report has to know about a value. */
  noted(subject: string, what: string): void
}

const whereabouts = z.object({ port: z.number(), ctl: z.number(), path: z.string(), pid: z.number() })

export type Server = {
  readonly child: Child
  readonly link: ControlLink
  readonly at: z.infer<typeof whereabouts>
}

const START_MS = 60_000

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

function pinned(bench: Bench, core: number, command: readonly string[]): readonly string[] {
  return bench.pin ? ['taskset', '-c', String(core), ...command] : command
}

export async function startServer(bench: Bench, name: ServerName, sizeBytes: number): Promise<Server> {
  const node = [process.execPath, '--expose-gc', script(`./servers/${name}.js`), '--size', String(sizeBytes)]
  const child = new Child(name, pinned(bench, 0, node))
  const at = whereabouts.parse(JSON.parse(await child.line(START_MS)))
  return { child, link: await ControlLink.connect(at.ctl), at }
}

export async function stopServer({ child, link }: Server): Promise<void> {
  link.close()
  await child.end()
}

const address = ({ at }: Server): readonly string[] => ['--port', String(at.port), '--path', at.path]

/** The load client, ours or the external one. */
export function startClient(bench: Bench, server: Server, args: readonly string[]): Child {
  const own = [process.execPath, script('./client.js')]
  const external = bench.client === null ? [] : [bench.client, '--pids', String(server.at.pid), '--spin']
  const command = bench.client === null ? own : external
  const whole = [...command, ...address(server), '--ctl', String(server.at.ctl), ...args]
  return new Child('client', pinned(bench, 1, whole))
}

/** One of our own clients for a single question, by the name of its file. */
export function startProbe(
  bench: Bench,
  server: Server,
  file: 'storm-client' | 'scrape-client',
  args: readonly string[],
): Child {
  const whole = [process.execPath, script(`./${file}.js`), ...address(server), ...args]
  return new Child(file, pinned(bench, 1, whole))
}
