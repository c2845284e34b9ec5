// Old data is not judged: the same panel without tones, and without ages, which are no longer true. Pure.
import { type Block, type Cell, type Field, MISSING, type ShownPanel } from './panels.js'

/** Labels of ages, such as `Age` and `last_flush_age_sec`. */
const AGE = /(^|_|\s)age(_|\s|$)/i

/** Each panel object is read once. */
const made = new WeakMap<ShownPanel, ShownPanel>()

const cellWithout = ({ tone: _, ...cell }: Cell): Cell => cell

function fieldWithout({ tone: _, ...item }: Field): Field {
  return AGE.test(item.label) && item.value !== undefined ? { label: item.label, text: MISSING } : item
}

function blockWithout(block: Block): Block {
  switch (block.kind) {
    case 'text':
      return { kind: 'text', text: block.text }
    case 'fields':
      return { kind: 'fields', items: block.items.map(fieldWithout) }
    case 'table': {
      const ages = block.columns.map(({ label }) => AGE.test(label))
      const rows = block.rows.map(row =>
        row.map((cell, i) => (ages[i] ? { text: MISSING } : cellWithout(cell))),
      )
      return { ...block, rows }
    }
  }
}

export function withdrawn(panel: ShownPanel): ShownPanel {
  const known = made.get(panel)
  if (known !== undefined) return known
  const without: ShownPanel = { ...panel, tone: 'muted', blocks: panel.blocks.map(blockWithout) }
  made.set(panel, without)
  return without
}
