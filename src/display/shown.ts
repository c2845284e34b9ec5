// A field, a column and a cell as page and terminal show them: words for the key, the number apart from its unit.
import type { Cell, Column, Field } from '../panels/panel.js'
import { type Label, labelOf } from './label.js'
import { groupedText, type NumberFormat, type NumberText, numberParts } from './number-text.js'

export type ShownField = NumberText & { readonly label: string }

/** Numbers that are names: grouping would make them amounts. */
const NAMES = /\b(?:ids?|pid|port|year|version|build|code|zip|phone|serial)\b/i
const AGO = ' ago'

function formatOf(label: string, format: NumberFormat): NumberFormat {
  return NAMES.test(label) ? 'plain' : format
}

/** The unit of the text or the cell, else that of the key; `s ago` where the key says that it is an age. */
function unitOf(ofCell: string, ofKey: string | null): string {
  const unit = ofCell || ofKey || ''
  return ofKey?.endsWith(AGO) === true && !unit.endsWith(AGO) ? `${unit}${AGO}` : unit
}

/** `words`: those of a group, which are shorter than the field's own. */
export function shownField(
  field: Field,
  format: NumberFormat,
  panelKey?: string,
  words: Label = labelOf(field.label, panelKey),
): ShownField {
  const { label } = words
  const parts = numberParts(field, formatOf(label, format))
  if (parts === null) return { label, number: field.text, unit: '' }
  return { label, number: parts.number, unit: unitOf(parts.unit, words.unit) }
}

export type ShownColumn = { readonly label: string; readonly unit: string }

/** The words of a head; the unit is shown there once when its cells do not say it themselves. */
export function shownColumn(column: Column, panelKey?: string): ShownColumn {
  const { label, unit } = labelOf(column.label, panelKey)
  const own = column.unit ?? unit ?? ''
  return { label, unit: own === 'time' ? '' : own }
}

/** A cell of a column: its unit only where it is not the column's. */
export function shownCell(cell: Cell, column: Column, format: NumberFormat, panelKey?: string): NumberText {
  const head = shownColumn(column, panelKey)
  const { number, unit } = groupedText(cell, formatOf(head.label, format))
  return { number, unit: unit === head.unit ? '' : unit }
}
