// A panel whose status is too old to be judged: no tone, and no ages, which would stand still.
import { MISSING } from '../../../panels/format.js'
import type { Block, Cell, Column, Panel } from '../../../panels/panel.js'

/** `Age`, `age_sec`, `last_flush_age_sec`: how old something was when the status was written. */
const AGE = /(?:^|[_\s])age(?:$|[_\s])/i

function isAge({ label, fact = '' }: Pick<Column, 'label' | 'fact'>): boolean {
  return AGE.test(label) || AGE.test(fact)
}

function withoutTone<T extends Cell>({ tone: _, ...rest }: T): Omit<T, 'tone'> {
  return rest
}

function withdrawnBlock(block: Block): Block {
  if (block.kind === 'text') return { kind: 'text', text: block.text }
  if (block.kind === 'fields') {
    return {
      kind: 'fields',
      items: block.items.map(item =>
        isAge(item) ? { label: item.label, text: MISSING } : withoutTone(item),
      ),
    }
  }
  const ages = block.columns.map(isAge)
  return {
    ...block,
    rows: block.rows.map(row =>
      row.map((cell, i) => (ages[i] === true ? { text: MISSING } : withoutTone(cell))),
    ),
  }
}

export function withdrawnPanel(panel: Panel): Panel {
  return { ...panel, tone: 'muted', blocks: panel.blocks.map(withdrawnBlock) }
}
