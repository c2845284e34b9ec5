// The numbers that the page plots, from the facts of the panels. A missing number is null, which is a gap in the line.
import { numberAt } from '../../src/panels/facts.js'

export const GROUPS = ['ltp', 'dq', 'lowest', 'cycle', 'cpu', 'memory'] as const
export type Group = (typeof GROUPS)[number]

/** One number at one moment. `label` is the line within the group: an index, or which time of the cycle. */
export type Sample = { readonly group: Group; readonly label: string; readonly value: number | null }

/** Lines that one plot can show. With more indices it shows the lowest data quality. */
export const MAX_LINES = 4

type Facts = Readonly<Record<string, unknown>>

/** Milliseconds as seconds. */
function seconds(ms: number | null): number | null {
  return ms === null ? null : ms * 0.001
}

function indexSamples(facts: Facts): Sample[] {
  const names = Object.keys(facts)
  const samples = (group: Group, name: string): Sample[] =>
    names.map(label => ({ group, label, value: numberAt(facts, label, name) }))
  const quality = samples('dq', 'dq_pct')
  const known = quality.flatMap(({ value }) => value ?? [])
  const lowest = known.length === 0 ? null : Math.min(...known)
  return [
    ...quality.slice(0, MAX_LINES),
    { group: 'lowest', label: 'lowest', value: lowest },
    ...samples('ltp', 'ltp'),
  ]
}

/** By panel; last the one that may exceed the limit of series. */
const SAMPLES: ReadonlyMap<string, (facts: Facts) => readonly Sample[]> = new Map([
  [
    'cycle',
    facts => [
      { group: 'cycle', label: 'last', value: numberAt(facts, 'last_duration_sec') },
      { group: 'cycle', label: 'p95', value: seconds(numberAt(facts, 'p95_ms')) },
    ],
  ],
  [
    'resources',
    facts => [
      { group: 'cpu', label: 'CPU', value: numberAt(facts, 'cpu_pct') },
      { group: 'memory', label: 'Memory', value: numberAt(facts, 'memory_mb') },
    ],
  ],
  ['indices', indexSamples],
])

/** The panels with such numbers. */
export const PANELS_WITH_NUMBERS: readonly string[] = [...SAMPLES.keys()]

/** The samples of one panel; none for a panel without facts or without such numbers. */
export function samplesOf(key: string, facts: Facts | undefined): readonly Sample[] {
  return (facts && SAMPLES.get(key)?.(facts)) ?? []
}
