// One cycle, measured: parse → derive → build → board → publish, on a status that changes every time, in the real program.
//
// `baseline` has no outputs and no clients; `outputs` has the shipped ones: plain text, panel files, dossier, metrics and the
// HTTP server; `features` has ten connected clients in addition, in a process of their own. The program's own loop runs the
// cycles. What outputs do after the cycle (writing files) is not in its time but is in `cpu_ms_per_cycle`.
//
// Some 90 functions are compiled in the first few hundred cycles, on cores that the clients need too, so the 95th percentile of
// these is reported apart (`warmup_p95_ms`). Processor time within a cycle (`cycle_cpu_p95_ms`, all threads) holds when other
// programs use the machine; times do not.
//
// Between two cycles of a real program the processor does other things, and a cycle has to fetch its code and data again.
// `back_to_back` is what is left when one cycle follows another, as harnesses usually run them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as wait, setImmediate as yielded } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fileOutputs, screenOutput } from '../../src/app/outputs.js'
import { Program } from '../../src/app/program.js'
import { type Clock, systemClock } from '../../src/clock/clock.js'
import { MIN_CYCLE_GAP_MS } from '../../src/engine/loop.js'
import type { Source } from '../../src/engine/source.js'
import { silentLog } from '../../src/log/log.js'
import type { Reading, Status } from '../../src/snapshot/reading.js'
import { Child } from '../child.js'
import { benchDocuments, type Churn } from '../documents.js'
import { ALWAYS_REFRESH, loadedOf } from '../settings.js'
import { median, percentile } from '../stats.js'

export type CycleOptions = {
  /** Cycles before the measured ones, so that the code is compiled and caches are full. */
  readonly warmup: number
  readonly measure: number
  /** Percent of the panels that change in a cycle. */
  readonly churn: Churn
  readonly indices: number
  /** Puts the time of every measured cycle in the report. */
  readonly emitSamples?: boolean
}

const CLIENTS = 10
const CONNECT_MS = 60_000

/** The system's clock, which can be set forward, so that the loop is due for its next cycle without a wait. */
class ForwardClock implements Clock {
  #aheadMs = 0

  readonly nowMs = (): number => systemClock.nowMs() + this.#aheadMs
  readonly monotonicMs = (): number => systemClock.monotonicMs() + this.#aheadMs

  forward(ms: number): void {
    this.#aheadMs += ms
  }
}

/** A source that parses the text it is given, as the source of a file does: reading includes the cost of parsing. */
class ScriptedSource implements Source {
  readonly name = 'bench'
  #onReading: (reading: Reading) => void = () => {}
  #last: Reading | null = null

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
  }

  /** Runs one whole cycle, since the loop takes a reading at once; returns its time, ms. */
  give(text: string): number {
    const startMs = performance.now()
    const status = JSON.parse(text) as Status
    const nowMs = Date.now()
    this.#last = { ok: true, status, readAtMs: nowMs, modifiedAtMs: nowMs, sizeBytes: text.length }
    this.#onReading(this.#last)
    return performance.now() - startMs
  }

  /** Runs a cycle on the same document, as a tick does while nothing changes; returns its time, ms. */
  repeat(): number {
    if (this.#last === null) throw new Error('call give before repeat')
    const startMs = performance.now()
    this.#onReading(this.#last)
    return performance.now() - startMs
  }

  async refresh(): Promise<void> {}
  async close(): Promise<void> {}
}

function programFor(source: ScriptedSource, folder: string, hasOutputs: boolean, clock: Clock): Program {
  const loaded = loadedOf({
    G6_UNIFIED_HTTP_PORT: '0',
    G6_UNIFIED_HTTP: hasOutputs ? '1' : '0',
    G6_UNIFIED_METRICS: hasOutputs ? '1' : '0',
    G6_PANELS_DIR: join(folder, 'panels'),
    G6_SUMMARY_DOSSIER_PATH: join(folder, 'dossier.json'),
    G6_SUMMARY_REFRESH_SEC: '60',
    ...ALWAYS_REFRESH,
    G6_SSE_EVENTS_PER_SEC: '10000',
  })
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

async function connectClients(url: string): Promise<Child> {
  const script = fileURLToPath(new URL('../fanout/storm-client.js', import.meta.url))
  const args = ['--port', new URL(url).port, '--ctl', '1', '--path', '/summary/events', '--n', `${CLIENTS}`]
  const clients = new Child('the clients', [process.execPath, script, ...args])
  await clients.line(CONNECT_MS)
  return clients
}

function cpuMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}

/** A little more than the least time of the loop between two cycles. */
const GAP_MS = MIN_CYCLE_GAP_MS + 5

/** `pause`: between two cycles; by default as long as the loop needs. */
async function cycles(
  count: number,
  prepare: () => () => number,
  pause: () => Promise<unknown> = () => wait(GAP_MS),
) {
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

async function figures(options: CycleOptions, hasOutputs: boolean, hasClients: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'g6-bench-'))
  const source = new ScriptedSource()
  const clock = new ForwardClock()
  const program = programFor(source, folder, hasOutputs, clock)
  const documents = benchDocuments({ indices: options.indices, churnPct: options.churn, seed: 1 })
  const changing = () => {
    const text = JSON.stringify(documents.next())
    return () => source.give(text)
  }
  let clients: Child | null = null
  try {
    const [listening] = await program.start()
    changing()()
    if (listening !== undefined && hasClients) clients = await connectClients(listening.url)
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
      /** Processor time of all threads within a cycle. */
      cycle_cpu_p95_ms: percentile(changed.cpuMs, 0.95),
      warmup_p95_ms: warmup.wallMs.length === 0 ? null : percentile(warmup.wallMs, 0.95),
      updates_total: updates,
      panels_total: panels,
      updates_per_cycle_avg: updates / options.measure,
      hit_ratio: 1 - updates / panels,
      sse_enabled: hasOutputs,
      metrics_enabled: hasOutputs,
      clients: clients === null ? 0 : CLIENTS,
      /** Of the whole process, files and sockets included. */
      cpu_ms_per_cycle: cpuMs(cpu) / options.measure,
      unchanged_median_ms: median(unchanged.wallMs),
      /** With clients, every fifth of these cycles writes a heartbeat to each of them. */
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
    await clients?.end()
    await program.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

export type CycleFigures = Awaited<ReturnType<typeof figures>>

/** The interval of the loop to which the overhead is related, ms. */
const INTERVAL_MS = 1_000

export async function benchCycle(options: CycleOptions) {
  const baseline = await figures(options, false, false)
  const outputs = await figures(options, true, false)
  const features = await figures(options, true, true)
  const { samples_ms: _, ...flat } = features
  return {
    // The flat names are those of the run with everything on.
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
