// One measurement of one server: a fresh server process, a fresh client process, a few seconds, numbers.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Child } from './children.js'
import type { ControlLink } from './control-link.js'
import type { ServerName } from './installed.js'
import { type Bench, startClient, startServer, stopServer } from './processes.js'

export type Load = {
  readonly sizeBytes: number
  readonly clients: number
  readonly stalled: number
  /** Events a second; 0 = closed loop. */
  readonly rate: number
  readonly secs: number
  readonly warmSecs: number
  readonly gzip: boolean
  /** Events before the client is told to go: where `warmSecs` at `rate` is too few of them to have the code compiled. */
  readonly warmEvents?: number
}

const clientResult = z.object({
  lat_us: z.object({ p50: z.number(), p99: z.number() }),
  bytes_per_deliv: z.number(),
  srv_us_per_deliv: z.number(),
  deliv: z.number(),
  gaps: z.number(),
  dups: z.number(),
  dead: z.number(),
  all_complete: z.boolean(),
  /** Of a core; an external client may not say. */
  client_cpu_pct: z.number().optional(),
})
type ClientResult = z.infer<typeof clientResult>

export type Sample = {
  readonly cpuUsPerDelivery: number
  readonly bytesPerDelivery: number
  readonly p50Us: number
  readonly p99Us: number
  /** Resident memory of the server when all were connected and nothing was published yet. */
  readonly rssBytes: number
  /** How busy the client was, percent of a core; null where it does not say. Close to 100 its own work is part of the times. */
  readonly clientCpuPercent: number | null
}

/** The same beside readers that never read. */
export type StalledSample = {
  /** Highest resident memory during the run over that when warm. */
  readonly growthBytes: number
  /** Of those that read; null when the run was stopped because the server grew beyond all measure. */
  readonly p99Us: number | null
}

const CONNECT_MS = 70_000
const DRAIN_MS = 30_000
/** Greetings are on their way when the client says it is ready. */
const SETTLE_MS = 200
const WATCH_MS = 250
/** A server that grows past this is stopped: the point is made, and the machine is needed. */
export const MAX_RSS_BYTES = 2_147_483_648
const WARM_EVERY_MS = 2

function clientArgs(load: Load): readonly string[] {
  const args = ['--n', load.clients, '--stalled', load.stalled, '--secs', load.secs, '--warm', load.warmSecs]
  if (load.rate > 0) args.push('--rate', load.rate)
  if (load.gzip) args.push('--gz', '--inflate', 2)
  return args.map(String)
}

/**
 * How far the server's memory rises above what it was when warm (a cold one grows by itself: compiled code, first heap).
 * Stops the client when it grows beyond all measure.
 */
async function watchMemory(
  link: ControlLink,
  client: Child,
  warmSecs: number,
  run: { over: boolean },
): Promise<{ readonly growthBytes: number; readonly isStopped: boolean }> {
  await sleep(warmSecs * 1000)
  const { rssBytes: before } = await link.ask(true)
  let highest = before
  while (!run.over) {
    await sleep(WATCH_MS)
    highest = Math.max(highest, (await link.ask()).rssBytes)
    if (highest < MAX_RSS_BYTES) continue
    client.kill()
    return { growthBytes: highest - before, isStopped: true }
  }
  return { growthBytes: highest - before, isStopped: false }
}

/** Publishes before the run, one event after the other, and waits for whoever does not publish as fast as it is asked to. */
async function warmUp(link: ControlLink, events: number): Promise<void> {
  const { published: before } = await link.ask()
  for (let i = 0; i < events; i++) {
    link.publish(1)
    await sleep(WARM_EVERY_MS)
  }
  const deadlineMs = performance.now() + DRAIN_MS
  while ((await link.ask()).published < before + events) {
    if (performance.now() > deadlineMs) throw new Error(`${events} events before the run were not published`)
    await sleep(WARM_EVERY_MS)
  }
  await sleep(SETTLE_MS)
}

