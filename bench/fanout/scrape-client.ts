// What a scrape of /metrics costs the readers of a busy server: events are published in pairs, one alone and one during a scrape,
// in alternating order. The time of an event runs from the request to publish it (so that waiting for a scrape counts) to the
// first and to the last reader.
import { setTimeout as sleep } from 'node:timers/promises'
import { keptAlive, timedGet } from '../requests.js'
import { clientOptions } from './client-options.js'
import { Connections } from './connections.js'
import { ControlLink, runWhenAsked } from './control-link.js'

/** Longer than the runner waits: for a client whose runner is gone. */
const LIMIT_MS = 200_000
/** The event is published this long after the scrape begins: it changes with each pair, to hit every part of a scrape. */
const OFFSETS_MS = [0, 1, 2, 4, 8] as const
const GAP_MS = 30

const options = clientOptions(process.argv.slice(2))
const { port, n: readers, pairs } = options

type Arrival = { readonly firstMs: number; readonly lastMs: number }
type Waiting = {
  readonly startMs: number
  count: number
  firstMs: number
  readonly done: (arrival: Arrival) => void
}
let waiting: Waiting | null = null

const connections = new Connections(options, () => {
  if (waiting === null) return
  const sinceMs = performance.now() - waiting.startMs
  if (++waiting.count === 1) waiting.firstMs = sinceMs
  if (waiting.count === readers) waiting.done({ firstMs: waiting.firstMs, lastMs: sinceMs })
})
const control = await ControlLink.connect(options.ctl)
const agent = keptAlive()
const scrape = () => timedGet(`http://127.0.0.1:${port}/metrics`, agent)

function event(): Promise<Arrival> {
  return new Promise(resolve => {
    waiting = { startMs: performance.now(), count: 0, firstMs: 0, done: resolve }
    control.publish(1)
  })
}

/** Scrapes while nothing is published: their time, and the server's processor time. */
async function quietScrapes(count: number) {
  const times: number[] = []
  const costs: number[] = []
  for (let i = 0; i < count; i++) {
    const before = await control.cpuUs()
    times.push(await scrape())
    costs.push(((await control.cpuUs()) - before) / 1000)
    await sleep(GAP_MS)
  }
  return { quietMs: times, cpuMs: costs }
}

async function eventDuringScrape(offsetMs: number, scrapes: number[]): Promise<Arrival> {
  const running = scrape()
  if (offsetMs > 0) await sleep(offsetMs)
  const arrival = await event()
  scrapes.push(await running)
  return arrival
}

/** a b, b a, a b …: drift affects both alike. */
async function measurePairs(count: number) {
  const measured: { readonly alone: Arrival; readonly during: Arrival }[] = []
  const busyMs: number[] = []
  for (let i = 0; i < count; i++) {
    const offsetMs = OFFSETS_MS[i % OFFSETS_MS.length] ?? 0
    await sleep(GAP_MS)
    const before = i % 2 === 0 ? await event() : await eventDuringScrape(offsetMs, busyMs)
    await sleep(GAP_MS)
    const after = i % 2 === 1 ? await event() : await eventDuringScrape(offsetMs, busyMs)
    measured.push(i % 2 === 0 ? { alone: before, during: after } : { alone: after, during: before })
  }
  return { pairs: measured, busyMs }
}

setTimeout(() => {
  process.stderr.write('scrape: connecting or measuring took too long\n')
  process.exit(1)
}, LIMIT_MS).unref()

await connections.open()
await sleep(1_000)
await runWhenAsked(async () => {
  await quietScrapes(5)
  await measurePairs(3)
  return { ...(await quietScrapes(pairs)), ...(await measurePairs(pairs)) }
})
connections.close()
process.exit(0)
