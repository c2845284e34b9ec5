import { expect, test } from 'vitest'
import { resultMaker } from '../../test/support/results.js'
import type { SourceState } from '../engine/cycle.js'
import { readinessOf } from './serving.js'

const FRESH: SourceState = { state: 'fresh', ageSec: 3, changedAtMs: 1, error: null, tooOld: false }
const built = resultMaker()({ cycle: 1 })
const empty = resultMaker()(null)

const given = { latest: built, source: FRESH, draining: false, requiresFresh: false }
const OLD: SourceState = { ...FRESH, state: 'stale', ageSec: 99.6, tooOld: true }

test('ready is a server with a board, even when its source is old', () => {
  expect(readinessOf(given)).toEqual({ ok: true, reason: 'ready' })
  expect(readinessOf({ ...given, source: OLD })).toEqual({ ok: true, reason: 'ready' })
})

test('not ready is a server without a board, or one that is about to stop', () => {
  expect(readinessOf({ ...given, latest: null })).toEqual({ ok: false, reason: 'starting' })
  expect(readinessOf({ ...given, latest: empty })).toEqual({ ok: false, reason: 'starting' })
  expect(readinessOf({ ...given, draining: true })).toEqual({ ok: false, reason: 'draining' })
})

test('where fresh data are required a source that is too old is not ready; one that is only stale is', () => {
  const strict = { ...given, requiresFresh: true }
  expect(readinessOf({ ...strict, source: OLD })).toEqual({ ok: false, reason: 'stale 100s' })
  expect(readinessOf({ ...strict, source: { ...OLD, tooOld: false } }).ok).toBe(true)
  expect(readinessOf(strict).ok).toBe(true)
})
