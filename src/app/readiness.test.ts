import { expect, test } from 'vitest'
import { resultMaker } from '../../test/support/results.js'
import type { SourceState } from '../engine/cycle.js'
import { readinessOf } from './readiness.js'

const FRESH: SourceState = { state: 'fresh', ageSec: 3, changedAtMs: 1, error: null, tooOld: false }
const built = resultMaker()({ cycle: 1 })
const empty = resultMaker()(null)

test('ready is who has built a board of a source that is not too old, stale or not', () => {
  expect(readinessOf(built, FRESH, false)).toEqual({ ok: true, reason: 'ready' })
  expect(readinessOf(built, { ...FRESH, state: 'stale', ageSec: 40 }, false).ok).toBe(true)
})

test('not ready is who has no board yet, has a source that is too old, or is on the way out', () => {
  expect(readinessOf(null, FRESH, false)).toEqual({ ok: false, reason: 'starting' })
  expect(readinessOf(empty, FRESH, false)).toEqual({ ok: false, reason: 'starting' })
  const old: SourceState = { ...FRESH, state: 'stale', ageSec: 99.6, tooOld: true }
  expect(readinessOf(built, old, false)).toEqual({ ok: false, reason: 'stale 100s' })
  expect(readinessOf(built, FRESH, true)).toEqual({ ok: false, reason: 'draining' })
})
