// What is at the right end of a panel's title instead of in fields of its own: counts, the number of the cycle, a name. A field
// that is not well stays a field.
import type { NumberFormat } from '../../../display/number-text.js'
import { isNotWell } from '../../../display/shape.js'
import { shownField } from '../../../display/shown.js'
import { MISSING } from '../../../panels/format.js'
import type { Block, Field, Panel } from '../../../panels/panel.js'
import { rowTone } from './table.js'

export type Remark = {
  readonly text: string
  /** Labels of the fields that it replaces. */
  readonly replaces: ReadonlySet<string>
}

const LEVELS: ReadonlyMap<string, readonly [one: string, many: string]> = new Map([
  ['critical', ['critical', 'critical']],
  ['warn', ['warning', 'warnings']],
  ['info', ['note', 'notes']],
])

/** `critical:1 warn:2` → `1 critical, 2 warnings`. */
function severities(text: string): string {
  return text
    .split(' ')
    .map(part => {
      const [name = '', count = ''] = part.split(':')
      const [one, many] = LEVELS.get(name) ?? [name, name]
      return `${count} ${count === '1' ? one : many}`
    })
    .join(', ')
}

/** Fields next to a table that the table's own head can say. */
const COUNTED = ['count', 'not well', 'names', 'total', 'by_severity', 'data_points'] as const

function tableRemark(blocks: readonly Block[], text: (label: string) => string | null): Remark {
  const rows = blocks.flatMap(block => (block.kind === 'table' ? block.rows : []))
  const bySeverity = text('by_severity')
  const count = text('count') ?? text('total')
  const bad = rows.filter(row => isNotWell(rowTone(row))).length
  const remarks =
    bySeverity !== null
      ? severities(bySeverity)
      : bad > 0
        ? `${bad} of ${count ?? rows.length} not well`
        : (count ?? '')
  const points = text('data_points')
  const parts = [...(remarks === '' ? [] : [remarks]), ...(points === null ? [] : [`${points} data points`])]
  return { text: parts.join(' · '), replaces: new Set(parts.length === 0 ? [] : COUNTED) }
}

/** By panel: the fields that the remark says. */
const REMARKS: Readonly<Record<string, readonly (readonly [label: string, before: string])[]>> = {
  cycle: [
    ['cycle', 'no. '],
    ['interval', 'every '],
  ],
  perfstore: [['provider', '']],
}
/** Shown elsewhere: in another panel or in the bars. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = { header: ['cycle', 'indices'] }

const own = <T>(of: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(of, key) ? of[key] : undefined

/** Only a panel with one table has its counts in the title. */
export function remarkOf({ key, blocks }: Panel, format: NumberFormat, isAlone: boolean): Remark {
  const fields = new Map(
    blocks.flatMap(block =>
      block.kind === 'fields' ? block.items.map((item): [string, Field] => [item.label, item]) : [],
    ),
  )
  const text = (label: string): string | null => {
    const field = fields.get(label)
    if (field === undefined || field.text === MISSING || isNotWell(field.tone)) return null
    const { number, unit } = shownField(field, format, key)
    return unit === '' ? number : `${number} ${unit}`
  }
  const tables = blocks.filter(block => block.kind === 'table' && block.rows.length > 0)
  if (tables.length === 1) {
    const remark = tableRemark(blocks, text)
    if (remark.text !== '') return remark
  }
  const remarks = (own(REMARKS, key) ?? []).flatMap(([label, before]) => {
    const value = text(label)
    return value === null ? [] : [{ label, text: `${before}${value}` }]
  })
  const elsewhere = isAlone ? [] : (own(ELSEWHERE, key) ?? []).filter(label => text(label) !== null)
  return {
    text: remarks.map(part => part.text).join(', '),
    replaces: new Set([...remarks.map(({ label }) => label), ...elsewhere]),
  }
}
