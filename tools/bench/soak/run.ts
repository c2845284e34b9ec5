// A soak: the whole program under a mixed load, and whether its descriptors, handles, heap or memory grow. The server is a
// process of its own; this one makes the load and writes the status.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Child } from '../../../bench/child.js'
import { describeMachine, type Machine } from '../../../bench/machine.js'
import { short } from '../../../bench/output.js'
import { spread } from '../../../bench/stats.js'
import { complain } from '../../../src/log/print.js'
import { runSimulator } from '../../../src/simulator/run.js'
import { createScenario } from '../../../src/simulator/scenario.js'
import { Load, type LoadCounts } from './load.js'
import { type Bound, trendOf } from './trend.js'

/** What the server reports about itself. */
const sampleSchema = z.object({
  /** Sockets, timers and requests that keep the process busy. */
  handles: z.number(),
  files: z.number(),
  heapBytes: z.number(),
  rssBytes: z.number(),
  /** Without the collections made for samples. */
  cpuUs: z.number(),
  readers: z.number(),
  events: z.number(),
})
export type Sample = z.infer<typeof sampleSchema>

type Taken = Sample & { readonly atMin: number }

const MIB = 1_048_576
const STATUS_EVERY_SEC = 0.2
const START_MS = 60_000
const SAMPLE_MS = 60_000
const SAMPLES = 200
const LEAST_GAP_MS = 500
/** Not judged: code is compiled, caches fill, the heap grows to its size. */
const WARM_PART = 0.3
const MAX_WARM_MS = 60_000

type Figure = readonly [name: string, unit: string, bound: Bound, of: (taken: Taken) => number]

/** `once` is the growth by warming that any run may have: in ten minutes the heap may grow by 0.3 MiB a minute, in an hour by 0.1. */
const FIGURES: readonly Figure[] = [
  ['descriptors besides readers', '', { once: 4, perMin: 0.1 }, ({ files, readers }) => files - readers],
  ['handles besides readers', '', { once: 6, perMin: 0.1 }, ({ handles, readers }) => handles - readers],
  [
    'heap after a collection, without the history of statuses',
    'MiB',
    { once: 2, perMin: 0.1 },
    ({ heapBytes }) => heapBytes / MIB,
  ],
  ['resident memory', 'MiB', { once: 24, perMin: 0.5 }, ({ rssBytes }) => rssBytes / MIB],
]

function rowOf([name, unit, bound, of]: Figure, taken: readonly Taken[]) {
  const points = taken.map(each => ({ atMin: each.atMin, value: of(each) }))
  return {
    name: `soak: ${name}`,
    unit,
    judged: 'ours' as const,
    values: { ours: spread(taken.map(of)) },
    /** Growth a minute. */
    trend: trendOf(points, bound),
  }
}

function complaintsOf(
  rows: readonly ReturnType<typeof rowOf>[],
  load: LoadCounts,
  events: number,
): readonly string[] {
  const grown = rows.filter(({ trend }) => !trend.passed)
  return [
    ...grown.map(
      ({ name, unit, trend }) =>
        `${name} grew by ${trend.slope.toFixed(2)} (± ${(2 * trend.slopeError).toFixed(2)}) ${unit} a minute, the bound is ${trend.boundPerMin.toFixed(2)}`,
    ),
    ...(load.failures > 0 ? [`${load.failures} connections or requests failed: ${load.why.join('; ')}`] : []),
    ...(events === 0 || load.served === 0 || load.resyncs === 0 ? ['nothing was measured'] : []),
  ]
}

