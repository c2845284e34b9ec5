// What is measured, on which servers, and the targets that a release must reach.
import { joined, type Measure, measureOf, type RowOf } from './measure.js'
import { BASELINE, type Bench, type Subject } from './processes.js'
import { type Load, MAX_RSS_BYTES, measureIdle, measureLoad, measureStalled, type Sample } from './sample.js'
import { measureScrape } from './scrape.js'
import { measureStorm } from './storm.js'

export type Sizes = {
  readonly clients: number
  readonly secs: number
  readonly warmSecs: number
  readonly sizeBytes: number
  readonly idleReaders: number
  /** Counts of readers for the figures of capacity. */
  readonly readers: readonly number[]
  readonly scrapePairs: number
}

/** Readers that connect at once or within a second, and the time all of them may take. */
export const STORMS = [
  { name: '50 connect at once', count: 50, overMs: 0, limitMs: 100 },
  { name: '1000 connect within a second', count: 1_000, overMs: 1_000, limitMs: 2_000 },
] as const

export const MEASURES = [
  'dispatch',
  'cpu',
  'rate',
  'gzip',
  'readers',
  'storm',
  'idle',
  'stalled',
  'scrape',
] as const
export type MeasureName = (typeof MEASURES)[number]

const KIB = 1024
const MIB = 1_048_576

const all = (bench: Bench): readonly Subject[] => bench.servers
const isOurs = (subject: string): boolean => subject === 'ours' || subject === BASELINE
const ours = (bench: Bench): readonly Subject[] => bench.servers.filter(isOurs)

const time = (name: string, targets: RowOf<Sample>['targets'], value: RowOf<Sample>['value']) => ({
  name,
  unit: 'µs',
  gated: false,
  targets,
  value,
})

/** How busy the client was: needed to judge the times. */
const clientRow = (name: string): RowOf<Sample> => ({
  name: `${name}: the client's processor`,
  unit: '%',
  gated: false,
  targets: [],
  value: sample => sample.clientCpuPercent,
})

/** Slow enough that no event waits for another, fast enough that the code is compiled before it is measured. */
const DISPATCH_PER_SEC = 400
/** With less, a 99th percentile is a handful of events. */
const DISPATCH_MIN_SECS = 2
const DISPATCH_WARM_SECS = 1

function dispatch(load: Load): Measure {
  const targets = [
    { against: 'bare', limit: 2 },
    { against: 'better-sse', limit: 1 },
  ]
  const one = {
    ...load,
    clients: 1,
    rate: DISPATCH_PER_SEC,
    secs: Math.max(DISPATCH_MIN_SECS, load.secs),
    warmSecs: Math.max(DISPATCH_WARM_SECS, load.warmSecs),
  }
  return measureOf(all, (bench, server) => measureLoad(bench, server, one), [
    time('dispatch, 1 client, p50', targets, sample => sample.p50Us),
    time('dispatch, 1 client, p99', targets, sample => sample.p99Us),
  ])
}

function cpu(load: Load): Measure {
  const name = `server CPU per delivery, ${load.clients} readers, ${load.sizeBytes} B`
  const targets = [
    { against: 'bare', limit: 1.1 },
    // nginx writes from C: where it is installed, even the bare loop misses this.
    { against: 'nchan', limit: 1, reported: true },
    { against: 'better-sse', limit: 0.4 },
  ]
  return measureOf(all, (bench, server) => measureLoad(bench, server, load), [
    { name, unit: 'µs', gated: true, targets, value: sample => sample.cpuUsPerDelivery },
    clientRow(name),
  ])
}

function rate(load: Load): Measure {
  const name = `p99 to ${load.clients} readers, 30 events/s`
  return measureOf(all, (bench, server) => measureLoad(bench, server, { ...load, rate: 30 }), [
    time(name, [{ against: 'bare', limit: 1.3 }], sample => sample.p99Us),
    clientRow(name),
  ])
}

function gzip(load: Load): Measure {
  const common = { judged: 'ours gzip', gated: true }
  const against = (limit: number) => [{ against: 'ours plain', limit }]
  return measureOf(
    bench => ours(bench).flatMap(server => [`${server} gzip`, `${server} plain`] as const),
    (bench, form) => {
      const server: Subject = form.startsWith(BASELINE) ? BASELINE : 'ours'
      return measureLoad(bench, server, { ...load, sizeBytes: 4 * KIB, gzip: form.endsWith(' gzip') })
    },
    [
      {
        name: 'gzip: server CPU per delivery, 4 KB',
        unit: 'µs',
        ...common,
        targets: against(1.1),
        value: sample => sample.cpuUsPerDelivery,
      },
      {
        name: 'gzip: bytes per delivery, 4 KB',
        unit: 'B',
        ...common,
        targets: against(0.3),
        value: sample => sample.bytesPerDelivery,
      },
    ],
  )
}

function idle(readers: number): Measure {
  return measureOf(all, (bench, server) => measureIdle(bench, server, readers), [
    {
      name: `memory of an idle reader, ${readers} connected`,
      unit: 'KiB',
      gated: true,
      targets: [{ against: null, limit: 8 }],
      value: bytes => bytes / KIB,
    },
  ])
}

const ALONE = 'ours without'

