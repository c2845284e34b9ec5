// What is measured, on whom, and what is aimed at (the numbers a release must reach).
import { clientRow, clientValues, each, type Measure, picked } from './measure.js'
import { type Load, MAX_RSS_BYTES, measureIdle, measureLoad, measureStalled } from './sample.js'
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

/** Who comes at once, and who comes within a second; each with what the whole of them may take. */
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

/** Slow enough that no event waits for another, fast enough that the code is compiled before it is measured. */
const DISPATCH_PER_SEC = 400
/** Shorter, and a 99th percentile is a handful of events. */
const DISPATCH_MIN_SECS = 2
const DISPATCH_WARM_SECS = 1

function dispatch(load: Load): Measure {
  const targets = [
    { against: 'bare', limit: 2 },
    { against: 'better-sse', limit: 1 },
  ]
  return {
    rows: [
      { name: 'dispatch, 1 client, p50', unit: 'µs', gated: false, targets },
      { name: 'dispatch, 1 client, p99', unit: 'µs', gated: false, targets },
    ],
    async round(bench) {
      const values = await each(bench, bench.servers, server =>
        measureLoad(bench, server, {
          ...load,
          clients: 1,
          rate: DISPATCH_PER_SEC,
          secs: Math.max(DISPATCH_MIN_SECS, load.secs),
          warmSecs: Math.max(DISPATCH_WARM_SECS, load.warmSecs),
        }),
      )
      return {
        'dispatch, 1 client, p50': picked(values, sample => sample.p50Us),
        'dispatch, 1 client, p99': picked(values, sample => sample.p99Us),
      }
    },
  }
}

function cpu(load: Load): Measure {
  const name = `server CPU per delivery, ${load.clients} readers, ${load.sizeBytes} B`
  const targets = [
    { against: 'bare', limit: 1.1 },
    // nginx writes from C: where it is installed, even the bare loop misses this.
    { against: 'nchan', limit: 1, reported: true },
    { against: 'better-sse', limit: 0.4 },
  ]
  return {
    rows: [{ name, unit: 'µs', gated: true, targets }, clientRow(name)],
    async round(bench) {
      const values = await each(bench, bench.servers, server => measureLoad(bench, server, load))
      return {
        [name]: picked(values, sample => sample.cpuUsPerDelivery),
        [clientRow(name).name]: clientValues(values),
      }
    },
  }
}

function rate(load: Load): Measure {
  const name = `p99 to ${load.clients} readers, 30 events/s`
  return {
    rows: [{ name, unit: 'µs', gated: false, targets: [{ against: 'bare', limit: 1.3 }] }, clientRow(name)],
    async round(bench) {
      const one = { ...load, rate: 30 }
      const values = await each(bench, bench.servers, server => measureLoad(bench, server, one))
      return {
        [name]: picked(values, sample => sample.p99Us),
        [clientRow(name).name]: clientValues(values),
      }
    },
  }
}

function gzip(load: Load): Measure {
  const cpuName = 'gzip: server CPU per delivery, 4 KB'
  const bytesName = 'gzip: bytes per delivery, 4 KB'
  const judged = { judged: 'ours gzip', gated: true }
  return {
    rows: [
      { name: cpuName, unit: 'µs', ...judged, targets: [{ against: 'ours plain', limit: 1.1 }] },
      { name: bytesName, unit: 'B', ...judged, targets: [{ against: 'ours plain', limit: 0.3 }] },
    ],
    async round(bench) {
      const forms = bench.servers.includes('ours') ? (['ours gzip', 'ours plain'] as const) : []
      const values = await each(bench, forms, form =>
        measureLoad(bench, 'ours', { ...load, sizeBytes: 4 * KIB, gzip: form === 'ours gzip' }),
      )
      return {
        [cpuName]: picked(values, sample => sample.cpuUsPerDelivery),
        [bytesName]: picked(values, sample => sample.bytesPerDelivery),
      }
    },
  }
}

function idle(readers: number): Measure {
  const name = `memory of an idle reader, ${readers} connected`
  return {
    rows: [{ name, unit: 'KiB', gated: true, targets: [{ against: null, limit: 8 }] }],
    async round(bench) {
      return {
        [name]: picked(
          await each(bench, bench.servers, server => measureIdle(bench, server, readers)),
          bytes => bytes / KIB,
        ),
      }
    },
  }
}

/** 20 readers that read beside 100 that do not, 16 KB events, 100 a second; and the 20 alone. */
function stalled(load: Load, secs: number): Measure {
  const growth = 'growth with 100 stalled of 120 readers'
  const others = 'p99 of the other 20 readers'
  const alone: Load = { ...load, clients: 20, sizeBytes: 16 * KIB, rate: 100, secs, warmSecs: 3 }
  return {
    rows: [
      { name: growth, unit: 'MiB', gated: true, targets: [{ against: null, limit: 8 }] },
      {
        name: others,
        unit: 'µs',
        gated: false,
        judged: 'ours with',
        targets: [{ against: 'ours without', limit: 1.2 }],
      },
    ],
    async round(bench) {
      const without = 'ours without'
      const subjects = bench.servers.includes('ours') ? ([...bench.servers, without] as const) : bench.servers
      const values = await each(bench, subjects, subject =>
        subject === without
          ? measureStalled(bench, 'ours', alone)
          : measureStalled(bench, subject, { ...alone, stalled: 100 }),
      )
      const beside = new Map([...values].filter(([subject]) => subject !== without))
      for (const [subject, { p99Us }] of beside)
        if (p99Us === null)
          bench.noted(subject, `stopped at ${MAX_RSS_BYTES / MIB} MiB, it would have grown on`)
      const ours = new Map(
        [...values].flatMap(([subject, { p99Us }]) =>
          subject.startsWith('ours') ? [[subject === 'ours' ? 'ours with' : subject, p99Us]] : [],
        ),
      )
      return {
        [growth]: picked(beside, sample => sample.growthBytes / MIB),
        [others]: picked(ours, p99Us => p99Us),
      }
    },
  }
}

