// Panels as the page shows them: blocks are parsed once, and unchanged parts stay the same objects, so that only changes are drawn.
import type { ClientPanel } from '../../client/index.js'
import type { Block, Cell, Field, Tone } from '../../src/panels/panel.js'
import { blocksFrom, isTone } from '../../src/panels/parse-panel.js'
import { rowKeys } from './row-keys.js'

export type { Block, Cell, Column, Field, Tone } from '../../src/panels/panel.js'

/** The text of a missing value. */
export const MISSING = '—'

export type ShownPanel = Omit<ClientPanel, 'blocks' | 'tone'> & {
  readonly tone: Tone
  readonly blocks: readonly Block[]
  /** When it last changed, epoch ms of this browser. */
  readonly changedAtMs: number
  /** False: unchanged since the page was opened. */
  readonly seenToChange: boolean
  /** Labels of fields that had a value since the page was opened: only these are shown while they have none. */
  readonly everKnown: ReadonlySet<string>
  /** Whether changed cells are highlighted; the same object for all states of a panel, so that it draws nothing again. */
  readonly wash: { on: boolean }
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

/** Cells and fields, and how many of them are not the ones before. */
function changesOf(
  before: readonly Block[],
  after: readonly Block[],
): { readonly all: number; readonly changed: number } {
  let all = 0
  let changed = 0
  const count = (old: readonly unknown[] | undefined, now: readonly unknown[]): void => {
    all += now.length
    for (const [i, each] of now.entries()) if (each !== old?.[i]) changed++
  }
  for (const [i, block] of after.entries()) {
    const old = before[i]
    if (block.kind === 'fields') count(old?.kind === 'fields' ? old.items : undefined, block.items)
    else if (block.kind === 'text') count([old], [block])
    else if (old?.kind === 'table' && old.rows === block.rows) all += block.rows.length * block.columns.length
    else
      for (const [at, row] of block.rows.entries())
        count(old?.kind === 'table' ? old.rows[at] : undefined, row)
  }
  return { all, changed }
}

/** Where more changed, what changed does not stand out. */
const MOST_CHANGED = 0.4

function isWashed(before: readonly Block[], after: readonly Block[]): boolean {
  const { all, changed } = changesOf(before, after)
  return changed <= 1 || changed <= all * MOST_CHANGED
}

/** Labels remembered for a panel; a board of another server must not fill the memory. */
const MAX_KNOWN = 256

function everKnown(before: ReadonlySet<string>, blocks: readonly Block[]): ReadonlySet<string> {
  const items = blocks.flatMap(block => (block.kind === 'fields' ? block.items : []))
  const fresh = items.flatMap(({ label, text }) => (text === MISSING || before.has(label) ? [] : [label]))
  return fresh.length === 0 || before.size > MAX_KNOWN ? before : new Set([...before, ...fresh])
}

/** The fields that are shown: not those that never had a value. */
export function shownItems(items: readonly Field[], known: ReadonlySet<string>): readonly Field[] {
  const isShown = ({ text, label }: Field): boolean => text !== MISSING || known.has(label)
  return items.every(isShown) ? items : items.filter(isShown)
}

/** Whether it has anything to show. */
export function isEmptyPanel({ blocks, everKnown: known }: ShownPanel): boolean {
  return blocks.every(block => {
    if (block.kind === 'fields') return shownItems(block.items, known).length === 0
    return block.kind === 'table' ? block.rows.length === 0 : block.text === ''
  })
}

const NOTHING_KNOWN: ReadonlySet<string> = new Set()

export function shownPanel(
  panel: ClientPanel,
  before: ShownPanel | null,
  nowMs: number,
  isFirstBoard: boolean,
): ShownPanel {
  const read = blocksFrom(panel.blocks, panel.lines)
  const blocks = before === null ? read : keptBlocks(before.blocks, read)
  const wash = before?.wash ?? { on: true }
  wash.on = before === null || isWashed(before.blocks, blocks)
  return {
    ...panel,
    tone: isTone(panel.tone) ? panel.tone : 'info',
    blocks,
    changedAtMs: nowMs,
    seenToChange: !isFirstBoard,
    everKnown: everKnown(before?.everKnown ?? NOTHING_KNOWN, blocks),
    wash,
  }
}