/** Takes samples until the time is over; the load runs meanwhile. */
async function observe(minutes: number, ask: () => Promise<Sample>): Promise<readonly Taken[]> {
  const wholeMs = minutes * 60_000
  const warmMs = Math.min(MAX_WARM_MS, wholeMs * WARM_PART)
  const gapMs = Math.max(LEAST_GAP_MS, (wholeMs - warmMs) / SAMPLES)
  await sleep(warmMs)
  const startMs = performance.now()
  const taken: Taken[] = []
  let nextShownMin = 1
  while (performance.now() - startMs < wholeMs - warmMs) {
    const atMin = (performance.now() - startMs) / 60_000
    const sample = await ask()
    taken.push({ ...sample, atMin })
    if (atMin >= nextShownMin) {
      const heapMib = (sample.heapBytes / MIB).toFixed(1)
      const rssMib = (sample.rssBytes / MIB).toFixed(1)
      complain(`minute ${nextShownMin}: heap ${heapMib} MiB, resident ${rssMib} MiB, ${sample.files} files\n`)
      nextShownMin++
    }
    await sleep(gapMs)
  }
  return taken
}

function reportOf(
  minutes: number,
  began: { readonly date: string; readonly machine: Machine },
  taken: readonly Taken[],
  load: LoadCounts,
) {
  const first = taken.at(0)
  const last = taken.at(-1)
  if (first === undefined || last === undefined) throw new Error('the soak was too short for a sample')
  const rows = FIGURES.map(figure => rowOf(figure, taken))
  const events = last.events - first.events
  const complaints = complaintsOf(rows, load, events)
  const seconds = (last.atMin - first.atMin) * 60
  return {
    bench: 'soak' as const,
    ...began,
    minutes,
    samples: taken.length,
    events,
    cpuPercent: (last.cpuUs - first.cpuUs) / seconds / 10_000,
    load: { ...load },
    rows,
    complaints,
    passed: complaints.length === 0,
  }
}

/** Takes `minutes` and a few seconds. Throws when the server ends or stops answering. */
export async function benchSoak(minutes: number) {
  const began = { date: new Date().toISOString(), machine: describeMachine() }
  const folder = await mkdtemp(join(tmpdir(), 'g6-soak-'))
  const status = join(folder, 'runtime_status.json')
  await writeFile(status, '{}')
  const script = fileURLToPath(new URL('./server.js', import.meta.url))
  const child = new Child('the server', [process.execPath, '--expose-gc', script, folder])
  const stop = new AbortController()
  const writing = runSimulator({
    path: status,
    refreshSec: STATUS_EVERY_SEC,
    cycles: 0,
    signal: stop.signal,
    scenario: createScenario({
      seed: 1,
      indices: ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'],
      intervalSec: 1,
      shape: 'both',
      scenario: 'faults',
      openMarket: true,
      withAnalytics: true,
    }),
  })
  // Its error is thrown where it is awaited, at the end.
  writing.catch(() => {})
  let load: Load | null = null
  try {
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(await child.line(START_MS)))
    load = new Load(url)
    load.start()
    const ask = async (): Promise<Sample> => {
      child.say('sample')
      return sampleSchema.parse(JSON.parse(await child.line(SAMPLE_MS)))
    }
    const taken = await observe(minutes, ask)
    return reportOf(minutes, began, taken, load.counts)
  } finally {
    load?.close()
    stop.abort()
    await child.end()
    await writing
    await rm(folder, { recursive: true, force: true })
  }
}

/** For people. */
export function soakText(report: ReturnType<typeof reportOf>): string {
  const { machine, minutes, samples, events, cpuPercent, load, rows, complaints } = report
  const lines = rows.map(({ name, unit, values, trend }) => {
    const { median, min, max } = values.ours
    const level = `${short(median)} (${short(min)}–${short(max)}) ${unit}`
    const growth = `${short(trend.slope)} ± ${short(2 * trend.slopeError)} a minute`
    return `${name.padEnd(36)} ${level.padEnd(26)} ${growth.padEnd(26)} bound ${short(trend.boundPerMin)}: ${trend.passed ? 'held' : 'GROWS'}`
  })
  return `${[
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${short(machine.load1)}`,
    `${minutes.toFixed(1)} minutes, ${samples} samples, ${events} events, ${short(cpuPercent)} % of a core`,
    `${load.opened} connections (${load.early} left before they were served), ${load.resyncs} resyncs, ${load.scrapes} scrapes, ${load.failures} failures`,
    '',
    ...lines,
    ...complaints.map(each => `WRONG: ${each}`),
  ].join('\n')}\n`
}
