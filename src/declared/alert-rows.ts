// Rows that take the place of the alerts panel: with its facts, so that counts, sound and notices work for them too.
import { severityText } from '../panels/alerts.js'
import { field, fields, numberCell, textCell } from '../panels/cells.js'
import { known } from '../panels/facts.js'
import { MISSING, plainNumber } from '../panels/format.js'
import type { Block, Cell, Column } from '../panels/panel.js'
import { alertLevel } from '../snapshot/alerts.js'
import { emptyRecord } from '../snapshot/value.js'
import type { Item } from './compile.js'
import type { PanelContent } from './content.js'
import { TIME } from './unit.js'

/** What the columns of an alert are, by their labels. */
const LABELS = {
  time: /^(time|at|when|date|started|since|created|raised)$/i,
  level: /^(level|severity|impact|priority|state|status)$/i,
  component: /^(component|source|service|name|host|object|instance|where)$/i,
  message: /^(message|text|why|reason|summary|description|what|title|alert)$/i,
} as const

type Part = keyof typeof LABELS

const PRIORITIES: Readonly<Record<Part, number>> = { time: 80, level: 90, component: 70, message: 100 }

export function alertsContent(
  items: readonly Item[],
  lines: readonly (readonly Cell[])[],
  total: number,
  blocks: readonly Block[],
): PanelContent {
  const at = placesOf(items)
  const read = lines.map(line => alertOf(line, at))
  const counts = emptyRecord<number>()
  for (const { level } of read) counts[level] = (counts[level] ?? 0) + 1
  const facts = [...read].sort((a, b) => (b.atMs ?? -1) - (a.atMs ?? -1)).map(alertFacts)
  const heading = fields(
    field('total', numberCell(total, plainNumber(total))),
    field('by_severity', textCell(severityText(counts))),
  )
  return { blocks: [heading, ...blocks.map(block => withRoles(block, at))], facts: { total, items: facts } }
}

type Places = Readonly<Partial<Record<Part, number>>>

function placesOf(items: readonly Item[]): Places {
  const place = (part: Part): { readonly [P in Part]?: number } => {
    const byLabel = items.findIndex(({ label }) => LABELS[part].test(label))
    if (byLabel >= 0) return { [part]: byLabel }
    const other =
      part === 'time'
        ? items.findIndex(({ unit }) => unit === TIME)
        : part === 'level'
          ? items.findIndex(({ isState }) => isState)
          : -1
    return other < 0 ? {} : { [part]: other }
  }
  return { ...place('time'), ...place('level'), ...place('component'), ...place('message') }
}

function textAt(line: readonly Cell[], at: number | undefined): string | null {
  const text = at === undefined ? undefined : line[at]?.text
  return text === undefined || text === MISSING ? null : text
}

function alertOf(line: readonly Cell[], at: Places) {
  const level = at.level === undefined ? undefined : line[at.level]
  const time = at.time === undefined ? undefined : line[at.time]
  const byTone = level?.tone === 'error' ? 'critical' : level?.tone === 'warn' ? 'warn' : null
  const message = textAt(line, at.message) ?? line.map(({ text }) => text).join(' ')
  return {
    atMs: time?.unit === TIME ? (time.value ?? null) : null,
    time: textAt(line, at.time),
    level: byTone ?? alertLevel(level?.text ?? null),
    component: textAt(line, at.component),
    message,
  }
}

function alertFacts({ atMs, time, level, component, message }: ReturnType<typeof alertOf>) {
  return known({ at_ms: atMs, time, level, component, message, times: 1 })
}

/** The columns with the roles and priorities of an alert, where the file does not say others. */
function withRoles(block: Block, at: Places): Block {
  if (block.kind !== 'table') return block
  const columns = block.columns.map((column, i): Column => {
    const part = (['time', 'level', 'component', 'message'] as const).find(each => at[each] === i)
    if (part === undefined) return column
    const { role: _, ...plain } = column
    const priority = column.priority ?? PRIORITIES[part]
    if (part === 'level') return { ...plain, priority, role: 'state' }
    return part === 'message' ? { ...plain, priority, role: 'message' } : { ...plain, priority }
  })
  return { ...block, columns }
}
