// Large and hostile documents, all legal: what a status may cost, not what it usually does. Each is a function of a number, so that
// two of them differ in one number only.
import type { Status } from '../../../src/snapshot/reading.js'

/** A little under the default of `G6_STATUS_MAX_BYTES`. */
const FULL_BYTES = 8_000_000

const filled = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const named = (count: number, make: (i: number) => unknown, name = 'k'): Status =>
  Object.fromEntries(filled(count, i => [`${name}${i}`, make(i)]))

/** 2 000 indices whose names are this unit again and again, as long as fits. */
function names(unit: string): Status {
  const count = 2_000
  const bytes = Buffer.byteLength(JSON.stringify(unit)) - 2
  const times = Math.floor(FULL_BYTES / count / bytes) - 12
  return { indices: filled(count, i => `${i} ${unit.repeat(times)}`) }
}

const nested = (levels: number, leaf: unknown): unknown =>
  filled(levels, i => i).reduce<unknown>(inner => ({ a: inner, b: 1 }), leaf)

const index = (i: number) => ({
  ltp: i + 0.5,
  change_pct: 0.1,
  status: 'OK',
  age: 3,
  legs: 12,
  dq: { score_percent: 99, issues_total: 0 },
  success_rate: 0.97,
})

const alert = (i: number) => ({
  time: 1_763_615_431 + i,
  level: i % 3 === 0 ? 'critical' : 'info',
  component: `part ${i % 50}`,
  message: `number ${i} of many, which says what happened at some length`,
})

/** The document without its number. */
export const LARGE_DOCUMENTS: Readonly<Record<string, () => Status>> = {
  'many keys': () => named(620_000, i => i % 10),
  'many keys, one level down': () => ({ other: named(620_000, i => i % 10) }),
  'many indices': () => ({ indices: named(40_000, index, 'INDEX') }),
  'many names': () => ({ indices: filled(500_000, i => `N${i}`) }),
  'names of lone surrogates': () => names('\ud83d'),
  'names of combining marks': () => names('\u0301'),
  'names of joiners': () => names('\u200d'),
  'names of joined pictures': () => names('👩\u200d💻'),
  'names of beginnings of titles': () => names('\u009d'),
  'names from right to left': () => names('\u202e\u05d0'),
  'names of conjuncts': () => names('क\u094dष'),
  'state words of every kind': () => ({
    indices: named(2_000, i => ({ status: `${i}${'👨\u200d👩\u200d👧'.repeat(120)}` }), 'I'),
  }),
  'many alerts': () => ({ alerts: filled(55_000, alert), events: filled(1_000, alert) }),
  'many metrics, components, links and sinks': () => ({
    performance: named(120_000, i => i, 'metric_'),
    health: named(90_000, () => 'degraded', 'component_'),
    links: named(50_000, i => `http://host/${i}`, 'link_'),
    sinks: { csv: named(50_000, i => i, 'value_') },
  }),
  analytics: () => ({
    analytics: {
      max_pain: named(100_000, i => i, 'N'),
      pcr: named(100_000, i => i / 10, 'N'),
      ...named(1_000, () => ({ pcr: 1, expiries: named(60, () => ({ pcr: 1, iv: 12 }), 'E') }), 'INDEX'),
    },
  }),
  'numbers as text': () => ({
    indices: named(40_000, i => ({ ltp: '1,23,456.78', age: `${i}`, legs: '12 (9)' }), 'I'),
  }),
  'long texts': () => ({
    app: { name: 'x'.repeat(2_000_000), version: 'é'.repeat(1_000_000) },
    note: '指'.repeat(1_300_000),
  }),
  'a list of numbers': () => ({ series: filled(1_100_000, i => (i % 1000) + 0.5) }),
  'a deep tree': () => ({ tree: filled(11_000, () => nested(60, 1)) }),
  'ordinary, and 8 MB of something else': () => ({
    ...{ app: { name: 'collector' }, market: { status: 'OPEN' }, indices: named(500, index, 'INDEX') },
    alerts: filled(50, alert),
    raw: filled(50_000, i => ({
      id: i,
      text: `something else, number ${i}`,
      values: [1, 2, 3, { deep: [i] }],
    })),
  }),
}

/** The text of the document with this number: `cycle: n` on the board shows that it was read. */
export function documentText(document: Status, n: number): string {
  return JSON.stringify({ cycle: n, ...document })
}

/** As Python writes numbers that JSON does not have: every document is read by the tolerant parser. */
export function withNaN(text: string): string {
  return text.replace('{', '{"nothing":NaN,')
}
