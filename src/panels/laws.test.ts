// Laws that hold for every panel of any status at all.
import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { derive } from '../snapshot/derive.js'
import type { Status } from '../snapshot/reading.js'
import { createPanelBuilder } from './build.js'
import type { PanelContext } from './definition.js'
import { linesOf, toneOf } from './lines.js'
import { DEFAULT_THRESHOLDS } from './thresholds.js'

function contextOf(status: Status, nowMs: number): PanelContext {
  const links = { source: 'x', metricsUrl: null, streamUrl: null, pageUrl: null }
  return { snapshot: derive(status), thresholds: DEFAULT_THRESHOLDS, timezone: 'UTC', links, nowMs }
}

describe('any status', () => {
  const NAMES = [
    'app',
    'market',
    'loop',
    'cycle',
    'indices',
    'indices_detail',
    'alerts',
    'events',
    'analytics',
    'resources',
    'storage',
    'sinks',
    'performance',
    'provider',
    'health',
    'links',
    'config',
    'version',
    'interval',
    'name',
    'ltp',
    'status',
    'dq',
    'csv',
    'message',
    'component',
    'level',
    'time',
    'max_pain',
    'pcr',
    'env',
    'total',
    'severity_counts',
    'latency_ms',
    'auth',
    'metrics',
    'rss',
    'age',
    'legs',
    '__proto__',
    'constructor',
    'toString',
  ]
  const nasty = fc.string({
    unit: fc.oneof(
      fc.string(),
      fc.constantFrom('\u001b[2J', '\n', '\u009b', '\u202e', '指', '👩\u200d💻', '\ud83d', 'x'.repeat(99)),
    ),
  })
  const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e21, 1e308, -1e308, 5e-324, 1_763_615_400))
  const name = fc.oneof(fc.constantFrom(...NAMES), nasty)
  const { status, value } = fc.letrec<{ status: Status; value: unknown }>(tie => ({
    status: fc.dictionary(name, tie('value'), { maxKeys: 12 }),
    value: fc.oneof(
      { depthSize: 'small' },
      nasty,
      number,
      fc.boolean(),
      fc.constant(null),
      fc.constant('2025-11-20T05:10:31Z'),
      ...[fc.array(tie('value'), { maxLength: 4 }), tie('status')],
    ),
  }))

  test('gives panels that never fail, in clean lines of bounded width', () => {
    const faults: unknown[] = []
    fc.assert(
      fc.property(status, given => {
        const builder = createPanelBuilder({ onFault: (...fault) => faults.push(fault) })
        const panels = builder.build(contextOf(JSON.parse(JSON.stringify(given)), 0))
        expect(faults).toEqual([])
        for (const { lines, blocks, tone } of panels) {
          expect(lines).toEqual(linesOf(blocks))
          expect(tone).toBe(toneOf(blocks))
          for (const line of lines) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
            expect(stringWidth(line)).toBeLessThan(600)
            expect(line.length).toBeLessThan(10_000)
          }
        }
      }),
      { numRuns: 400 },
    )
  })

  test('gives the same panels from a builder that remembers as from a new one', () => {
    const edit = fc.record({ name, value, nowMs: fc.integer({ min: 0, max: 1e13 }) })
    fc.assert(
      fc.property(status, fc.array(edit, { maxLength: 6 }), (given, edits) => {
        const builder = createPanelBuilder()
        let edited = given
        builder.build(contextOf(edited, 0))
        for (const { name: member, value: now, nowMs } of edits) {
          // What one member says changes, the rest says the same in other words: a status is read anew each time.
          edited = JSON.parse(JSON.stringify({ ...edited, [member]: now })) as Status
          const context = contextOf(edited, nowMs)
          expect(builder.build(context)).toEqual(createPanelBuilder().build(context))
          const later = { ...context, nowMs: nowMs + 1 }
          expect(builder.build(later)).toEqual(createPanelBuilder().build(later))
        }
      }),
      { numRuns: 300 },
    )
  })
})
