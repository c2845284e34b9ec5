import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { textPanel } from '../../test/support/boards.js'
import { derive } from '../snapshot/derive.js'
import type { Reading, Status } from '../snapshot/reading.js'
import type { CycleResult, Output } from './cycle.js'
import { Loop, type LoopOptions } from './loop.js'
import { StatusBoards, type StatusBoardsOptions } from './status-boards.js'

class ScriptedSource {
  readonly name = 'scripted'
  closed = false
  #onReading: (reading: Reading) => void = () => {}
  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
  }
  good(status: Status): void {
    this.#onReading({ ok: true, status, readAtMs: Date.now(), modifiedAtMs: Date.now(), sizeBytes: 10 })
  }
  bad(error: 'missing' | 'not_json'): void {
    this.#onReading({ ok: false, error, message: `it is ${error}`, readAtMs: Date.now() })
  }
  refresh = () => Promise.resolve()
  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

function recorder(name = 'recorder') {
  const results: CycleResult[] = []
  const output: Output = {
    name,
    inCycle: true,
    publish: result => void results.push(result),
    close: () => Promise.resolve(),
  }
  return { output, results }
}

const loops: Loop[] = []
type Options = StatusBoardsOptions & Omit<LoopOptions, 'boards'>
function loopOver(source: ScriptedSource, outputs: Output[], given: Partial<Options> = {}): Loop {
  const options: Options = {
    epoch: 'e1',
    source,
    outputs,
    derive: ({ status }) => derive(status),
    build: snapshot => [textPanel('a', String(snapshot.raw.a)), textPanel('b', String(snapshot.raw.b))],
    refreshMs: () => 1_000,
    staleLimits: () => ({ warnSec: 60, errorSec: 180 }),
    churnWarnRatio: () => 0.4,
    panelEveryMs: () => 0,
    timezone: () => 'UTC',
    clock: { nowMs: () => Date.now(), monotonicMs: () => Date.now() },
    ...given,
  }
  const loop = new Loop({ ...options, boards: new StatusBoards(options) })
  loops.push(loop)
  loop.start()
  return loop
}

const BEGIN_MS = 1_000_000

