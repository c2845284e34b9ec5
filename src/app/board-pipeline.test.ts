import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import type { Environment } from '../config/layers.js'
import { loadConfig } from '../config/load.js'
import type { BoardNews, BoardSource } from '../engine/followed-boards.js'
import type { CustomPanel } from '../engine/panel-builder.js'
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
    members: { shown: 16, hidden: 2 },
    looks: { title: 'Theirs', spans: { a: 2 } },
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

function partsWith(panels: readonly CustomPanel[], log = silentLog) {
  const { config } = loadedFrom({})
  const surroundings = surroundingsOf(config, linksOf(config, 'http://x'))
  return { settings: () => config, surroundings: () => surroundings, panels, log }
}

test('panels of a module are not shown on a followed board, and one line says so', () => {
  const { log, lines } = capturedLog()
  createBoardPipeline(sourceOf(SEEN), partsWith([], log))
  expect(lines()).toEqual([])
  createBoardPipeline(sourceOf(SEEN), partsWith([{ key: 'mine', build: () => null }], log))
  expect(lines()).toMatchObject([{ level: 40, msg: expect.stringContaining('--panels has no effect') }])
})

test('before the first board no panel is known', () => {
  const parts = partsWith([])
  expect(createBoardPipeline(sourceOf(null), parts).panelKeys()).toEqual(new Set())
  expect(createBoardPipeline(sourceOf(SEEN), parts).panelKeys()).toEqual(new Set(['a']))
})

test('a followed board looks as its own board file says', () => {
  const pipeline = createBoardPipeline(sourceOf(SEEN), partsWith([]))
  expect(pipeline.looks()).toEqual({ title: 'Theirs', spans: { a: 2 } })
  expect(pipeline.members()).toEqual({ shown: 16, hidden: 2 })
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
