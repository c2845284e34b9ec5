import { expect, test } from 'vitest'
import type { Source } from '../engine/source.js'
import { heartbeat } from '../ingest/heartbeat.js'
import { EMPTY_STATE } from '../ingest/store.js'
import { derive } from '../snapshot/derive.js'
import { deriveWith, IngestContext, warningsOf } from './status-pipeline.js'

const followUp = { time: 1_700_000_000, level: 'critical', component: 'Feed', message: 'lost' }

function source(counts: { asked: number }): Source {
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
const alone: Source = {
  name: 'a file',
  start: () => {},
  refresh: async () => {},
  close: async () => {},
}

test('follow-ups of a followed stream are alerts, like those of the status', () => {
  const { alerts } = deriveWith(source({ asked: 0 }), { alerts: [] }, 0)
  expect(alerts.items).toMatchObject([{ level: 'critical', component: 'Feed', message: 'lost' }])
  expect(deriveWith(alone, { alerts: [] }, 0).alerts.items).toEqual([])
})

test('panels get the same list of streams while nothing changed, and none where none is followed', () => {
  const counts = { asked: 0 }
  const context = new IngestContext(source(counts))
  const first = context.at(0, 60)
  expect(first).toHaveLength(1)
  expect(context.at(1, 60)).toBe(first)
  expect(counts.asked).toBe(2)
  expect(new IngestContext(alone).at(0, 60)).toBeNull()
})

test('a very large document is a warning where the panels of an operator get only its beginning', () => {
  const status = { a: 1 }
  const large = { serial: 1, json: new Uint8Array(), patch: null, omitted: 9, snapshot: derive(status) }
  const reading = { ok: true, status, readAtMs: 1, modifiedAtMs: 1, sizeBytes: 2 } as const
  expect(warningsOf({ ...reading, large }, true)).toMatchObject([{ kind: 'cut', count: 9 }])
  expect(warningsOf({ ...reading, large }, false)).toEqual([])
  expect(warningsOf({ ...reading, large: { ...large, omitted: 0 } }, true)).toEqual([])
})
