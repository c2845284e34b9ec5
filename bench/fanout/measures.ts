// What is measured, on whom, and what is aimed at (the numbers a release must reach).
import { type Bench, type Load, measureIdle, measureLoad, type ServerName } from './sample.js'

/** A limit on the first subject of a row: against another one's value in the same round, or by itself. */
export type Target = { readonly against: string | null; readonly limit: number }

export type Row = { readonly name: string; readonly unit: string; readonly targets: readonly Target[] }

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
}

export const MEASURES = ['dispatch', 'cpu', 'rate', 'gzip', 'idle', 'stalled'] as const
export type MeasureName = (typeof MEASURES)[number]

const SERVERS: readonly ServerName[] = ['ours', 'bare', 'better-sse']
const KIB = 1024
const MIB = 1_048_576

type Values<T> = Readonly<Record<ServerName, T>>

/** One after the other: they share the machine. */
async function each<T>(work: (server: ServerName) => Promise<T>): Promise<Values<T>> {
  const ours = await work('ours')
  const bare = await work('bare')
  return { ours, bare, 'better-sse': await work('better-sse') }
}

function picked<T>(values: Values<T>, pick: (value: T) => number): Readonly<Record<string, number>> {
  return Object.fromEntries(SERVERS.map(server => [server, pick(values[server])]))
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
      { name: 'dispatch, 1 client, p50', unit: 'µs', targets },
      { name: 'dispatch, 1 client, p99', unit: 'µs', targets },
    ],
    async round(bench) {
      const values = await each(server =>
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
    { against: 'better-sse', limit: 0.4 },
  ]
  return {
    rows: [{ name, unit: 'µs', targets }],
    async round(bench) {
      const values = await each(server => measureLoad(bench, server, load))
      return { [name]: picked(values, sample => sample.cpuUsPerDelivery) }
    },
  }
}

function rate(load: Load): Measure {
  const name = `p99 to ${load.clients} readers, 30 events/s`
  return {
    rows: [{ name, unit: 'µs', targets: [{ against: 'bare', limit: 1.3 }] }],
    async round(bench) {
      const values = await each(server => measureLoad(bench, server, { ...load, rate: 30 }))
      return { [name]: picked(values, sample => sample.p99Us) }
    },
  }
}

function gzip(load: Load): Measure {
  const cpuName = 'gzip: server CPU per delivery, 4 KB'
  const bytesName = 'gzip: bytes per delivery, 4 KB'
  return {
    rows: [
      { name: cpuName, unit: 'µs', targets: [{ against: 'ours plain', limit: 1.1 }] },
      { name: bytesName, unit: 'B', targets: [{ against: 'ours plain', limit: 0.3 }] },
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
    rows: [{ name, unit: 'KiB', targets: [{ against: null, limit: 8 }] }],
    async round(bench) {
      return {
        [name]: picked(await each(server => measureIdle(bench, server, readers)), bytes => bytes / KIB),
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
      { name: growth, unit: 'MiB', targets: [{ against: null, limit: 8 }] },
      { name: others, unit: 'µs', targets: [{ against: 'ours without', limit: 1.2 }] },
    ],
    async round(bench) {
      const values = await each(server => measureLoad(bench, server, { ...alone, stalled: 100 }))
      const without = await measureLoad(bench, 'ours', alone)
      return {
        [growth]: picked(values, sample => sample.growthBytes / MIB),
        [others]: { 'ours with': values.ours.p99Us, 'ours without': without.p99Us },
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
    case 'idle':
      return idle(idleReaders)
    case 'stalled':
      return stalled(load, Math.max(10, secs))
  }
}
