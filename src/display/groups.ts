// Groups within a panel: long tables of name and value, and fields that share their last word, are easier to read apart.
import type { Block, Field } from '../panels/panel.js'
import { capital, labelOf } from './label.js'

export type GroupItem = {
  readonly field: Field
  /** The words to show: short within a group. */
  readonly label: string
  /** The unit that the key names. */
  readonly unit: string | null
}

export type Group = {
  /** Null for what belongs to no group. */
  readonly title: string | null
  readonly items: readonly GroupItem[]
}

function itemOf(field: Field, panelKey: string | undefined): GroupItem {
  const { label, unit } = labelOf(field.label, panelKey)
  return { field, label, unit }
}

/** A table of `sink, metric, value` as one group for each sink; null for another table. Its key names the panel for labels. */
export function groupsOf(block: Block, panelKey?: string): readonly Group[] | null {
  if (block.kind !== 'table' || block.columns.length !== 3 || block.rows.length === 0) return null
  if (block.columns[2]?.label.toLowerCase() !== 'value') return null
  const groups = new Map<string, GroupItem[]>()
  for (const [sink, metric, value] of block.rows) {
    if (sink === undefined || metric === undefined || value === undefined) return null
    const item = itemOf({ ...value, label: metric.text }, panelKey)
    const items = groups.get(sink.text)
    if (items === undefined) groups.set(sink.text, [item])
    else items.push(item)
  }
  // As many groups as rows are a table.
  if (groups.size === block.rows.length && groups.size > 1) return null
  return [...groups].map(([title, items]) => ({ title: capital(title), items }))
}

const LEAST_SHARED = 3

/** The word that a label shares, with its unit: only alike numbers stand together. */
function sharedOf({ label, unit, field }: GroupItem): string | null {
  const at = label.lastIndexOf(' ')
  return field.value === undefined
    ? null
    : `${at < 0 ? label.toLowerCase() : label.slice(at + 1)} ${unit ?? ''}`
}

/** Fields that share their last word (`*_shards`, 3 or more) as groups in which labels lack it; the others first. */
export function groupFields(items: readonly Field[], panelKey?: string): readonly Group[] {
  const all = items.map(field => itemOf(field, panelKey))
  const bySharedWord = new Map<string, GroupItem[]>()
  for (const item of all) {
    const shared = sharedOf(item)
    if (shared === null) continue
    const alike = bySharedWord.get(shared)
    if (alike === undefined) bySharedWord.set(shared, [item])
    else alike.push(item)
  }
  const groups: Group[] = []
  const grouped = new Set<GroupItem>()
  for (const alike of bySharedWord.values()) {
    if (alike.length < LEAST_SHARED) continue
    const [word = ''] = alike.flatMap(({ label }) => label.slice(label.lastIndexOf(' ') + 1))
    groups.push({
      title: capital(word),
      items: alike.map(item => ({ ...item, label: shortLabel(item.label) })),
    })
    for (const item of alike) grouped.add(item)
  }
  const others = all.filter(item => !grouped.has(item))
  return others.length === 0 ? groups : [{ title: null, items: others }, ...groups]
}

/** Without its last word; a single word stays. */
function shortLabel(label: string): string {
  const at = label.lastIndexOf(' ')
  return at < 0 ? label : label.slice(0, at)
}
