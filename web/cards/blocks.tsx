// The content of a panel, block by block.
import type { Block, ShownPanel } from '../state/panels.js'
import { memo, useChanged } from './changed.js'
import { Fields } from './fields.jsx'
import { Table } from './table.jsx'

const Text = memo(({ block }: { readonly block: Extract<Block, { readonly kind: 'text' }> }) => {
  const changed = useChanged(block.text)
  return (
    <p class="text" data-tone={block.tone} data-changed={changed}>
      {block.text}
    </p>
  )
})

function BlockView({ block, title }: { readonly block: Block; readonly title: string }) {
  if (block.kind === 'fields') return <Fields items={block.items} />
  if (block.kind === 'text') return <Text block={block} />
  return block.rows.length === 0 ? null : <Table block={block} title={title} />
}

export function Blocks({ panel }: { readonly panel: ShownPanel }) {
  // Blocks have no keys: they are identified by their place.
  const seen = { fields: 0, table: 0, text: 0 }
  return (
    <>
      {panel.blocks.map(block => (
        <BlockView key={`${block.kind} ${seen[block.kind]++}`} block={block} title={panel.title} />
      ))}
    </>
  )
}
