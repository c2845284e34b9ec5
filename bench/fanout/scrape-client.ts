// What a scrape of /metrics costs the readers of a busy server: events are published in pairs, one alone and one beside a scrape,
// in alternating order; an event's time runs from asking for it (so that waiting behind a scrape counts) to the first and to the
// last reader. It prints READY when connected, waits for a line, and prints one line of JSON.
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Connections } from './connections.js'
import { ControlLink } from './control-link.js'
import { lineOnInput } from './line-on-input.js'

/** Longer than the runner waits for connecting and measuring: only for when there is no runner any more. */
const LIMIT_MS = 200_000
/** The event is asked for this long after the scrape: each pair another, so that every part of a scrape is met. */
const OFFSETS_MS = [0, 1, 2, 4, 8] as const
const GAP_MS = 30

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    ctl: { type: 'string' },
    path: { type: 'string', default: '/' },
    n: { type: 'string', default: '1000' },
    pairs: { type: 'string', default: '20' },
    metrics: { type: 'string', default: '/metrics' },
  },
})
const port = Number(values.port)
const readers = Number(values.n)

type Arrival = { readonly firstMs: number; readonly lastMs: number }
type Waiting = {
  readonly startMs: number
  count: number
  firstMs: number
  readonly done: (arrival: Arrival) => void
}
let waiting: Waiting | null = null

const connections = new Connections(
  {
    port,
    ctl: Number(values.ctl),
    path: values.path,
    n: readers,
    stalled: 0,
    rate: 0,
    window: 1,
    secs: 1,
    warm: 0,
    gzip: false,
    inflate: 0,
  },
  () => {
    if (waiting === null) return
    const sinceMs = performance.now() - waiting.startMs
    if (++waiting.count === 1) waiting.firstMs = sinceMs
    if (waiting.count === readers) waiting.done({ firstMs: waiting.firstMs, lastMs: sinceMs })
  },
)
const control = await ControlLink.connect(Number(values.ctl))
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

function event(): Promise<Arrival> {
  return new Promise(resolve => {
    waiting = { startMs: performance.now(), count: 0, firstMs: 0, done: resolve }
    control.publish(1)
  })
}

function scrape(): Promise<number> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', path: values.metrics, agent }, response => {
      response.resume()
      response.once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startMs)
        else reject(new Error(`the scrape answered ${response.statusCode}`))
      })
    })
    request.once('error', reject)
  })
}

async function cpuMs(): Promise<number> {
  const { userUs, systemUs } = await control.ask()
  return (userUs + systemUs) / 1000
}

/** Scrapes while nothing is published: how long, and how much of the server's processor. */
async function quietScrapes(count: number) {
  const times: number[] = []
  const costs: number[] = []
  for (let i = 0; i < count; i++) {
    const before = await cpuMs()
    times.push(await scrape())
    costs.push((await cpuMs()) - before)
    await sleep(GAP_MS)
  }
  return { quietMs: times, cpuMs: costs }
}

async function eventBesideScrape(offsetMs: number, scrapes: number[]): Promise<Arrival> {
  const running = scrape()
  if (offsetMs > 0) await sleep(offsetMs)
  const arrival = await event()
  scrapes.push(await running)
  return arrival
}

/** a b, b a, a b …: whatever drifts strikes both alike. */
async function measurePairs(count: number) {
  const pairs: { readonly alone: Arrival; readonly beside: Arrival }[] = []
  const busyMs: number[] = []
  for (let i = 0; i < count; i++) {
    const offsetMs = OFFSETS_MS[i % OFFSETS_MS.length] ?? 0
    await sleep(GAP_MS)
    const before = i % 2 === 0 ? await event() : await eventBesideScrape(offsetMs, busyMs)
    await sleep(GAP_MS)
    const after = i % 2 === 1 ? await event() : await eventBesideScrape(offsetMs, busyMs)
    pairs.push(i % 2 === 0 ? { alone: before, beside: after } : { alone: after, beside: before })
  }
  return { pairs, busyMs }
}

setTimeout(() => {
  process.stderr.write('scrape: connecting or measuring took too long\n')
  process.exit(1)
}, LIMIT_MS).unref()

await connections.open()
await sleep(1_000)
process.stdout.write('READY\n')
if (await lineOnInput()) {
  const count = Number(values.pairs)
  await quietScrapes(5)
  await measurePairs(3)
  const answer = { ...(await quietScrapes(count)), ...(await measurePairs(count)) }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
connections.close()
control.close()
agent.destroy()
process.exit(0)
