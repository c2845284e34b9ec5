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
import { spread } from '../../../bench/stats.js'
import { runSimulator } from '../../../src/simulator/run.js'
import { createScenario } from '../../../src/simulator/scenario.js'
import { Load, type LoadCounts } from './load.js'
import { type Sample, sampleSchema } from './sample.js'
import { type Bound, trendOf } from './trend.js'

export type SoakOptions = {
  readonly minutes: number
  readonly onProgress: (line: string) => void
}

export type SoakReport = ReturnType<typeof reportOf>

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

type Figure = {
  readonly name: string
  readonly unit: string
  readonly bound: Bound
  readonly of: (taken: Taken) => number
}

/** `once` is the growth by warming that any run may have: in ten minutes the heap may grow by 0.3 MiB a minute, in an hour by 0.1. */
const FIGURES: readonly Figure[] = [
  {
    name: 'soak: descriptors besides readers',
    unit: '',
    bound: { once: 4, perMin: 0.1 },
    of: ({ files, readers }) => files - readers,
  },
  {
    name: 'soak: handles besides readers',
    unit: '',
    bound: { once: 6, perMin: 0.1 },
    of: ({ handles, readers }) => handles - readers,
  },
  {
    name: 'soak: heap after a collection, without the history of statuses',
    unit: 'MiB',
    bound: { once: 2, perMin: 0.1 },
    of: ({ heapBytes }) => heapBytes / MIB,
  },
  {
    name: 'soak: resident memory',
    unit: 'MiB',
    bound: { once: 24, perMin: 0.5 },
    of: ({ rssBytes }) => rssBytes / MIB,
  },
]

function rowOf({ name, unit, bound, of }: Figure, taken: readonly Taken[]) {
  return {
    name,
    unit,
    judged: 'ours' as const,
    values: { ours: spread(taken.map(of)) },
    /** Growth a minute. */
    trend: trendOf(
      taken.map(each => ({ atMin: each.atMin, value: of(each) })),
      bound,
    ),
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
async function observe(
  { minutes, onProgress }: SoakOptions,
  ask: () => Promise<Sample>,
): Promise<readonly Taken[]> {
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
      onProgress(`minute ${nextShownMin}: heap ${heapMib} MiB, resident ${rssMib} MiB, ${sample.files} files`)
      nextShownMin++
    }
    await sleep(gapMs)
  }
  return taken
}

function reportOf(
  options: SoakOptions,
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
    minutes: options.minutes,
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
export async function benchSoak(options: SoakOptions): Promise<SoakReport> {
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
    const taken = await observe(options, ask)
    return reportOf(options, began, taken, load.counts)
  } finally {
    load?.close()
    stop.abort()
    await child.end()
    await writing
    await rm(folder, { recursive: true, force: true })
  }
}
