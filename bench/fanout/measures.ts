// What is measured, on whom, and what is aimed at (the numbers a release must reach).
import type { ServerName } from './installed.js'
import type { Bench } from './processes.js'
import { type Load, measureIdle, measureLoad } from './sample.js'
import { measureScrape } from './scrape.js'
import { measureStorm } from './storm.js'

/** A limit on the first subject of a row: against another one's value in the same round, or by itself. */
export type Target = {
  readonly against: string | null
  readonly limit: number
  /** CI does not fail by it, whatever the row says. */
  readonly reported?: boolean
}

export type Row = {
  readonly name: string
  readonly unit: string
  /** Whether CI may fail by it: processor time, bytes and memory hold on a busy machine, times do not. */
  readonly gated: boolean
  readonly targets: readonly Target[]
}

/** Values of one round: row name → subject → value. The subject judged comes first. */
export type RoundValues = Readonly<Record<string, Readonly<Record<string, number>>>>

export type Measure = {
  readonly rows: readonly Row[]
  round(bench: Bench): Promise<RoundValues>
}

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

type Values<T> = Readonly<Partial<Record<ServerName, T>>>

/** One after the other: they share the machine. Who fails has no value in this round, and the report says so. */
async function each<T>(bench: Bench, work: (server: ServerName) => Promise<T>): Promise<Values<T>> {
  const values: Partial<Record<ServerName, T>> = {}
  for (const server of bench.servers) {
    try {
      values[server] = await work(server)
    } catch (error) {
      bench.failed(server, error)
    }
  }
  return values
}

function picked<T>(values: Values<T>, pick: (value: T) => number): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).map(([server, value]) => [server, pick(value)]))
}

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
      const values = await each(bench, server =>
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
    rows: [{ name, unit: 'µs', gated: true, targets }],
    async round(bench) {
      const values = await each(bench, server => measureLoad(bench, server, load))
      return { [name]: picked(values, sample => sample.cpuUsPerDelivery) }
    },
  }
}

function rate(load: Load): Measure {
  const name = `p99 to ${load.clients} readers, 30 events/s`
  return {
    rows: [{ name, unit: 'µs', gated: false, targets: [{ against: 'bare', limit: 1.3 }] }],
    async round(bench) {
      const values = await each(bench, server => measureLoad(bench, server, { ...load, rate: 30 }))
      return { [name]: picked(values, sample => sample.p99Us) }
    },
  }
}

function gzip(load: Load): Measure {
  const cpuName = 'gzip: server CPU per delivery, 4 KB'
  const bytesName = 'gzip: bytes per delivery, 4 KB'
  return {
    rows: [
      { name: cpuName, unit: 'µs', gated: true, targets: [{ against: 'ours plain', limit: 1.1 }] },
      { name: bytesName, unit: 'B', gated: true, targets: [{ against: 'ours plain', limit: 0.3 }] },
    ],
    async round(bench) {
      const packed = await measureLoad(bench, 'ours', { ...load, sizeBytes: 4 * KIB, gzip: true })
      const plain = await measureLoad(bench, 'ours', { ...load, sizeBytes: 4 * KIB })
      return {
        [cpuName]: { 'ours gzip': packed.cpuUsPerDelivery, 'ours plain': plain.cpuUsPerDelivery },
        [bytesName]: { 'ours gzip': packed.bytesPerDelivery, 'ours plain': plain.bytesPerDelivery },
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
          await each(bench, server => measureIdle(bench, server, readers)),
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
      { name: others, unit: 'µs', gated: false, targets: [{ against: 'ours without', limit: 1.2 }] },
    ],
    async round(bench) {
      const values = await each(bench, server => measureLoad(bench, server, { ...alone, stalled: 100 }))
      const without = await measureLoad(bench, 'ours', alone)
      const beside = values.ours === undefined ? {} : { 'ours with': values.ours.p99Us }
      return {
        [growth]: picked(values, sample => sample.growthBytes / MIB),
        [others]: { ...beside, 'ours without': without.p99Us },
      }
    },
  }
}

/** Deliveries a second where readers are many, and events a second where they are few: a load, and no overload. */
const SCALE_DELIVERIES_PER_SEC = 20_000
const SCALE_EVENTS_PER_SEC = 30

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
        const one = { ...load, clients: count, rate: readersRate(count) }
        const values = await each(bench, server => measureLoad(bench, server, one))
        rows[cpuName(count)] = picked(values, sample => sample.cpuUsPerDelivery)
        rows[p50Name(count)] = picked(values, sample => sample.p50Us)
        rows[p99Name(count)] = picked(values, sample => sample.p99Us)
        rows[rssName(count)] = picked(values, sample => sample.rssBytes / MIB)
      }
      return rows
    },
  }
}

/** Who comes at once, and who comes within a second; each with what the whole of them may take. */
const STORMS = [
  { name: '50 connect at once', count: 50, overMs: 0, limitMs: 100 },
  { name: '1000 connect within a second', count: 1_000, overMs: 1_000, limitMs: 2_000 },
] as const
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
        const values = await each(bench, server => measureStorm(bench, server, count, overMs))
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
      const sample = await measureScrape(bench, readerCount, pairs)
      return {
        [quiet]: { ours: sample.quietMs },
        [busy]: { ours: sample.busyMs },
        [cpuName]: { ours: sample.cpuMs },
        [first]: { ours: sample.firstDelayMs },
        [last]: { ours: sample.lastDelayMs },
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
