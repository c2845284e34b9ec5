// The numbers worth a line over time, as the panels' blocks hold them: never read out of text. What a panel does not
// say is null, which is a gap in the line.
import type { Block, Cell } from '../../src/panels/panel.js'

export const GROUPS = ['ltp', 'dq', 'cycle', 'cpu', 'memory'] as const
export type Group = (typeof GROUPS)[number]

/** One number of one moment. `label` tells the lines of a group apart: an index, or which time of the cycle. */
export type Sample = { readonly group: Group; readonly label: string; readonly value: number | null }

/** The columns of the indices table that are worth a line. */
const INDEX_COLUMNS: readonly (readonly [group: Group, column: string])[] = [
  ['ltp', 'LTP'],
  ['dq', 'DQ %'],
]

/** Fields worth a line by panel; `scale` brings them to the group's unit (cycle: seconds). */
const FIELDS: Readonly<
  Record<
    string,
    readonly {
      readonly field: string
      readonly group: Group
      readonly label: string
      readonly scale?: number
    }[]
  >
> = {
  cycle: [
    { field: 'last_duration', group: 'cycle', label: 'last' },
    { field: 'p95', group: 'cycle', label: 'p95', scale: 0.001 },
  ],
  resources: [
    { field: 'cpu_pct', group: 'cpu', label: 'CPU' },
    { field: 'memory_mb', group: 'memory', label: 'Memory' },
  ],
}

const INDICES = 'indices'

/** The panels that hold such numbers. */
export const PANELS_WITH_NUMBERS: readonly string[] = [INDICES, ...Object.keys(FIELDS)]

function numberOf(cell: { readonly value?: number } | undefined): number | null {
  return cell?.value !== undefined && Number.isFinite(cell.value) ? cell.value : null
}

function rowSamples(columns: readonly string[], rows: readonly (readonly Cell[])[]): Sample[] {
  const nameAt = columns.indexOf('Index')
  if (nameAt < 0) return []
  return INDEX_COLUMNS.flatMap(([group, column]) => {
    const at = columns.indexOf(column)
    if (at < 0) return []
    return rows.flatMap(row => {
      const label = row[nameAt]?.text ?? ''
      return label === '' ? [] : [{ group, label, value: numberOf(row[at]) }]
    })
  })
}

function fieldSamples(key: string, blocks: readonly Block[]): Sample[] {
  const items = blocks.flatMap(block => (block.kind === 'fields' ? block.items : []))
  return (FIELDS[key] ?? []).map(({ field, group, label, scale = 1 }) => {
    const value = numberOf(items.find(item => item.label === field))
    return { group, label, value: value === null ? null : value * scale }
  })
}

/** The samples of one panel, in its own order; none for a panel that holds no such number. */
export function samplesOf(key: string, blocks: readonly Block[]): readonly Sample[] {
  if (key !== INDICES) return Object.hasOwn(FIELDS, key) ? fieldSamples(key, blocks) : []
  return blocks.flatMap(block =>
    block.kind === 'table'
      ? rowSamples(
          block.columns.map(({ label }) => label),
          block.rows,
        )
      : [],
  )
}
