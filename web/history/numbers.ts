// The numbers worth a line over time, as the panels' blocks hold them: never read out of text. What a panel does not
// say is null, which is a gap in the line.
import type { Block, Cell } from '../../src/panels/panel.js'

export const GROUPS = ['ltp', 'dq', 'lowest', 'cycle', 'cpu', 'memory'] as const
export type Group = (typeof GROUPS)[number]

/** One number of one moment. `label` tells the lines of a group apart: an index, or which time of the cycle. */
export type Sample = { readonly group: Group; readonly label: string; readonly value: number | null }

/** Lines that one plot can tell apart. Of more indices the data quality is told by the lowest. */
export const MAX_LINES = 4

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

/** The panels that hold such numbers; last the one that may have more than there is room for. */
export const PANELS_WITH_NUMBERS: readonly string[] = [...Object.keys(FIELDS), INDICES]

function numberOf(cell: { readonly value?: number } | undefined): number | null {
  return cell?.value !== undefined && Number.isFinite(cell.value) ? cell.value : null
}

function rowSamples(columns: readonly string[], rows: readonly (readonly Cell[])[]): Sample[] {
  const nameAt = columns.indexOf('Index')
  const column = (group: Group, label: string): Sample[] => {
    const at = columns.indexOf(label)
    if (nameAt < 0 || at < 0) return []
    return rows.flatMap(row => {
      const name = row[nameAt]?.text ?? ''
      return name === '' ? [] : [{ group, label: name, value: numberOf(row[at]) }]
    })
  }
  const quality = column('dq', 'DQ %')
  const known = quality.flatMap(({ value }) => value ?? [])
  const lowest = known.length === 0 ? null : Math.min(...known)
  return [
    ...quality.slice(0, MAX_LINES),
    ...(quality.length === 0 ? [] : [{ group: 'lowest', label: 'lowest', value: lowest } as const]),
    ...column('ltp', 'LTP'),
  ]
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
