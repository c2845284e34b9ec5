// History and recordings, measured: what near history adds to a cycle, what a minute costs the main thread, how fast a day is read, how
// large a day is, and a recording of the busy demo, with what recording adds. Near history is given boards of 512 numbers of which all change.
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { HandBoards, HandClock } from '../src/app/hand-boards.js'
import { linksOf, surroundingsOf } from '../src/app/panel-context.js'
import { record } from '../src/app/recorder.js'
import { checkRecording } from '../src/app/replay-check.js'
import { type Board, emptyBoard, nextBoard } from '../src/board/board.js'
import { systemClock } from '../src/clock/clock.js'
import type { CycleResult } from '../src/engine/cycle.js'
import type { Source } from '../src/engine/source.js'
import { createFarCalls } from '../src/history/far/calls.js'
import type { MinuteBatch } from '../src/history/far/messages.js'
import { NearHistory } from '../src/history/near.js'
import { silentLog } from '../src/log/log.js'
import { silentMetrics } from '../src/metrics/metrics.js'
import { makePanel } from '../src/panels/lines.js'
import { createScenario } from '../src/simulator/scenario.js'
import type { Reading, Status } from '../src/snapshot/reading.js'
import { loadedOf } from './settings.js'
import { median, percentile } from './stats.js'

const SERIES = 512
const WINDOW_SEC = 900
const HOUR_MINUTES = 60
const DAY_MINUTES = 1_440
const START_SEC = 1_800_000_000
const MIB = 1024 ** 2

export type HistoryOptions = {
  /** Minutes of the file; a day for the figures of a day. */
  readonly minutes: number
  /** Of the recording. */
  readonly recordSec: number
}

export const WHOLE: HistoryOptions = { minutes: DAY_MINUTES, recordSec: 3_600 }
export const QUICK: HistoryOptions = { minutes: 130, recordSec: 120 }

const idOf = (i: number): string => `table.row${Math.floor(i / 8)}.n${i % 8}`

/** A board whose numbers are all others. */
function boardOf(previous: Board, sec: number): Board {
  const facts = Object.fromEntries(
    Array.from({ length: SERIES / 8 }, (_, row) => [
      `row${row}`,
      Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`n${n}`, sec * 0.37 + row * 8 + n])),
    ]),
  )
  const panel = { ...makePanel('table', 'Table', [{ kind: 'text', text: `${sec}` }]), facts }
  return nextBoard(previous, [panel], sec, sec * 1000)
}

async function near(onMinute: (batch: MinuteBatch) => void) {
  let sec = START_SEC
  const history = new NearHistory({ nowMs: () => sec * 1000, onMinute })
  const source = { state: 'fresh', ageSec: 1, changedAtMs: 0, error: null, tooOld: false } as const
  // Nothing of the statistics is read.
  const rest = { snapshot: null, reading: null, source, stats: {} as CycleResult['stats'] }
  let board = emptyBoard('bench')
  const take = (): number => {
    sec++
    board = boardOf(board, sec)
    const startMs = performance.now()
    history.take({ board, ...rest })
    return performance.now() - startMs
  }
  globalThis.gc?.()
  const before = process.memoryUsage()
  for (let i = 0; i < WINDOW_SEC; i++) take()
  globalThis.gc?.()
  const after = process.memoryUsage()
  const times = Array.from({ length: WINDOW_SEC }, take)
  // At the end of a minute all series are read as well.
  const minutes = times.filter((_, i) => (sec - WINDOW_SEC + 1 + i) % 60 === 0)
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  return {
    cycle_p50_ms: median(times),
    cycle_p95_ms: percentile(times, 0.95),
    minute_end_p50_ms: median(minutes),
    memory_mb: bytes / 1e6,
    ring_mb: (SERIES * WINDOW_SEC * 8) / 1e6,
  }
}

