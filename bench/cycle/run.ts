// One cycle, measured: parse → derive → build → board → publish, on a status that changes every time, in the real program.
//
// `baseline` has no outputs and no clients; `outputs` has what is shipped: plain text, panel files, dossier, metrics and the
// HTTP server; `features` has ten connected clients besides (in a process of their own). Cycles are the loop's own: nothing is
// called around it. What outputs do after the cycle, beside the loop (writing files), is not in a cycle's time but is in
// `cpu_ms_per_cycle`.
//
// Some 90 functions of a cycle are compiled in its first few hundred turns, beside it, on cores that the clients need too: the
// 95th percentile of those turns is the compiler's, and is told apart (`warmup_p95_ms`). Processor time within a cycle
// (`cycle_cpu_p95_ms`, all threads) stays what it is while others are at work on the machine; times do not.
//
// Between two cycles of a real program the processor has done other things, and a cycle costs what it takes to fetch its code
// and data again. `back_to_back` is what is left when cycles follow one another, as harnesses usually run them.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as wait, setImmediate as yielded } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fileOutputs, screenOutput } from '../../src/app/outputs.js'
import { Program } from '../../src/app/program.js'
import { type Clock, systemClock } from '../../src/clock/clock.js'
import { loadConfig } from '../../src/config/load.js'
import { MIN_CYCLE_GAP_MS } from '../../src/engine/loop.js'
import { silentLog } from '../../src/log/log.js'
import { benchDocuments } from '../documents.js'
import { median, percentile } from '../stats.js'
import type { CycleOptions } from './options.js'
import { ScriptedSource } from './scripted-source.js'

const CLIENTS = 10

export type CycleFigures = {
  readonly cycles: number
  readonly warmup: number
  readonly mean_ms: number
  readonly median_ms: number
  readonly p95_ms: number
  readonly max_ms: number
  /** Processor time of all threads within a cycle. */
  readonly cycle_cpu_p95_ms: number
  /** Of the cycles before counting; null when there were none. */
  readonly warmup_p95_ms: number | null
  readonly updates_total: number
  readonly panels_total: number
  readonly updates_per_cycle_avg: number
  readonly hit_ratio: number
  readonly sse_enabled: boolean
  readonly metrics_enabled: boolean
  readonly clients: number
  /** CPU of the whole process per cycle, files and clients' sockets included. */
  readonly cpu_ms_per_cycle: number
  /** A cycle in which nothing changed. */
  readonly unchanged_median_ms: number
  /** With clients, every fifth of these cycles writes a heartbeat to each of them. */
  readonly unchanged_p95_ms: number
  readonly unchanged_cycle_cpu_p95_ms: number
  /** Cycles one after the other. */
  readonly back_to_back: {
    readonly median_ms: number
    readonly p95_ms: number
    readonly unchanged_median_ms: number
    readonly unchanged_p95_ms: number
  }
  readonly samples_ms?: readonly number[]
}

/** The system's clock, which can be put forward: a loop need not be waited for until it is ready for the next cycle. */
class ForwardClock implements Clock {
  #aheadMs = 0

  readonly nowMs = (): number => systemClock.nowMs() + this.#aheadMs
  readonly monotonicMs = (): number => systemClock.monotonicMs() + this.#aheadMs

  forward(ms: number): void {
    this.#aheadMs += ms
  }
}

function programFor(source: ScriptedSource, folder: string, hasOutputs: boolean, clock: Clock): Program {
  const loaded = loadConfig({
    env: {},
    flags: {
      G6_UNIFIED_HTTP_PORT: '0',
      G6_UNIFIED_HTTP: hasOutputs ? '1' : '0',
      G6_UNIFIED_METRICS: hasOutputs ? '1' : '0',
      G6_PANELS_DIR: join(folder, 'panels'),
      G6_SUMMARY_DOSSIER_PATH: join(folder, 'dossier.json'),
      G6_SUMMARY_REFRESH_SEC: '60',
      // What changes rarely by design would hide the cost of changing.
      G6_SUMMARY_META_REFRESH_SEC: '0.02',
      G6_SUMMARY_RES_REFRESH_SEC: '0.02',
      G6_SSE_EVENTS_PER_SEC: '10000',
    },
  })
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  return new Program({
    loaded,
    command: 'dashboard',
    source,
    outputs: parts => (hasOutputs ? [...screenOutput(parts, 'plain', nowhere), ...fileOutputs(parts)] : []),
    log: silentLog,
    clock,
  })
}

function startClients(url: string): ChildProcess {
  const script = fileURLToPath(new URL('../sse/idle-clients.js', import.meta.url))
  return spawn(process.execPath, [script, `${url}/summary/events`, String(CLIENTS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('exit', code => reject(new Error(`the clients ended with ${code} before they were connected`)))
  })
}

type Samples = { readonly wallMs: readonly number[]; readonly cpuMs: readonly number[] }

function cpuMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}

