import { expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { systemClock } from '../clock/clock.js'
import type { Environment } from '../config/layers.js'
import { loadConfig } from '../config/load.js'
import { heartbeat } from '../ingest/heartbeat.js'
import { EMPTY_STATE } from '../ingest/store.js'
import { DEFAULT_THRESHOLDS } from '../panels/thresholds.js'
import { createFollowLoop, deriveWith, IngestContext, keysOf, type ProgramSource } from './follow.js'

const followUp = { time: 1_700_000_000, level: 'critical', component: 'Feed', message: 'lost' }

function source(counts: { asked: number }): ProgramSource {
  const state = { ...EMPTY_STATE, followUps: [followUp] }
  const stats = {
    source: 'http://x',
    connection: 'live' as const,
    error: null,
    state,
    heartbeat: heartbeat(state, 0, { warnAfterSec: 10, staleAfterSec: 30 }),
  }
  return {
    name: 'http://x',
    start: () => {},
    refresh: async () => {},
    close: async () => {},
    ingest: () => {
      counts.asked++
      return [stats]
    },
  }
}
const alone: ProgramSource = {
  name: 'a file',
  start: () => {},
  refresh: async () => {},
  close: async () => {},
}

test('follow-ups of a followed stream are alerts beside those of the status', () => {
  const { alerts } = deriveWith(source({ asked: 0 }), { alerts: [] }, 0)
  expect(alerts.items).toMatchObject([{ level: 'critical', component: 'Feed', message: 'lost' }])
  expect(deriveWith(alone, { alerts: [] }, 0).alerts.items).toEqual([])
})

test('panels are told the same list of streams while nothing changed, and none where none is followed', () => {
  const counts = { asked: 0 }
  const context = new IngestContext(source(counts))
  const first = context.at(0, 60)
  expect(first).toHaveLength(1)
  expect(context.at(1, 60)).toBe(first)
  expect(counts.asked).toBe(2)
  expect(new IngestContext(alone).at(0, 60)).toBeNull()
})

test('before the first board no panel is known', () => {
  expect(keysOf(null)).toEqual(new Set())
  const makeBoard = boardMaker()
  expect(keysOf(makeBoard(textPanel('a', '1'), textPanel('b', '1')))).toEqual(new Set(['a', 'b']))
})

const panel = { key: 'a', title: 'A', tone: 'ok', lines: ['1'], blocks: [], hash: 'h' } as const
const SEEN = { epoch: 'e', generation: 1, cycle: 1, ts: 1, panels: [panel], verdict: null }

test('a followed board is shown for G6_SUMMARY_MAX_CYCLES, or G6_SUMMARY_MAX_SECONDS', async () => {
  const endOf = async (env: Environment) => {
    const loaded = loadConfig({ env: { G6_SUMMARY_REFRESH_SEC: '0.02', ...env } })
    if (!loaded.ok) throw new Error('the settings of the test are wrong')
    let cycles = 0
    const loop = createFollowLoop({
      source: {
        name: 'http://x',
        news: { board: SEEN, fault: null, heardAtMs: null },
        start: () => {},
        refresh: async () => {},
        close: async () => {},
      },
      outputs: [],
      config: () => loaded.config,
      thresholds: () => DEFAULT_THRESHOLDS,
      clock: systemClock,
      observer: { onCycle: () => void cycles++ },
    })
    loop.start()
    const end = await loop.finished
    await loop.stop()
    return { end, cycles }
  }
  expect(await endOf({ G6_SUMMARY_MAX_CYCLES: '3' })).toEqual({ end: 'cycles', cycles: 3 })
  expect((await endOf({ G6_SUMMARY_MAX_SECONDS: '0.2' })).end).toBe('seconds')
})
