// One cycle, measured: parse → derive → build → board → publish, on a status that changes every time, in the real program.
//
// `baseline` has no outputs and no clients; `features` has plain text, panel files, dossier, metrics, the HTTP server and ten
// connected clients (in a process of their own). Cycles are the loop's own: nothing is called around it. What outputs do
// after the cycle, beside the loop (writing files), is not in a cycle's time but is in `cpu_ms_per_cycle`.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fileOutputs, screenOutput } from '../../src/app/outputs.js'
import { Program } from '../../src/app/program.js'
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
  readonly unchanged_p95_ms: number
  readonly samples_ms?: readonly number[]
}

function programFor(source: ScriptedSource, folder: string, features: boolean): Program {
  const loaded = loadConfig({
    env: {},
    flags: {
      G6_UNIFIED_HTTP_PORT: '0',
      G6_UNIFIED_HTTP: features ? '1' : '0',
      G6_UNIFIED_METRICS: features ? '1' : '0',
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
    outputs: parts => (features ? [...screenOutput(parts, 'plain', nowhere), ...fileOutputs(parts)] : []),
    log: silentLog,
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

/** The program's own pace: never sooner after the last cycle than the loop allows. */
async function cycles(count: number, prepare: () => () => number): Promise<number[]> {
  const samples: number[] = []
  for (let i = 0; i < count; i++) {
    const run = prepare()
    await wait(MIN_CYCLE_GAP_MS + 5)
    samples.push(run())
  }
  return samples
}

async function figures(options: CycleOptions, features: boolean): Promise<CycleFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-bench-'))
  const source = new ScriptedSource()
  const program = programFor(source, folder, features)
  const documents = benchDocuments({ indices: options.indices, churnPct: options.churnPct, seed: 1 })
  const changing = () => {
    const text = JSON.stringify(documents.next())
    return () => source.give(text)
  }
  let clients: ChildProcess | null = null
  try {
    const [listening] = await program.start()
    changing()()
    if (listening !== undefined) {
      clients = startClients(listening.url)
      await ready(clients)
    }
    await cycles(options.warmup, changing)
    const before = program.loop.statistics.snapshot(0)
    const cpuBefore = process.cpuUsage()
    const samples = await cycles(options.measure, changing)
    const cpu = process.cpuUsage(cpuBefore)
    const after = program.loop.statistics.snapshot(0)
    const unchanged = await cycles(Math.min(100, options.measure), () => () => source.repeat())
    const panels = (program.loop.latest?.board.panels.size ?? 0) * options.measure
    const updates = after.totalPanelUpdates - before.totalPanelUpdates
    return {
      cycles: options.measure,
      warmup: options.warmup,
      mean_ms: samples.reduce((a, b) => a + b, 0) / samples.length,
      median_ms: median(samples),
      p95_ms: percentile(samples, 0.95),
      max_ms: Math.max(...samples),
      updates_total: updates,
      panels_total: panels,
      updates_per_cycle_avg: updates / options.measure,
      hit_ratio: 1 - updates / panels,
      sse_enabled: features,
      metrics_enabled: features,
      clients: clients === null ? 0 : CLIENTS,
      cpu_ms_per_cycle: (cpu.user + cpu.system) / 1000 / options.measure,
      unchanged_p95_ms: percentile(unchanged, 0.95),
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
  const baseline = await figures(options, false)
  const features = await figures(options, true)
  const { samples_ms: _, ...flat } = features
  return {
    // The documents' flat names are those of the run with everything on.
    ...flat,
    baseline,
    features,
    overhead: {
      cycle_pct_of_interval: ((features.mean_ms - baseline.mean_ms) / INTERVAL_MS) * 100,
      cpu_pct_of_interval: ((features.cpu_ms_per_cycle - baseline.cpu_ms_per_cycle) / INTERVAL_MS) * 100,
      cycle_ratio: features.median_ms / baseline.median_ms,
    },
  }
}
