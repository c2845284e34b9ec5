// What is measured, on which servers, and the targets that a release must reach.
import { joined, type Measure, measureOf, type Row, type RowOf } from './measure.js'
import { measureScrape, measureStorm } from './probes.js'
import { BASELINE, type Bench, type Subject } from './processes.js'
import { type Load, MAX_RSS_BYTES, measureIdle, measureLoad, measureStalled, type Sample } from './sample.js'

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

const KIB = 1024
const MIB = 1_048_576

const all = (bench: Bench): readonly Subject[] => bench.servers
const isOurs = (subject: string): boolean => subject === 'ours' || subject === BASELINE
const ours = (bench: Bench): readonly Subject[] => bench.servers.filter(isOurs)

type RowMaker = <T>(
  name: string,
  unit: string,
  targets: Row['targets'],
  value: RowOf<T>['value'],
  more?: Pick<RowOf<T>, 'judged' | 'as'>,
) => RowOf<T>
/** A row that CI may fail by. */
const gated: RowMaker = (name, unit, targets, value, more) => ({
  ...{ name, unit, gated: true, targets, value },
  ...more,
})
/** Of times, which depend on the load of the machine. */
const shown: RowMaker = (...row) => ({ ...gated(...row), gated: false })
const atMost = (limit: number): Row['targets'] => [{ against: null, limit }]

/** How busy the client was: needed to judge the times. */
const clientRow = (name: string): RowOf<Sample> =>
  shown(`${name}: the client's processor`, '%', [], sample => sample.clientCpuPercent)

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
  return measureOf(all, (bench, server) => measureLoad(bench, server, one))([
    shown('dispatch, 1 client, p50', 'µs', targets, sample => sample.p50Us),
    shown('dispatch, 1 client, p99', 'µs', targets, sample => sample.p99Us),
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
  return measureOf(all, (bench, server) => measureLoad(bench, server, load))([
    gated(name, 'µs', targets, sample => sample.cpuUsPerDelivery),
    clientRow(name),
  ])
}

function rate(load: Load): Measure {
  const name = `p99 to ${load.clients} readers, 30 events/s`
  return measureOf(all, (bench, server) => measureLoad(bench, server, { ...load, rate: 30 }))([
    shown(name, 'µs', [{ against: 'bare', limit: 1.3 }], sample => sample.p99Us),
    clientRow(name),
  ])
}

function gzip(load: Load): Measure {
  const against = (limit: number) => [{ against: 'ours plain', limit }]
  const judged = { judged: 'ours gzip' }
  return measureOf(
    bench => ours(bench).flatMap(server => [`${server} gzip`, `${server} plain`] as const),
    (bench, form) => {
      const server: Subject = form.startsWith(BASELINE) ? BASELINE : 'ours'
      return measureLoad(bench, server, { ...load, sizeBytes: 4 * KIB, gzip: form.endsWith(' gzip') })
    },
  )([
    gated(
      'gzip: server CPU per delivery, 4 KB',
      'µs',
      against(1.1),
      sample => sample.cpuUsPerDelivery,
      judged,
    ),
    gated('gzip: bytes per delivery, 4 KB', 'B', against(0.3), sample => sample.bytesPerDelivery, judged),
  ])
}

function idle(readers: number): Measure {
  return measureOf(all, (bench, server) => measureIdle(bench, server, readers))([
    gated(`memory of an idle reader, ${readers} connected`, 'KiB', atMost(8), bytes => bytes / KIB),
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
  )([
    gated('growth with 100 stalled of 120 readers', 'MiB', atMost(8), sample => sample.growthBytes / MIB, {
      as: subject => (subject === ALONE ? null : subject),
    }),
    shown('p99 of the other 20 readers', 'µs', [{ against: ALONE, limit: 1.2 }], sample => sample.p99Us, {
      judged: 'ours with',
      as: subject => (subject === ALONE ? subject : isOurs(subject) ? `${subject} with` : null),
    }),
  ])
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
  return measureOf(all, (bench, server) => measureLoad(bench, server, one))([
    shown(named('server CPU per delivery'), 'µs', [], sample => sample.cpuUsPerDelivery),
    shown(named('p50'), 'µs', [], sample => sample.p50Us),
    shown(named('p99'), 'µs', [], sample => sample.p99Us),
    shown(named('resident memory'), 'MiB', [], sample => sample.rssBytes / MIB),
  ])
}

/** A connection with its head and its board, compared with a head alone of better-sse: it bounds decay, no more. */
const STORM_CPU_RATIO = 2

function storm({ name, count, overMs, limitMs }: (typeof STORMS)[number]): Measure {
  const targets = [{ against: 'better-sse', limit: STORM_CPU_RATIO }]
  return measureOf(all, (bench, server) => measureStorm(bench, server, count, overMs))([
    shown(`${name}: all have their board (others: head)`, 'ms', atMost(limitMs), sample => sample.allMs),
    gated(`${name}: server CPU per connection`, 'µs', targets, sample => sample.cpuUsPerReader),
  ])
}

function scrape(readers: number, pairs: number): Measure {
  const named = (what: string) => `scrape of /metrics, ${readers} readers: ${what}`
  return measureOf(ours, (bench, server) => measureScrape(bench, server, readers, pairs))([
    shown(named('time, nothing else to do'), 'ms', atMost(20), sample => sample.quietMs),
    shown(named('time, during an event'), 'ms', [], sample => sample.busyMs),
    gated(named('server CPU'), 'ms', atMost(20), sample => sample.cpuMs),
    shown(named('an event comes later, first reader'), 'ms', atMost(5), sample => sample.firstDelayMs),
    shown(named('an event comes later, last reader'), 'ms', atMost(5), sample => sample.lastDelayMs),
  ])
}

type Make = (load: Load, sizes: Sizes) => Measure
const MAKERS = {
  dispatch,
  cpu,
  rate,
  gzip,
  readers: (load: Load, sizes: Sizes) => joined(sizes.readers.map(count => readers(load, count))),
  storm: () => joined(STORMS.map(storm)),
  idle: (_: Load, sizes: Sizes) => idle(sizes.idleReaders),
  stalled: (load: Load) => stalled(load, Math.max(10, load.secs)),
  scrape: (_: Load, sizes: Sizes) => scrape(sizes.idleReaders, sizes.scrapePairs),
} satisfies Record<string, Make>

export type MeasureName = keyof typeof MAKERS
export const MEASURES = Object.keys(MAKERS) as readonly MeasureName[]

export function createMeasure(name: MeasureName, sizes: Sizes): Measure {
  const { clients, secs, warmSecs, sizeBytes } = sizes
  const make: Make = MAKERS[name]
  return make({ sizeBytes, clients, stalled: 0, rate: 0, secs, warmSecs, gzip: false }, sizes)
}
