import { describe, expect, test } from 'vitest'
import { type LagState, NO_LAG, stepLag } from './lag.js'
import { watchLag } from './lag-monitor.js'

/** Samples a second apart; the second of each at which readers were sent away, and when streams were refused. */
function run(lags: readonly number[], limitMs = 1_000): { refused: number[]; sentAway: number[] } {
  let state: LagState = NO_LAG
  const refused: number[] = []
  const sentAway: number[] = []
  lags.forEach((lagMs, i) => {
    const step = stepLag(state, lagMs, limitMs, (i + 1) * 1_000, 1_000)
    state = step.state
    if (state.refusing) refused.push(i + 1)
    if (step.sendAway) sentAway.push(i + 1)
  })
  return { refused, sentAway }
}
const lagging = (seconds: number): number[] => Array<number>(seconds).fill(1_500)

describe('shedding', () => {
  test('refuses new streams after 5 s of lag and stops when the lag does', () => {
    expect(run([...lagging(6), 200, 1_500])).toEqual({ refused: [5, 6], sentAway: [] })
  })
  test('does nothing about a lag that lets off in between', () => {
    expect(run([...lagging(4), 1_000, ...lagging(4)])).toEqual({ refused: [], sentAway: [] })
  })
  test('sends readers away after 15 s, and once more for each further 15 s', () => {
    expect(run(lagging(46)).sentAway).toEqual([15, 30, 45])
  })
  test('sends them away once for one long stop of the loop', () => {
    const step = stepLag(NO_LAG, 40_000, 1_000, 40_000, 40_000)
    expect(step.sendAway).toBe(true)
    const after = stepLag(step.state, 1_500, 1_000, 41_000, 1_000)
    expect(after.sendAway).toBe(false)
    expect(stepLag(after.state, 1_500, 1_000, 44_999, 3_999).sendAway).toBe(false)
    expect(stepLag(after.state, 1_500, 1_000, 45_000, 4_000).sendAway).toBe(true)
  })
  test('never happens with a limit of 0', () => {
    expect(run(lagging(60), 0)).toEqual({ refused: [], sentAway: [] })
  })
})

describe('the monitor', () => {
  test('samples once a second, acts on what it sees, and stops', () => {
    let tick: () => void = () => {}
    let nowMs = 70_000
    let worstMs = 1_000
    let sentAway = 0
    const stopped: string[] = []
    const monitor = watchLag({
      limitMs: () => 1_000,
      sendAway: () => {
        sentAway += 1
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
    expect(sentAway).toBe(1)
    monitor.stop()
    expect(stopped).toEqual(['timer', 'gauge'])
  })

  test('sees a loop that was really blocked, and not one that was idle', async () => {
    const seen: number[] = []
    let tick: () => void = () => {}
    let nowMs = 0
    const monitor = watchLag({
      // Read at each sample: with a limit of 300 ms the state tells on which side the real lag was.
      limitMs: () => 300,
      sendAway: () => seen.push(nowMs),
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      every: (_, run) => {
        tick = run
        return () => {}
      },
    })
    try {
      // A busy machine may hold up a loop that is idle; a while without that comes, and must be seen as what it is.
      const idle = async (): Promise<void> => {
        do {
          await new Promise(resolve => setTimeout(resolve, 200))
          nowMs += 20_000
          tick()
        } while (monitor.refusing())
      }
      await idle()
      seen.length = 0
      await new Promise(resolve => setTimeout(resolve, 60))
      const untilMs = performance.now() + 600
      while (performance.now() < untilMs);
      await new Promise(resolve => setTimeout(resolve, 60))
      nowMs += 20_000
      tick()
      expect(monitor.refusing()).toBe(true)
      expect(seen).toEqual([nowMs])
      // What was seen once is not seen again.
      await idle()
    } finally {
      monitor.stop()
    }
  })
})
