import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Environment } from '../config/layers.js'
import { loadConfig } from '../config/load.js'
import type { BoardNews, BoardSource } from '../engine/followed-boards.js'
import { silentLog } from '../log/log.js'
import { createBoardPipeline } from './board-pipeline.js'
import { linksOf, surroundingsOf } from './panel-context.js'
import { Program } from './program.js'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

const panel = { key: 'a', title: 'A', tone: 'ok', lines: ['1'], blocks: [], hash: 'h' } as const
const SEEN = { epoch: 'e', generation: 1, cycle: 1, ts: 1, panels: [panel], verdict: null }

function sourceOf(board: BoardNews['board']): BoardSource {
  return {
    name: 'http://x',
    news: { board, fault: null, heardAtMs: null },
    start: () => {},
    refresh: async () => {},
    close: async () => {},
  }
}

function loadedFrom(env: Environment) {
  const loaded = loadConfig({ env })
  if (!loaded.ok) throw new Error('the settings of the test are wrong')
  return loaded
}

test('before the first board no panel is known', () => {
  const { config } = loadedFrom({})
  const surroundings = surroundingsOf(config, linksOf(config, 'http://x'))
  const parts = { settings: () => config, surroundings: () => surroundings }
  expect(createBoardPipeline(sourceOf(null), parts).panelKeys()).toEqual(new Set())
  expect(createBoardPipeline(sourceOf(SEEN), parts).panelKeys()).toEqual(new Set(['a']))
})

test('a followed board is shown for G6_SUMMARY_MAX_CYCLES, or G6_SUMMARY_MAX_SECONDS', async () => {
  const endOf = async (env: Environment) => {
    let cycles = 0
    const program = new Program({
      loaded: loadedFrom({ G6_SUMMARY_REFRESH_SEC: '0.02', G6_UNIFIED_METRICS: '0', ...env }),
      command: 'dashboard',
      source: sourceOf(SEEN),
      outputs: () => [
        { name: 'count', inCycle: true, publish: () => void cycles++, close: () => Promise.resolve() },
      ],
      log: silentLog,
      clock: { nowMs: () => Date.now(), monotonicMs: () => Date.now() },
    })
    await program.start()
    await vi.advanceTimersByTimeAsync(300)
    const end = await program.finished
    await program.stop()
    return { end, cycles }
  }
  expect(await endOf({ G6_SUMMARY_MAX_CYCLES: '3' })).toEqual({ end: 'cycles', cycles: 3 })
  expect((await endOf({ G6_SUMMARY_MAX_SECONDS: '0.2' })).end).toBe('seconds')
})
