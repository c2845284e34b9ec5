// What the plot can show: the numbers of a board that have facts, the cells of one column together. Pure.
import { labelOf } from '../../src/display/label.js'
import { numberParts } from '../../src/display/number-text.js'
import { factId } from '../../src/display/series.js'
import { isNotWell, toneRank } from '../../src/display/shape.js'
import type { Block, Cell, Tone } from '../state/panels.js'

export type Plottable = {
  readonly id: string
  /** The row; for a field the field. */
  readonly name: string
  readonly unit: string
  readonly decimals: number
  readonly tone: Tone | undefined
}

/** Lines that belong on one scale. */
export type PlotGroup = {
  /** The panel's title for a column, with the column; for a field the field. */
  readonly title: string
  readonly panelTitle: string
  readonly isColumn: boolean
  readonly members: readonly Plottable[]
}

type PanelWithBlocks = { readonly key: string; readonly title: string; readonly blocks: readonly Block[] }

/** Of a text in another unit (`2.41 s` for 2413 ms) they say nothing about the value. */
const OTHER_UNIT_DECIMALS = 2

function decimalsOf({ text, value = 0 }: Pick<Cell, 'text' | 'value'>, unit: string): number {
  const parts = numberParts({ text, value }, 'plain')
  const isOtherUnit =
    parts !== null && parts.unit !== '' && parts.unit.replace(/ ago$/, '') !== unit.replace(/ ago$/, '')
  if (isOtherUnit) return Number.isInteger(value) ? 0 : OTHER_UNIT_DECIMALS
  return /^[^\d]*\d+(?:\.(\d+))?/.exec(text)?.[1]?.length ?? 0
}

/** The id of the fact of a cell of this row. */
export function cellFact(panelKey: string, row: readonly Cell[], fact: string): string {
  return `${factId(panelKey, row[0]?.text ?? '')}.${fact}`
}

export const fieldFact = (panelKey: string, fact: string): string => `${factId(panelKey)}.${fact}`

/** A moment is no amount. */
const isPlotted = (unit: string): boolean => unit !== 'time'

function groupsOfBlock({ key, title }: PanelWithBlocks, block: Block): readonly PlotGroup[] {
  if (block.kind === 'fields')
    return block.items.flatMap(({ label, text, value, unit, tone, fact }) => {
      if (fact === undefined || value === undefined) return []
      const words = labelOf(label, key)
      const shownUnit = unit ?? words.unit ?? ''
      const member = {
        id: fieldFact(key, fact),
        name: words.label,
        unit: shownUnit,
        decimals: decimalsOf({ text, value }, shownUnit),
        tone,
      }
      return isPlotted(member.unit)
        ? [{ title: words.label, panelTitle: title, isColumn: false, members: [member] }]
        : []
    })
  if (block.kind !== 'table') return []
  return block.columns.flatMap(({ label, fact, unit: columnUnit }, i) => {
    if (fact === undefined) return []
    const words = labelOf(label, key)
    const members = block.rows.flatMap(row => {
      const cell = row[i]
      if (cell?.value === undefined) return []
      const unit = cell.unit ?? columnUnit ?? words.unit ?? ''
      const { tone } = cell
      return [
        {
          id: cellFact(key, row, fact),
          name: row[0]?.text ?? '',
          unit,
          decimals: decimalsOf(cell, unit),
          tone,
        },
      ]
    })
    return members.length > 0 && isPlotted(members[0]?.unit ?? '')
      ? [{ title: words.label, panelTitle: title, isColumn: true, members }]
      : []
  })
}

export function plotGroups(panels: Iterable<PanelWithBlocks>): readonly PlotGroup[] {
  return [...panels].flatMap(panel => panel.blocks.flatMap(block => groupsOfBlock(panel, block)))
}

/** Rows that are asked whether they move. */
const ASKED = 32

/** Whether it is worth a line that does not move: a share is, and amounts of several rows are; `nodes: 5` is not. */
function saysMuch({ isColumn, members }: PlotGroup): boolean {
  if (isColumn && members.length > 1) return members.some(({ unit, decimals }) => unit !== '' || decimals > 0)
  return members[0]?.unit === '%'
}

/**
 * The group shown: that of the chosen number; else the first column that moves; else the worst field, or the first field that moves; else the
 * first that says something by standing still. Null where there is none.
 */
export function shownGroup(
  groups: readonly PlotGroup[],
  chosen: string | null,
  moves: (id: string) => boolean,
): PlotGroup | null {
  const isMoving = ({ members }: PlotGroup): boolean => members.slice(0, ASKED).some(({ id }) => moves(id))
  const fields = groups.filter(({ isColumn }) => !isColumn)
  const toneOf = ({ members }: PlotGroup): Tone | undefined => members[0]?.tone
  const [worst] = fields
    .filter(group => isNotWell(toneOf(group)))
    .sort((a, b) => toneRank(toneOf(a)) - toneRank(toneOf(b)))
  return (
    groups.find(({ members }) => members.some(({ id }) => id === chosen)) ??
    groups.find(group => group.isColumn && group.members.length > 1 && isMoving(group)) ??
    worst ??
    fields.find(isMoving) ??
    groups.find(saysMuch) ??
    null
  )
}