/** Deliveries a second where readers are many, and events a second where they are few: a load, and no overload. */
const SCALE_DELIVERIES_PER_SEC = 20_000
const SCALE_EVENTS_PER_SEC = 30

/** Enough to have the code compiled, and no more deliveries than a second of the measured ones. */
const WARM_EVENTS = 500

function readersRate(readers: number): number {
  return Math.min(SCALE_EVENTS_PER_SEC, SCALE_DELIVERIES_PER_SEC / readers)
}

/** What an operator plans with: processor, memory and time at so many readers, at a rate that such a server may see. */
function readers(load: Load, counts: readonly number[]): Measure {
  const named = (count: number) => `${count} readers, ${readersRate(count)} events/s`
  const cpuName = (count: number) => `${named(count)}: server CPU per delivery`
  const p50Name = (count: number) => `${named(count)}: p50`
  const p99Name = (count: number) => `${named(count)}: p99`
  const rssName = (count: number) => `${named(count)}: resident memory`
  return {
    rows: counts.flatMap(count => [
      { name: cpuName(count), unit: 'µs', gated: false, targets: [] },
      { name: p50Name(count), unit: 'µs', gated: false, targets: [] },
      { name: p99Name(count), unit: 'µs', gated: false, targets: [] },
      { name: rssName(count), unit: 'MiB', gated: false, targets: [] },
    ]),
    async round(bench) {
      const rows: Record<string, Readonly<Record<string, number>>> = {}
      for (const count of counts) {
        const warmEvents = Math.min(WARM_EVENTS, SCALE_DELIVERIES_PER_SEC / count)
        const one = { ...load, clients: count, rate: readersRate(count), warmEvents }
        const values = await each(bench, bench.servers, server => measureLoad(bench, server, one))
        rows[cpuName(count)] = picked(values, sample => sample.cpuUsPerDelivery)
        rows[p50Name(count)] = picked(values, sample => sample.p50Us)
        rows[p99Name(count)] = picked(values, sample => sample.p99Us)
        rows[rssName(count)] = picked(values, sample => sample.rssBytes / MIB)
      }
      return rows
    },
  }
}

/** A connection with its head and its board, beside better-sse's with a head alone: a bound on decay, no promise. */
const STORM_CPU_RATIO = 2

function storms(): Measure {
  const all = (name: string) => `${name}: all have their board (others: head)`
  const cpuName = (name: string) => `${name}: server CPU per connection`
  return {
    rows: STORMS.flatMap(({ name, limitMs }) => [
      { name: all(name), unit: 'ms', gated: false, targets: [{ against: null, limit: limitMs }] },
      {
        name: cpuName(name),
        unit: 'µs',
        gated: true,
        targets: [{ against: 'better-sse', limit: STORM_CPU_RATIO }],
      },
    ]),
    async round(bench) {
      const rows: Record<string, Readonly<Record<string, number>>> = {}
      for (const { name, count, overMs } of STORMS) {
        const values = await each(bench, bench.servers, server => measureStorm(bench, server, count, overMs))
        rows[all(name)] = picked(values, sample => sample.allMs)
        rows[cpuName(name)] = picked(values, sample => sample.cpuUsPerReader)
      }
      return rows
    },
  }
}

function scrape(readerCount: number, pairs: number): Measure {
  const named = (what: string) => `scrape of /metrics, ${readerCount} readers: ${what}`
  const own = (limit: number) => [{ against: null, limit }]
  const ms = { unit: 'ms', gated: false }
  const quiet = named('time, nothing else to do')
  const busy = named('time, beside an event')
  const cpuName = named('server CPU')
  const first = named('an event comes later, first reader')
  const last = named('an event comes later, last reader')
  return {
    rows: [
      { name: quiet, ...ms, targets: own(20) },
      { name: busy, ...ms, targets: [] },
      { name: cpuName, unit: 'ms', gated: true, targets: own(20) },
      { name: first, ...ms, targets: own(5) },
      { name: last, ...ms, targets: own(5) },
    ],
    async round(bench) {
      const subjects = bench.servers.filter(server => server === 'ours')
      const values = await each(bench, subjects, () => measureScrape(bench, readerCount, pairs))
      return {
        [quiet]: picked(values, sample => sample.quietMs),
        [busy]: picked(values, sample => sample.busyMs),
        [cpuName]: picked(values, sample => sample.cpuMs),
        [first]: picked(values, sample => sample.firstDelayMs),
        [last]: picked(values, sample => sample.lastDelayMs),
      }
    },
  }
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
      return readers(load, sizes.readers)
    case 'storm':
      return storms()
    case 'idle':
      return idle(idleReaders)
    case 'stalled':
      return stalled(load, Math.max(10, secs))
    case 'scrape':
      return scrape(idleReaders, sizes.scrapePairs)
  }
}
