import { describe, expect, test } from 'vitest'
import { type LagState, NO_LAG, stepLag, watchLag } from './lag.js'

/** Samples a second apart; the seconds at which streams were shed, and at which new ones were refused. */
function run(lags: readonly number[], limitMs = 1_000): { refused: number[]; shed: number[] } {
  let state: LagState = NO_LAG
  const refused: number[] = []
  const shed: number[] = []
  lags.forEach((lagMs, i) => {
    const step = stepLag(state, lagMs, limitMs, (i + 1) * 1_000, 1_000)
    state = step.state
    if (state.refusing) refused.push(i + 1)
    if (step.shed) shed.push(i + 1)
  })
  return { refused, shed }
}
const lagging = (seconds: number): number[] => Array<number>(seconds).fill(1_500)

describe('shedding', () => {
  test('refuses new streams after 5 s of lag and stops when the lag does', () => {
    expect(run([...lagging(6), 200, 1_500])).toEqual({ refused: [5, 6], shed: [] })
  })
  test('does nothing about a lag that ends in between', () => {
    expect(run([...lagging(4), 1_000, ...lagging(4)])).toEqual({ refused: [], shed: [] })
  })
  test('ends streams after 15 s, and once more after each further 15 s', () => {
    expect(run(lagging(46)).shed).toEqual([15, 30, 45])
  })
  test('ends them once for one long stop of the loop', () => {
    const step = stepLag(NO_LAG, 40_000, 1_000, 40_000, 40_000)
    expect(step.shed).toBe(true)
    const after = stepLag(step.state, 1_500, 1_000, 41_000, 1_000)
    expect(after.shed).toBe(false)
    expect(stepLag(after.state, 1_500, 1_000, 44_999, 3_999).shed).toBe(false)
    expect(stepLag(after.state, 1_500, 1_000, 45_000, 4_000).shed).toBe(true)
  })
  test('never happens with a limit of 0', () => {
    expect(run(lagging(60), 0)).toEqual({ refused: [], shed: [] })
  })
})

describe('the monitor', () => {
  test('samples once a second, acts on what it sees, and stops', () => {
    let tick: () => void = () => {}
    let nowMs = 70_000
    let worstMs = 1_000
    let count = 0
    const stopped: string[] = []
    const monitor = watchLag({
      limitMs: () => 1_000,
      shed: () => {
        count += 1
      },
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      gauge: { takeWorstMs: () => worstMs, stop: () => stopped.push('gauge') },
      every: (ms, run) => {
        expect(ms).toBe(1_000)
        tick = run
        return () => stopped.push('timer')
      },
    })
    const nextSecond = (): void => {
      nowMs += 1_000
      tick()
    }
    nextSecond()
    nextSecond()
    worstMs = 2_000
    for (let i = 0; i < 15; i++) {
      expect(monitor.refusing()).toBe(i >= 5)
      nextSecond()
    }
    expect(count).toBe(1)
    monitor.stop()
    expect(stopped).toEqual(['timer', 'gauge'])
  })
})
