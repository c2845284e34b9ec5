// Laws that hold for every panel of any status.
import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { type BuildContext, createPanelBuilder } from '../../src/engine/panel-builder.js'
import { linesOf, toneOf } from '../../src/panels/lines.js'
import { PANELS } from '../../src/panels/registry.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import * as table from '../../src/snapshot/candidates.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Field } from '../../src/snapshot/pick.js'
import type { Status } from '../../src/snapshot/reading.js'

const LINKS = { source: 'x', metricsUrl: null, streamUrl: null, pageUrl: null }

function contextOf(status: Status, nowMs: number): BuildContext {
  return { snapshot: derive(status), thresholds: DEFAULT_THRESHOLDS, timezone: 'UTC', links: LINKS, nowMs }
}

/** Where a status may hold a value that panels show. */
const PATHS = [
  ...Object.values(table)
    .flatMap(fields => Object.values<Field<unknown>>(fields))
    .flatMap(({ candidates }) => candidates.map(({ path }) => path)),
  ...[
    'indices.NIFTY.ltp',
    'indices.NIFTY.status',
    'indices_detail.BANKNIFTY.dq_score',
    'analytics.max_pain.NIFTY',
  ],
  ...['performance.api', 'health.kite', 'links.grafana', 'sinks.csv.write_errors', 'sinks.influxdb.healthy'],
  ...['alerts', 'severity_counts.warn'],
]
const texts = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.constantFrom('ok', 'open', 'error', 'NIFTY', '2025-11-20T05:10:31Z', true, false, null),
  fc.integer({ min: 0, max: 5 }).map(n => [{ message: `m${n}`, level: 'warn', time: 1_763_615_400 + n }]),
)

function put(status: Status, [name = '', ...rest]: readonly string[], value: unknown): Status {
  const within = status[name]
  const inner =
    typeof within === 'object' && within !== null && !Array.isArray(within) ? (within as Status) : {}
  const made = { ...status, [name]: rest.length === 0 ? value : put(inner, rest, value) }
  return JSON.parse(JSON.stringify(made)) as Status
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
  const { status } = fc.letrec<{ status: Status; value: unknown }>(tie => ({
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

  test('gives the same panels from a builder with a memory as from a new one', () => {
    const edit = fc.record({
      path: fc.constantFrom(...PATHS),
      value: texts,
      passedMs: fc.integer({ min: -10_000, max: 200_000 }),
    })
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), edits => {
        const builder = createPanelBuilder()
        let status: Status = {}
        let nowMs = 1_763_615_400_000
        let before = builder.build(contextOf(status, nowMs))
        for (const { path, value: now, passedMs } of edits) {
          nowMs += passedMs
          // One member changes, the rest stays equal but is a new object: a status is parsed anew each time.
          status = put(status, path.split('.'), now)
          const context = contextOf(status, nowMs)
          const panels = builder.build(context)
          expect(panels).toEqual(createPanelBuilder().build(context))
          const later = { ...context, nowMs: nowMs + 1_000 }
          expect(builder.build(later)).toEqual(createPanelBuilder().build(later))
          for (const panel of panels) if (!before.includes(panel)) seen.add(panel.key)
          before = panels
        }
      }),
      { numRuns: 300 },
    )
    // Every panel that a status can make has changed.
    const own = new Set(['stream', 'followups'])
    expect([...seen].sort()).toEqual(
      PANELS.map(({ key }) => key)
        .filter(key => !own.has(key))
        .sort(),
    )
  })
})
