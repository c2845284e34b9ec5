import fc from 'fast-check'
import { expect, test } from 'vitest'
import { derive } from '../snapshot/derive.js'
import type { PanelContext } from './definition.js'
import { makePanel } from './lines.js'
import { perfstore } from './perfstore.js'
import { DEFAULT_THRESHOLDS } from './thresholds.js'

const NOW_MS = 1_763_615_431_000
const links = { source: null, metricsUrl: null, streamUrl: null, pageUrl: null }

test('time alone never changes the panel before the moment it names', () => {
  const offsetSec = fc.option(fc.integer({ min: -400, max: 400 }), { nil: null })
  fc.assert(
    fc.property(offsetSec, offsetSec, fc.nat(600_000), fc.nat(600_000), (expirySec, backoffSec, a, b) => {
      if (!perfstore.usesNow) throw new Error('it looks at the time')
      const at = (sec: number | null) => (sec === null ? null : NOW_MS / 1000 + sec)
      const provider = { auth: { valid: true, expiry: at(expirySec) }, last_backoff: at(backoffSec) }
      const context = (nowMs: number): PanelContext => ({
        snapshot,
        thresholds: DEFAULT_THRESHOLDS,
        timezone: 'UTC',
        links,
        nowMs,
      })
      const snapshot = derive({ provider })
      const lines = (nowMs: number) => makePanel('perfstore', '', perfstore.build(context(nowMs))).lines
      const [firstMs, laterMs] = [NOW_MS + Math.min(a, b), NOW_MS + Math.max(a, b)]
      if (laterMs < perfstore.changesAtMs(context(firstMs))) expect(lines(laterMs)).toEqual(lines(firstMs))
    }),
    { numRuns: 500 },
  )
})
