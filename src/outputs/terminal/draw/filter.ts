// The fields, texts and table rows whose line in plain text contains a text; labels also as they are shown.
import { labelOf } from '../../../display/label.js'
import type { Block, Panel } from '../../../panels/panel.js'

function blockWith(block: Block, panel: string, has: (text: string) => boolean): Block | null {
  if (block.kind === 'text') return has(block.text) ? block : null
  if (block.kind === 'fields') {
    const items = block.items.filter(
      ({ label, text }) => has(`${label}: ${text}`) || has(`${labelOf(label, panel).label} ${text}`),
    )
    return items.length === 0 ? null : { kind: 'fields', items }
  }
  const rows = block.rows.filter(row => has(row.map(({ text }) => text).join('  ')))
  return rows.length === 0 ? null : { kind: 'table', columns: block.columns, rows }
}

/** The panel with the lines that contain `needle` in any case; null when none does. */
export function filteredPanel(panel: Panel, needle: string): Panel | null {
  const wanted = needle.toLowerCase()
  const has = (text: string): boolean => text.toLowerCase().includes(wanted)
  const blocks = panel.blocks.map(block => blockWith(block, panel.key, has)).filter(block => block !== null)
  return blocks.length === 0 ? null : { ...panel, blocks }
}
