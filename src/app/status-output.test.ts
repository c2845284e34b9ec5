import { expect, test } from 'vitest'
import { resultMaker } from '../../test/support/results.js'
import type { CycleResult } from '../engine/cycle.js'
import { heartbeat } from '../ingest/heartbeat.js'
import { EMPTY_STATE } from '../ingest/store.js'
import { createStatusOutput } from './status-output.js'

const AT_MS = 1_700_000_000_000
const result = resultMaker()({ cycle: 1 })
const followed = {
  source: 'http://x',
  connection: 'live' as const,
  error: null,
  state: EMPTY_STATE,
  heartbeat: heartbeat(EMPTY_STATE, AT_MS, { warnAfterSec: 10, staleAfterSec: 30 }),
}

/** What the status stream is told of a cycle. */
function told(cycle: CycleResult) {
  const said: unknown[] = []
  const output = createStatusOutput({
    publishStatus: status => void said.push(status),
    publishIngest: streams => void said.push(streams),
  })
  void output.publish(cycle)
  return said
}

test('a good status is passed on, a bad one is not', () => {
  const status = { cycle: 1 }
  const good = { ok: true, status, readAtMs: AT_MS, modifiedAtMs: AT_MS, sizeBytes: 9 } as const
  const bad = { ok: false, error: 'missing', message: 'there is no such file', readAtMs: AT_MS } as const
  expect(told({ ...result, reading: good })).toEqual([status])
  expect(told({ ...result, reading: bad })).toEqual([])
  expect(told(result)).toEqual([])
})

test('what came beside it of followed streams is passed on too', () => {
  expect(told({ ...result, stats: { ...result.stats, ingest: [followed] } })).toEqual([[followed]])
})