/** What the client says; an error when an event was lost or doubled, a connection broke, or no time was measured. */
function resultOf(name: ServerName, load: Load, line: string): ClientResult {
  const result = clientResult.parse(JSON.parse(line))
  if (!result.all_complete || result.gaps + result.dups + result.dead > 0 || result.deliv === 0) {
    throw new Error(`${name} did not deliver everything once and in order: ${line}`)
  }
  // Compressed events are counted, not read.
  if (!load.gzip && result.lat_us.p50 === 0)
    throw new Error(`${name} sent no event that says when it was made`)
  return result
}

type LoadRun = {
  /** Null when it was stopped. */
  readonly result: ClientResult | null
  readonly rssBytes: number
  readonly growthBytes: number
}

/** Runs the load against a fresh server. */
async function runLoad(bench: Bench, name: ServerName, load: Load): Promise<LoadRun> {
  const server = await startServer(bench, name, load.sizeBytes)
  const client = startClient(bench, server, clientArgs(load))
  const run = { over: false }
  try {
    await client.line(CONNECT_MS)
    await sleep(SETTLE_MS)
    const { rssBytes } = await server.link.ask()
    if (load.warmEvents !== undefined) await warmUp(server.link, load.warmEvents)
    // Asking costs the server a little; only the run about memory is watched.
    const growth =
      load.stalled > 0
        ? watchMemory(server.link, client, load.warmSecs, run)
        : Promise.resolve({ growthBytes: 0, isStopped: false })
    // Awaited below, after the client's answer; until then nobody waits for it.
    growth.catch(() => {})
    client.say('go')
    const answer = client.line((load.secs + load.warmSecs) * 1000 + DRAIN_MS)
    const answered = await answer.then(
      line => ({ line }),
      (error: unknown) => ({ error }),
    )
    run.over = true
    const { growthBytes, isStopped } = await growth
    // A client stopped for the server's hunger gives no answer; the growth is the result.
    if (isStopped) return { result: null, rssBytes, growthBytes }
    if ('error' in answered) throw answered.error
    return { result: resultOf(name, load, answered.line), rssBytes, growthBytes }
  } finally {
    run.over = true
    await client.end()
    await stopServer(server)
  }
}

export async function measureLoad(bench: Bench, name: ServerName, load: Load): Promise<Sample> {
  const { result, rssBytes } = await runLoad(bench, name, load)
  if (result === null) throw new Error(`${name}: the run was stopped`)
  return {
    cpuUsPerDelivery: result.srv_us_per_deliv,
    bytesPerDelivery: result.bytes_per_deliv,
    p50Us: result.lat_us.p50,
    p99Us: result.lat_us.p99,
    rssBytes,
    clientCpuPercent: result.client_cpu_pct ?? null,
  }
}

export async function measureStalled(bench: Bench, name: ServerName, load: Load): Promise<StalledSample> {
  const { result, growthBytes } = await runLoad(bench, name, load)
  return { growthBytes, p99Us: result?.lat_us.p99 ?? null }
}

/** Resident memory of one idle reader, in bytes, with `readers` connected; garbage is collected before each look. */
export async function measureIdle(bench: Bench, name: ServerName, readers: number): Promise<number> {
  const load: Load = {
    sizeBytes: 1024,
    clients: Math.min(200, readers),
    stalled: 0,
    rate: 0,
    secs: 1,
    warmSecs: 0,
    gzip: false,
  }
  const server = await startServer(bench, name, load.sizeBytes)
  const clients: Child[] = []
  const connect = async (count: number): Promise<Child> => {
    const client = startClient(bench, server, clientArgs({ ...load, clients: count }))
    clients.push(client)
    await client.line(CONNECT_MS)
    await sleep(1_000)
    return client
  }
  const resident = async (): Promise<number> => {
    await server.link.ask(true)
    await sleep(300)
    return (await server.link.ask(true)).rssBytes
  }
  try {
    // The first readers compile code and grow the heap; what they leave behind is no reader's.
    await (await connect(load.clients)).end()
    await sleep(500)
    const before = await resident()
    await connect(readers)
    return ((await resident()) - before) / readers
  } finally {
    for (const client of clients) await client.end()
    await stopServer(server)
  }
}