beforeEach(() => void vi.useFakeTimers({ now: BEGIN_MS }))
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('the loop', () => {
  test('runs its first cycle with the first reading and then one every refresh', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    vi.advanceTimersByTime(5_000)
    expect(results).toHaveLength(0)
    source.good({ a: 1 })
    vi.advanceTimersByTime(3_500)
    expect(results.map(({ board }) => board.cycle)).toEqual([1, 2, 3, 4])
    expect(results.map(({ board }) => board.generation)).toEqual([1, 1, 1, 1])
  })

  test('runs a cycle at once on a change, at most one per 20 ms, and misses none', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    source.good({ a: 1 })
    vi.advanceTimersByTime(100)
    for (let i = 2; i <= 9; i++) source.good({ a: i })
    expect(results).toHaveLength(2)
    vi.advanceTimersByTime(20)
    expect(results).toHaveLength(3)
    expect(results.at(-1)?.board.panels.get('a')?.lines).toEqual(['9'])
  })

  test('does not delay a change because of a tick just before it', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    source.good({ a: 1 })
    vi.advanceTimersByTime(1_005)
    expect(results).toHaveLength(2)
    source.good({ a: 2 })
    expect(results).toHaveLength(3)
  })

  test('delays a change after another one, even when a tick has shown that already', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output], { refreshMs: () => 15 })
    source.good({ a: 1 })
    vi.advanceTimersByTime(30)
    source.good({ a: 2 })
    source.good({ a: 3 })
    vi.advanceTimersByTime(15)
    expect(results).toHaveLength(5)
    source.good({ a: 4 })
    expect(results).toHaveLength(5)
    vi.advanceTimersByTime(20)
    expect(results.at(-1)?.board.panels.get('a')?.lines).toEqual(['4'])
  })

  test('keeps the grid when a cycle is late, and counts what it missed', () => {
    const source = new ScriptedSource()
    const seen: number[] = []
    const output: Output = {
      name: 'slow once',
      inCycle: true,
      publish: () => {
        seen.push(Date.now() - 1_000_000)
        if (seen.length === 2) vi.setSystemTime(Date.now() + 2_300)
      },
      close: () => Promise.resolve(),
    }
    const loop = loopOver(source, [output])
    source.good({ a: 1 })
    vi.advanceTimersByTime(1_000)
    vi.advanceTimersByTime(700)
    expect(seen).toEqual([0, 1_000, 4_000])
    expect(loop.statistics.snapshot(0).missedTicks).toBe(2)
  })

  test('keeps the last good board when a reading fails, shows why and its age, and recovers', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    source.good({ a: 1 })
    vi.advanceTimersByTime(4_500)
    source.bad('not_json')
    expect(results.at(-1)).toMatchObject({
      source: { state: 'not_json', ageSec: 4.5, error: 'it is not_json' },
      board: { generation: 1 },
    })
    expect(results.at(-1)?.board.panels.get('a')?.lines).toEqual(['1'])
    vi.advanceTimersByTime(100)
    source.good({ a: 2 })
    expect(results.at(-1)).toMatchObject({
      source: { state: 'fresh', error: null },
      board: { generation: 2 },
    })
  })

  test('gives each board the verdict of that moment, the same object while it is equal', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    source.good({ a: 1 })
    vi.advanceTimersByTime(5_000)
    const calm = results.map(({ board }) => board.verdict)
    expect(calm[0]).toEqual({
      word: 'unknown',
      reasons: ['nothing here says how it is'],
      since: BEGIN_MS,
    })
    expect(new Set(calm).size).toBe(1)
    vi.advanceTimersByTime(60_000)
    expect(results.at(-1)?.board.verdict).toEqual({
      word: 'attention',
      reasons: ['stale, last 00:16'],
      since: BEGIN_MS + 61_000,
    })
    expect(results.at(-1)?.board.generation).toBe(1)
  })

  test('shows since when prices are stuck in an open market, until one changes', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const staleLimits = () => ({ warnSec: 60, errorSec: 180, unchangedSec: 600 })
    const loop = loopOver(source, [output], { staleLimits })
    const tick = (ltp: number) => {
      source.good({ market_open: true, indices: { A: { ltp, status: 'ok' } } })
      vi.advanceTimersByTime(30_000)
    }
    for (let i = 0; i <= 20; i++) tick(5)
    expect(loop.verdictNow()).toMatchObject({ word: 'attention', reasons: ['prices unchanged since 00:16'] })
    const { generation } = results.at(-1)?.board ?? {}
    vi.advanceTimersByTime(5_000)
    expect(results.at(-1)?.board.generation).toBe(generation)
    tick(6)
    expect(loop.sourceNow().unchanged).toBe(undefined)
  })

  test('takes the age of a document from the document, not from the start of the program', () => {
    vi.setSystemTime(Date.UTC(2026, 10, 29))
    const source = new ScriptedSource()
    const loop = loopOver(source, [])
    source.good({ generated_at: new Date(Date.now() - 300_000).toISOString() })
    expect(loop.sourceNow()).toMatchObject({ state: 'stale', ageSec: 300, tooOld: true })
    vi.advanceTimersByTime(100)
    source.good({ generated_at: new Date(Date.now() + 300_000).toISOString() })
    expect(loop.sourceNow()).toMatchObject({ state: 'fresh', ageSec: 0 })
  })

  test('shows stale when the status stopped changing', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const loop = loopOver(source, [output])
    source.good({ a: 1 })
    vi.advanceTimersByTime(62_000)
    expect(results.at(-1)?.source).toMatchObject({ state: 'stale', tooOld: false })
    vi.advanceTimersByTime(120_000)
    expect(loop.sourceNow()).toMatchObject({ state: 'stale', tooOld: true })
  })

  test('has no board before the first good reading', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    source.bad('missing')
    expect(results[0]).toMatchObject({
      board: { generation: 0 },
      snapshot: null,
      source: { state: 'missing' },
    })
    source.good({})
    vi.advanceTimersByTime(20)
    expect(results.at(-1)?.board.generation).toBe(1)
  })

  test('begins a new interval with each change, and keeps the grid while there is none', () => {
    const source = new ScriptedSource()
    const seen: number[] = []
    const { output } = recorder()
    loopOver(source, [{ ...output, publish: () => void seen.push(Date.now() - 1_000_000) }])
    source.good({ a: 1 })
    vi.advanceTimersByTime(1_400)
    source.good({ a: 2 })
    vi.advanceTimersByTime(2_500)
    source.bad('not_json')
    vi.advanceTimersByTime(1_000)
    expect(seen).toEqual([0, 1_000, 1_400, 2_400, 3_400, 3_900, 4_900])
  })

  /** The moments of the cycles and the end of a loop over 20 intervals of half a second. */
  async function endOver(writeEveryMs: number) {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const loop = loopOver(source, [output], { maxCycles: 20, refreshMs: () => 500 })
    const startMs = Date.now()
    let endedMs: number | null = null
    void loop.finished.then(() => {
      endedMs = Date.now() - startMs
    })
    for (let ms = 0; ms < 15_000; ms++) {
      if (ms % writeEveryMs === 0) source.good({ a: ms })
      await vi.advanceTimersByTimeAsync(1)
    }
    return { endedMs, cycles: results.length, closed: source.closed }
  }

  test('ends by itself after a number of intervals, also with a busy writer', async () => {
    expect(await endOver(20_000)).toMatchObject({ endedMs: 9_500, cycles: 20, closed: true })
    for (const everyMs of [7, 100, 333, 501, 730, 4_000]) {
      expect(await endOver(everyMs), `writes every ${everyMs} ms`).toMatchObject({ endedMs: 9_500 })
    }
  })

  test('shows the configured number of cycles, also when some come late', async () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const late: Output = { ...output, publish: () => void vi.setSystemTime(Date.now() + 2_300) }
    const loop = loopOver(source, [late, output], { maxCycles: 3 })
    source.good({})
    vi.advanceTimersByTime(20_000)
    expect(await loop.finished).toBe('cycles')
    expect(results).toHaveLength(3)
  })

  test('ends by itself after one cycle, or after a time', async () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const loop = loopOver(source, [output], { maxCycles: 1 })
    source.good({})
    expect(await loop.finished).toBe('cycles')
    expect(results).toHaveLength(1)
    expect(source.closed).toBe(true)
    const timed = loopOver(new ScriptedSource(), [], { maxMs: 3_000 })
    vi.advanceTimersByTime(3_000)
    expect(await timed.finished).toBe('seconds')
  })

  test('runs for the configured time, also for months', async () => {
    const dayMs = 86_400_000
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const loop = loopOver(source, [output], { maxMs: 60 * dayMs, refreshMs: () => dayMs })
    source.good({})
    vi.advanceTimersByTime(60 * dayMs - 1)
    expect(results.length).toBeGreaterThan(59)
    vi.advanceTimersByTime(1)
    expect(await loop.finished).toBe('seconds')
  })

  test('leaves no timer when an output stops it in the cycle', async () => {
    const source = new ScriptedSource()
    const { output } = recorder()
    const loop: Loop = loopOver(source, [{ ...output, publish: () => void loop.stop() }])
    source.good({ a: 1 })
    expect(await loop.finished).toBe('stopped')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not start after it was stopped', async () => {
    const source = new ScriptedSource()
    const start = vi.spyOn(source, 'start')
    const loop = loopOver(source, [])
    await loop.stop()
    loop.start()
    expect(start).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an output that throws is reported and stops no other', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const onOutputFailed = vi.fn()
    const thrower: Output = {
      name: 'thrower',
      inCycle: true,
      publish: () => {
        throw new Error('no')
      },
      close: () => Promise.resolve(),
    }
    loopOver(source, [thrower, output], { observer: { onOutputFailed } })
    source.good({})
    vi.advanceTimersByTime(1_000)
    expect(results).toHaveLength(2)
    expect(onOutputFailed).toHaveBeenCalledTimes(2)
    expect(onOutputFailed.mock.calls[0]?.[0]).toBe('thrower')
  })

  test('an output that is not in the cycle gets every result right after it, and the last one before the end', async () => {
    const source = new ScriptedSource()
    const order: string[] = []
    const logging = (name: string, inCycle: boolean): Output => ({
      name,
      inCycle,
      publish: ({ board }) => void order.push(`${name} ${board.cycle}`),
      close: () => Promise.resolve(),
    })
    const observer = { onCycle: ({ board }: CycleResult) => order.push(`cycle ${board.cycle}`) }
    const loop = loopOver(source, [logging('after', false), logging('in', true)], { observer })
    source.good({ a: 1 })
    expect(order).toEqual(['in 1', 'cycle 1'])
    vi.setSystemTime(Date.now() + 20)
    source.good({ a: 2 })
    expect(order.slice(2)).toEqual(['in 2', 'after 1', 'cycle 2'])
    await loop.stop()
    expect(order.slice(5)).toEqual(['after 2'])
  })

  test('a slow output gets only the newest result when it is ready again', async () => {
    const source = new ScriptedSource()
    const cycles: number[] = []
    let release: () => void = () => {}
    const slow: Output = {
      name: 'slow',
      publish: result => {
        cycles.push(result.board.cycle)
        return new Promise(resolve => {
          release = resolve
        })
      },
      close: () => Promise.resolve(),
    }
    loopOver(source, [slow])
    source.good({})
    vi.advanceTimersByTime(5_000)
    // After the last cycle.
    vi.advanceTimersByTime(1)
    expect(cycles).toEqual([1])
    release()
    await vi.advanceTimersByTimeAsync(0)
    expect(cycles).toEqual([1, 6])
    release()
  })

  test('a panel with a least time between changes keeps what it shows, and then takes the newest', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output], { panelEveryMs: key => (key === 'b' ? 15_000 : 0) })
    source.good({ a: 0, b: 0 })
    for (let i = 1; i <= 16; i++) {
      vi.advanceTimersByTime(1_000)
      source.good({ a: i, b: i })
    }
    vi.advanceTimersByTime(100)
    const shown = results.map(({ board }) => board.panels.get('b')?.lines[0])
    expect([...new Set(shown)]).toEqual(['0', '14'])
    expect(results.at(-1)?.board.panels.get('a')?.lines).toEqual(['16'])
  })

  test('counts hits by panels, updates and churn', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    loopOver(source, [output])
    source.good({ a: 1, b: 1 })
    expect(results[0]?.stats).toMatchObject({ hitRatio: null, lastCycleUpdates: 0, churnRatio: 0 })
    vi.advanceTimersByTime(1_900)
    source.good({ a: 2, b: 1 })
    vi.advanceTimersByTime(20)
    const stats = results.at(-1)?.stats
    expect(stats).toMatchObject({
      hitRatio: 0.75,
      hitRatio5m: 0.75,
      totalPanelUpdates: 1,
      churnRatio: 0.5,
      highChurnStreak: 1,
      churnAnomalies: 1,
    })
  })

  test('an error while building keeps the last board and is reported', () => {
    const source = new ScriptedSource()
    const { output, results } = recorder()
    const onFault = vi.fn()
    const build: Options['build'] = snapshot => {
      if (snapshot.raw.a === 2) throw new Error('broken')
      return [textPanel('a', '1')]
    }
    loopOver(source, [output], { observer: { onFault }, build })
    source.good({ a: 1 })
    vi.advanceTimersByTime(100)
    source.good({ a: 2 })
    expect(onFault).toHaveBeenCalledTimes(1)
    expect(results.at(-1)?.board.panels.get('a')?.lines).toEqual(['1'])
  })
})
