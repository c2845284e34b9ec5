// Panels as the page shows them: blocks are parsed once, and unchanged parts stay the same objects, so that only changes are drawn.
import type { ClientPanel } from '../../client/index.js'
import type { Block, Cell, Field, Tone } from '../../src/panels/panel.js'
import { blocksFrom, isTone } from '../../src/panels/parse-panel.js'
import { rowKeys } from './row-keys.js'

export type { Block, Cell, Column, Field, Tone } from '../../src/panels/panel.js'

export type ShownPanel = Omit<ClientPanel, 'blocks' | 'tone'> & {
  readonly tone: Tone
  readonly blocks: readonly Block[]
  /** When it last changed, epoch ms of this browser. */
  readonly changedAtMs: number
  /** False: unchanged since the page was opened. */
  readonly seenToChange: boolean
}

type TableBlock = Extract<Block, { readonly kind: 'table' }>

function sameCell(a: Cell | undefined, b: Cell): boolean {
  return a !== undefined && a.text === b.text && a.tone === b.tone && a.value === b.value
}

/** `before` when it has the same members as `after`, else `after`. */
function kept<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  const isSame = before?.length === after.length && after.every((each, i) => each === before[i])
  return isSame && before !== undefined ? before : after
}

function keptRow(before: readonly Cell[] | undefined, after: readonly Cell[]): readonly Cell[] {
  const cells = after.map((cell, i) => {
    const old = before?.[i]
    return old !== undefined && sameCell(old, cell) ? old : cell
  })
  return kept(before, cells)
}

function keptTable(before: TableBlock | undefined, after: TableBlock): TableBlock {
  if (before === undefined) return after
  const old = new Map(rowKeys(before.rows).map((key, i) => [key, before.rows[i]]))
  const keys = rowKeys(after.rows)
  const rows = after.rows.map((row, i) => keptRow(old.get(keys[i] ?? ''), row))
  const columns =
    JSON.stringify(before.columns) === JSON.stringify(after.columns) ? before.columns : after.columns
  return { kind: 'table', columns, rows: kept(before.rows, rows) }
}

function keptFields(before: readonly Field[], after: readonly Field[]): readonly Field[] {
  const old = new Map(before.map(item => [item.label, item]))
  const items = after.map(item => {
    const one = old.get(item.label)
    return one !== undefined && sameCell(one, item) ? one : item
  })
  return kept(before, items)
}

/** The new blocks of a panel, which share unchanged parts with the blocks shown before. */
export function keptBlocks(before: readonly Block[], after: readonly Block[]): readonly Block[] {
  return after.map((block, i) => {
    const old = before[i]
    if (block.kind === 'table') return keptTable(old?.kind === 'table' ? old : undefined, block)
    if (block.kind === 'fields')
      return old?.kind === 'fields' ? { kind: 'fields', items: keptFields(old.items, block.items) } : block
    return old?.kind === 'text' && old.text === block.text && old.tone === block.tone ? old : block
  })
}

export function shownPanel(
  panel: ClientPanel,
  before: ShownPanel | null,
  nowMs: number,
  isFirstBoard: boolean,
): ShownPanel {
  const blocks = blocksFrom(panel.blocks, panel.lines)
  return {
    ...panel,
    tone: isTone(panel.tone) ? panel.tone : 'info',
    blocks: before === null ? blocks : keptBlocks(before.blocks, blocks),
    changedAtMs: nowMs,
    seenToChange: !isFirstBoard,
  }
}