async function far(folder: string, minutes: number) {
  const path = join(folder, 'history.db')
  const calls = createFarCalls({ path, maxBytes: 1024 * MIB })
  await calls.call({ do: 'open', fromMinute: 0 })
  const first = Math.floor(START_SEC / 3_600) * HOUR_MINUTES
  const ids = Array.from({ length: SERIES }, (_, i) => idOf(i))
  const blocked: number[] = []
  const written: number[] = []
  for (let i = 0; i < minutes; i++) {
    const numbers = Float64Array.from({ length: SERIES * 4 }, (_, n) => (n % 4 === 3 ? 60 : i * 0.37 + n))
    const startMs = performance.now()
    const done = calls.call({
      do: 'write',
      minutes: [{ minute: first + i, ids, numbers }],
      verdicts: [],
      oldest: null,
    })
    blocked.push(performance.now() - startMs)
    await done
    written.push(performance.now() - startMs)
  }
  const reads: number[] = []
  for (let i = 0; i < 20; i++) {
    const startMs = performance.now()
    await calls.call({ do: 'read', ids: [idOf(i * 7)], fromMinute: first, stepMinutes: 1, steps: minutes })
    reads.push(performance.now() - startMs)
  }
  await calls.call({ do: 'close' })
  await calls.end()
  const { size } = await stat(path)
  return {
    minutes,
    minute_write_blocks_p50_ms: median(blocked),
    minute_write_blocks_p95_ms: percentile(blocked, 0.95),
    minute_written_p50_ms: median(written),
    hour_packed_max_ms: Math.max(...written),
    read_of_all_p50_ms: median(reads),
    read_of_all_max_ms: Math.max(...reads),
    mb_a_day: (size / 1e6) * (DAY_MINUTES / minutes),
  }
}

async function recording(folder: string, seconds: number) {
  const path = join(folder, 'run.g6rec')
  const { config } = loadedOf({})
  const clock = new HandClock()
  const base = { settings: () => config, metrics: silentMetrics(), log: silentLog, panels: [] }
  const parts = { config, ...base, boardFile: () => null }
  const indices = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX']
  const more = { shape: 'both', scenario: 'busy', openMarket: true, withAnalytics: true } as const
  const scenario = createScenario({ seed: 7, indices, intervalSec: 60, ...more })
  const stop = new AbortController()
  // The same boards without a recorder, in turn before and after: what is more is the recorder.
  const bare = new HandBoards(
    'status.json',
    { ...parts, clock },
    surroundingsOf(config, linksOf({ metricsUrl: null, publicUrl: null }, 'status.json')),
    'bare',
  )
  const spent: number[] = []
  const added: number[] = []
  const ticks: (() => void)[] = []
  const timed = (run: () => void): number => {
    const startMs = performance.now()
    run()
    return performance.now() - startMs
  }
  const source: Source = {
    name: 'status.json',
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
    start: onReading => void play(onReading),
  }
  async function play(onReading: (reading: Reading) => void): Promise<void> {
    let status: Status = {}
    for (let n = 0; n < seconds; n++) {
      clock.wallMs = START_SEC * 1000 + n * 1000
      clock.steadyMs = n * 1000
      const step = scenario.step(n, clock.wallMs)
      if (step.kind === 'document') status = JSON.parse(JSON.stringify(step.document))
      const times = { readAtMs: clock.wallMs, modifiedAtMs: clock.wallMs }
      const reading: Reading = { ok: true, status, sizeBytes: 1_000, ...times }
      const recorded = () => {
        onReading(reading)
        // The second is over: what waits is packed and written.
        for (const tick of ticks.splice(0)) tick()
      }
      const without = () => void bare.next({ reading, at: clock.wallMs, steady: clock.steadyMs })
      const isFirst = n % 2 === 0
      const firstMs = timed(isFirst ? recorded : without)
      const thenMs = timed(isFirst ? without : recorded)
      spent.push(isFirst ? firstMs : thenMs)
      added.push(isFirst ? firstMs - thenMs : thenMs - firstMs)
      // The disk and the packing, which are not the main thread's.
      await new Promise(resolve => setImmediate(resolve))
    }
    stop.abort()
  }
  const timers = {
    after: (ms: number, run: () => void) => {
      if (ms === 1_000) ticks.push(run)
      return () => {}
    },
  }
  const options = { path, maxBytes: 1e9, maxMs: 1e9, omit: [], signal: stop.signal, timers }
  await record(source, { ...parts, clock }, options)
  const startMs = performance.now()
  const { readings, differing } = await checkRecording(path, { ...parts, clock: systemClock })
  return {
    seconds,
    bytes_a_change: (await stat(path)).size / readings,
    // With the boards, which the recorder builds as a server does.
    reading_with_board_p50_ms: median(spent),
    recorder_p50_ms: median(added),
    recorder_p95_ms: percentile(added, 0.95),
    replayed_ms: performance.now() - startMs,
    boards_differing: differing,
  }
}

export async function benchHistory({ minutes, recordSec }: HistoryOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'g6-bench-history-'))
  try {
    return {
      series: SERIES,
      near: await near(() => {}),
      far: await far(folder, minutes),
      recording: await recording(folder, recordSec),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