/** 20 readers that read and 100 that do not, 16 KB events, 100 a second; and the 20 alone. */
function stalled(load: Load, secs: number): Measure {
  const alone: Load = { ...load, clients: 20, sizeBytes: 16 * KIB, rate: 100, secs, warmSecs: 3 }
  return measureOf(
    bench => (bench.servers.includes('ours') ? ([...bench.servers, ALONE] as const) : bench.servers),
    async (bench, subject) => {
      if (subject === ALONE) return measureStalled(bench, 'ours', alone)
      const sample = await measureStalled(bench, subject, { ...alone, stalled: 100 })
      if (sample.p99Us === null)
        bench.noted(subject, `stopped at ${MAX_RSS_BYTES / MIB} MiB, while it was still growing`)
      return sample
    },
    [
      {
        name: 'growth with 100 stalled of 120 readers',
        unit: 'MiB',
        gated: true,
        targets: [{ against: null, limit: 8 }],
        value: sample => sample.growthBytes / MIB,
        as: subject => (subject === ALONE ? null : subject),
      },
      {
        name: 'p99 of the other 20 readers',
        unit: 'µs',
        gated: false,
        judged: 'ours with',
        targets: [{ against: ALONE, limit: 1.2 }],
        value: sample => sample.p99Us,
        as: subject => (subject === ALONE ? subject : isOurs(subject) ? `${subject} with` : null),
      },
    ],
  )
}

/** Deliveries a second where readers are many, and events a second where they are few: a load, and no overload. */
const SCALE_DELIVERIES_PER_SEC = 20_000
const SCALE_EVENTS_PER_SEC = 30

/** Enough to have the code compiled, and no more deliveries than a second of the measured ones. */
const WARM_EVENTS = 500

/** What an operator plans with: processor, memory and time at this many readers, at a rate such a server may see. */
function readers(load: Load, count: number): Measure {
  const perSec = Math.min(SCALE_EVENTS_PER_SEC, SCALE_DELIVERIES_PER_SEC / count)
  const warmEvents = Math.min(WARM_EVENTS, SCALE_DELIVERIES_PER_SEC / count)
  const named = (what: string) => `${count} readers, ${perSec} events/s: ${what}`
  const one = { ...load, clients: count, rate: perSec, warmEvents }
  return measureOf(all, (bench, server) => measureLoad(bench, server, one), [
    time(named('server CPU per delivery'), [], sample => sample.cpuUsPerDelivery),
    time(named('p50'), [], sample => sample.p50Us),
    time(named('p99'), [], sample => sample.p99Us),
    { ...time(named('resident memory'), [], sample => sample.rssBytes / MIB), unit: 'MiB' },
  ])
}

/** A connection with its head and its board, compared with a head alone of better-sse: it bounds decay, no more. */
const STORM_CPU_RATIO = 2

function storm({ name, count, overMs, limitMs }: (typeof STORMS)[number]): Measure {
  return measureOf(all, (bench, server) => measureStorm(bench, server, count, overMs), [
    {
      name: `${name}: all have their board (others: head)`,
      unit: 'ms',
      gated: false,
      targets: [{ against: null, limit: limitMs }],
      value: sample => sample.allMs,
    },
    {
      name: `${name}: server CPU per connection`,
      unit: 'µs',
      gated: true,
      targets: [{ against: 'better-sse', limit: STORM_CPU_RATIO }],
      value: sample => sample.cpuUsPerReader,
    },
  ])
}

function scrape(readerCount: number, pairs: number): Measure {
  type Scrape = Awaited<ReturnType<typeof measureScrape>>
  const row = (what: string, limit: number | null, value: (sample: Scrape) => number): RowOf<Scrape> => ({
    name: `scrape of /metrics, ${readerCount} readers: ${what}`,
    unit: 'ms',
    gated: false,
    targets: limit === null ? [] : [{ against: null, limit }],
    value,
  })
  return measureOf(ours, (bench, server) => measureScrape(bench, server, readerCount, pairs), [
    row('time, nothing else to do', 20, sample => sample.quietMs),
    row('time, during an event', null, sample => sample.busyMs),
    { ...row('server CPU', 20, sample => sample.cpuMs), gated: true },
    row('an event comes later, first reader', 5, sample => sample.firstDelayMs),
    row('an event comes later, last reader', 5, sample => sample.lastDelayMs),
  ])
}

export function createMeasure(name: MeasureName, sizes: Sizes): Measure {
  const { clients, secs, warmSecs, sizeBytes, idleReaders } = sizes
  const load: Load = { sizeBytes, clients, stalled: 0, rate: 0, secs, warmSecs, gzip: false }
  switch (name) {
    case 'dispatch':
      return dispatch(load)
    case 'cpu':
      return cpu(load)
    case 'rate':
      return rate(load)
    case 'gzip':
      return gzip(load)
    case 'readers':
      return joined(sizes.readers.map(count => readers(load, count)))
    case 'storm':
      return joined(STORMS.map(storm))
    case 'idle':
      return idle(idleReaders)
    case 'stalled':
      return stalled(load, Math.max(10, secs))
    case 'scrape':
      return scrape(idleReaders, sizes.scrapePairs)
  }
}