/** A little more than the loop wants between two cycles. */
const GAP_MS = MIN_CYCLE_GAP_MS + 5

/** `pause`: between two cycles; without it the program's own pace, never sooner after the last than the loop allows. */
async function cycles(
  count: number,
  prepare: () => () => number,
  pause: () => Promise<unknown> = () => wait(GAP_MS),
): Promise<Samples> {
  const samples = { wallMs: [] as number[], cpuMs: [] as number[] }
  for (let i = 0; i < count; i++) {
    const run = prepare()
    await pause()
    const before = process.cpuUsage()
    samples.wallMs.push(run())
    samples.cpuMs.push(cpuMs(process.cpuUsage(before)))
  }
  return samples
}

/** What a program has beside its loop. */
type Equipment = { readonly outputs: boolean; readonly clients: boolean }

async function figures(options: CycleOptions, equipment: Equipment): Promise<CycleFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-bench-'))
  const source = new ScriptedSource()
  const clock = new ForwardClock()
  const program = programFor(source, folder, equipment.outputs, clock)
  const documents = benchDocuments({ indices: options.indices, churnPct: options.churnPct, seed: 1 })
  const changing = () => {
    const text = JSON.stringify(documents.next())
    return () => source.give(text)
  }
  let clients: ChildProcess | null = null
  try {
    const [listening] = await program.start()
    changing()()
    if (listening !== undefined && equipment.clients) {
      clients = startClients(listening.url)
      await ready(clients)
    }
    const warmup = await cycles(options.warmup, changing)
    const before = program.loop.statistics.snapshot(0)
    const cpuBefore = process.cpuUsage()
    const changed = await cycles(options.measure, changing)
    const samples = changed.wallMs
    const cpu = process.cpuUsage(cpuBefore)
    const after = program.loop.statistics.snapshot(0)
    const repeated = () => () => source.repeat()
    const unchanged = await cycles(Math.min(100, options.measure), repeated)
    const atOnce = () => {
      clock.forward(GAP_MS)
      return yielded()
    }
    const hot = await cycles(options.measure, changing, atOnce)
    const hotUnchanged = await cycles(options.measure, repeated, atOnce)
    const panels = (program.loop.latest?.board.panels.size ?? 0) * options.measure
    const updates = after.totalPanelUpdates - before.totalPanelUpdates
    return {
      cycles: options.measure,
      warmup: options.warmup,
      mean_ms: samples.reduce((a, b) => a + b, 0) / samples.length,
      median_ms: median(samples),
      p95_ms: percentile(samples, 0.95),
      max_ms: Math.max(...samples),
      cycle_cpu_p95_ms: percentile(changed.cpuMs, 0.95),
      warmup_p95_ms: warmup.wallMs.length === 0 ? null : percentile(warmup.wallMs, 0.95),
      updates_total: updates,
      panels_total: panels,
      updates_per_cycle_avg: updates / options.measure,
      hit_ratio: 1 - updates / panels,
      sse_enabled: equipment.outputs,
      metrics_enabled: equipment.outputs,
      clients: clients === null ? 0 : CLIENTS,
      cpu_ms_per_cycle: cpuMs(cpu) / options.measure,
      unchanged_median_ms: median(unchanged.wallMs),
      unchanged_p95_ms: percentile(unchanged.wallMs, 0.95),
      unchanged_cycle_cpu_p95_ms: percentile(unchanged.cpuMs, 0.95),
      back_to_back: {
        median_ms: median(hot.wallMs),
        p95_ms: percentile(hot.wallMs, 0.95),
        unchanged_median_ms: median(hotUnchanged.wallMs),
        unchanged_p95_ms: percentile(hotUnchanged.wallMs, 0.95),
      },
      ...(options.emitSamples ? { samples_ms: samples } : {}),
    }
  } finally {
    clients?.kill()
    await program.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The interval of the loop the overhead is compared with, ms. */
const INTERVAL_MS = 1_000

export async function benchCycle(options: CycleOptions) {
  const baseline = await figures(options, { outputs: false, clients: false })
  const outputs = await figures(options, { outputs: true, clients: false })
  const features = await figures(options, { outputs: true, clients: true })
  const { samples_ms: _, ...flat } = features
  return {
    // The documents' flat names are those of the run with everything on.
    ...flat,
    baseline,
    outputs,
    features,
    overhead: {
      cycle_pct_of_interval: ((features.mean_ms - baseline.mean_ms) / INTERVAL_MS) * 100,
      cpu_pct_of_interval: ((features.cpu_ms_per_cycle - baseline.cpu_ms_per_cycle) / INTERVAL_MS) * 100,
      cycle_ratio: features.median_ms / baseline.median_ms,
    },
  }
}
