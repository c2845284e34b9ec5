// The content of a panel, block by block.
import { groupsOf } from '../../src/display/groups.js'
import { restIn, restOf } from '../../src/display/rest.js'
import { isNotWell } from '../../src/display/shape.js'
import { type Block, type Field, isEmptyPanel, type ShownPanel, shownItems } from '../state/panels.js'
import { query } from '../state/query.js'
import { memo, useChanged } from './changed.js'
import { FieldList, Fields } from './fields.jsx'
import { fewFields, kioskFieldCount } from './kiosk.js'
import { isSaid, loneCount } from './say.js'
import { saysRest, Table } from './table.jsx'

type Wash = { readonly on: boolean }
type TableBlock = Extract<Block, { readonly kind: 'table' }>

const Text = memo(
  (props: {
    readonly block: Extract<Block, { readonly kind: 'text' }>
    /** It belongs to what is above it. */
    readonly isNote: boolean
    readonly wash: Wash
  }) => {
    const { block, isNote, wash } = props
    const changed = useChanged(block.text, wash)
    return (
      <p
        class={isNote ? 'text note' : 'text'}
        data-tone={block.tone === 'muted' ? undefined : block.tone}
        data-changed={changed}
      >
        {block.text}
      </p>
    )
  },
)

type TableProps = {
  readonly block: TableBlock
  readonly panelKey: string
  readonly title: string
  readonly restRows: number
  readonly wash: Wash
}

/** A table, or a group of fields for each of its sinks. */
const TableView = memo(({ block, panelKey, title, restRows, wash }: TableProps) => {
  const groups = groupsOf(block, panelKey)
  if (groups === null)
    return <Table block={block} panelKey={panelKey} title={title} restRows={restRows} wash={wash} />
  return (
    <div class="groups">
      {groups.map(({ title: name, items }) => (
        <section key={name}>
          {name === null ? null : <h3 class="group-title">{name}</h3>}
          <FieldList items={items} panelKey={panelKey} wash={wash} />
        </section>
      ))}
    </div>
  )
})

export function Blocks({ panel }: { readonly panel: ShownPanel }) {
  const { blocks, key: panelKey, title, everKnown, wash } = panel
  if (isEmptyPanel(panel)) return <p class="empty">Nothing here.</p>
  const tables = blocks.filter(block => block.kind === 'table')
  const lone = loneCount(panel)
  /** Fields that a wall display has no room for. */
  let left = 0
  const itemsOf = (items: readonly Field[]): readonly Field[] => {
    const shown = shownItems(items, everKnown)
    // On a wall display a table needs the room of what is well, and a card has no more fields than there is room for.
    if (query.kiosk && tables.length > 0) return shown.filter(({ tone }) => isNotWell(tone))
    if (query.kiosk) {
      const few = fewFields(shown, kioskFieldCount())
      left += shown.length - few.length
      return few
    }
    const isElsewhere = (item: Field): boolean => item === lone || isSaid(item, blocks)
    return shown.some(isElsewhere) ? shown.filter(item => !isElsewhere(item)) : shown
  }
  const [table] = tables
  const isRestSaid = tables.length === 1 && table !== undefined && saysRest(table.rows.length)
  const quiet = blocks.filter(block => block.kind !== 'text' || block.tone === 'muted')
  const restRows = isRestSaid ? restOf(quiet).rows : 0
  // Blocks have no keys: they are identified by their place.
  const seen = { fields: 0, table: 0, text: 0 }
  const drawn = blocks.map((block, at) => {
    const key = `${block.kind} ${seen[block.kind]++}`
    if (isRestSaid && quiet.includes(block) && restIn(block) !== null) return null
    if (block.kind === 'text')
      return <Text key={key} block={block} isNote={at > 0 && block.tone === 'muted'} wash={wash} />
    if (block.kind === 'fields')
      return <Fields key={key} items={itemsOf(block.items)} panelKey={panelKey} wash={wash} />
    if (block.rows.length === 0) return null
    return (
      <TableView key={key} block={block} panelKey={panelKey} title={title} restRows={restRows} wash={wash} />
    )
  })
  return (
    <>
      {drawn}
      {left === 0 ? null : <p class="note">{left} more</p>}
    </>
  )
}
