// One measurement of one server: a fresh server process, a fresh client process, a few seconds, numbers.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Child } from '../child.js'
import type { ControlLink } from './control-link.js'
import { type Bench, type Subject, startClient, withServer } from './processes.js'

export type Load = {
  readonly sizeBytes: number
  readonly clients: number
  readonly stalled: number
  /** Events a second; 0 = closed loop. */
  readonly rate: number
  readonly secs: number
  readonly warmSecs: number
  readonly gzip: boolean
  /** Events before the run begins, where `warmSecs` at `rate` is too short to have the code compiled. */
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
  /** Of a core; optional, since an external client may not measure it. Close to 100, its own work is part of the times. */
  client_cpu_pct: z.number().optional(),
})
const CONNECT_MS = 70_000
const DRAIN_MS = 30_000
/** After the client is ready, the first events are still on their way. */
const SETTLE_MS = 200
const WATCH_MS = 250
/** Above this limit the run is stopped: the growth is proved, and the machine needs its memory. */
export const MAX_RSS_BYTES = 2_147_483_648
const WARM_EVERY_MS = 2

function clientArgs(load: Load): readonly string[] {
  const args = ['--n', load.clients, '--stalled', load.stalled, '--secs', load.secs, '--warm', load.warmSecs]
  if (load.rate > 0) args.push('--rate', load.rate)
  if (load.gzip) args.push('--gz', '--inflate', 2)
  return args.map(String)
}

/**
 * How far the server's memory rises above that after `warmSecs` (a cold server grows anyway: compiled code, first heap).
 * Kills the client above MAX_RSS_BYTES.
 */
async function watchMemory(link: ControlLink, client: Child, warmSecs: number, run: { over: boolean }) {
  await sleep(warmSecs * 1000)
  const { rssBytes: before } = await link.ask(true)
  let highest = before
  while (!run.over && highest < MAX_RSS_BYTES) {
    await sleep(WATCH_MS)
    highest = Math.max(highest, (await link.ask()).rssBytes)
  }
  const isStopped = highest >= MAX_RSS_BYTES
  if (isStopped) client.kill()
  return { growthBytes: highest - before, isStopped }
}

/** Publishes before the run, one event after the other, and waits until the server has published them. */
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

/** Parses the client's answer; throws when an event was lost or doubled, a connection broke, or no time was measured. */
function resultOf(name: Subject, load: Load, line: string) {
  const result = clientResult.parse(JSON.parse(line))
  if (!result.all_complete || result.gaps + result.dups + result.dead > 0 || result.deliv === 0) {
    throw new Error(`${name} did not deliver everything once and in order: ${line}`)
  }
  // Compressed events are counted, not read.
  if (!load.gzip && result.lat_us.p50 === 0) throw new Error(`${name} sent no event with its time`)
  return result
}

/** Runs the load against a fresh server; `result` is null when the run was stopped. */
function runLoad(bench: Bench, name: Subject, load: Load) {
  return withServer(bench, name, load.sizeBytes, async server => {
    const client = startClient(bench, server, clientArgs(load))
    const run = { over: false }
    try {
      await client.line(CONNECT_MS)
      await sleep(SETTLE_MS)
      const { rssBytes } = await server.link.ask()
      if (load.warmEvents !== undefined) await warmUp(server.link, load.warmEvents)
      // Asking costs the server a little: memory is watched only where it is measured.
      const watched =
        load.stalled > 0
          ? watchMemory(server.link, client, load.warmSecs, run)
          : Promise.resolve({ growthBytes: 0, isStopped: false })
      client.say('go')
      const answered = client.line((load.secs + load.warmSecs) * 1000 + DRAIN_MS).finally(() => {
        run.over = true
      })
      const [answer, growth] = await Promise.allSettled([answered, watched])
      if (growth.status === 'rejected') throw growth.reason
      const { growthBytes, isStopped } = growth.value
      // A killed client gives no answer; the growth is the result.
      if (isStopped) return { result: null, rssBytes, growthBytes }
      if (answer.status === 'rejected') throw answer.reason
      return { result: resultOf(name, load, answer.value), rssBytes, growthBytes }
    } finally {
      run.over = true
      await client.end()
    }
  })
}

export async function measureLoad(bench: Bench, name: Subject, load: Load) {
  const { result, rssBytes } = await runLoad(bench, name, load)
  if (result === null) throw new Error(`${name}: the run was stopped`)
  return {
    cpuUsPerDelivery: result.srv_us_per_deliv,
    bytesPerDelivery: result.bytes_per_deliv,
    p50Us: result.lat_us.p50,
    p99Us: result.lat_us.p99,
    /** Resident memory of the server with all readers connected and nothing published yet. */
    rssBytes,
    clientCpuPercent: result.client_cpu_pct ?? null,
  }
}
export type Sample = Awaited<ReturnType<typeof measureLoad>>

/** The highest resident memory during the run over that when warm; `p99Us` of the readers that read, null when stopped. */
export async function measureStalled(bench: Bench, name: Subject, load: Load) {
  const { result, growthBytes } = await runLoad(bench, name, load)
  return { growthBytes, p99Us: result?.lat_us.p99 ?? null }
}

const WARM_READERS = 200

/** Resident memory of one idle reader, bytes, with `readers` connected, after garbage collections. */
export function measureIdle(bench: Bench, name: Subject, readers: number): Promise<number> {
  return withServer(bench, name, 1024, async server => {
    const clients: Child[] = []
    const connect = async (count: number): Promise<Child> => {
      const client = startClient(bench, server, ['--n', String(count)])
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
      // The first readers compile code and grow the heap, which must not count.
      await (await connect(Math.min(WARM_READERS, readers))).end()
      await sleep(500)
      const before = await resident()
      await connect(readers)
      return ((await resident()) - before) / readers
    } finally {
      for (const client of clients) await client.end()
    }
  })
}
