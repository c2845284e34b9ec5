// A field, a column and a cell as page and terminal show them: words for the key, the number apart from its unit.
import type { Cell, Column, Field } from '../panels/panel.js'
import { type Label, labelOf } from './label.js'
import { groupedText, type NumberFormat, type NumberText } from './number-text.js'

export type ShownField = NumberText & { readonly label: string }

/** Numbers that are names: grouping would make them amounts. */
const NAMES = /\b(?:ids?|pid|port|year|version|build|code|zip|phone|serial)\b/i
const AGO = ' ago'

function formatOf(label: string, format: NumberFormat): NumberFormat {
  return NAMES.test(label) ? 'plain' : format
}

/** `words`: those of a group, which are shorter than the field's own. */
export function shownField(
  field: Field,
  format: NumberFormat,
  panelKey?: string,
  words: Label = labelOf(field.label, panelKey),
): ShownField {
  const { number, unit } = groupedText(field, formatOf(words.label, format))
  const isNumber = field.value !== undefined && number !== field.text ? true : isPlainNumber(number)
  return { label: words.label, number, unit: unitOf(field, isNumber, unit, words.unit) }
}

/** Whether the text is the number and nothing else, so that a unit may follow it. */
function isPlainNumber(text: string): boolean {
  return /^[+−-]?[\d,]+(?:\.\d+)?(?:e[−-]?\d+)?$/u.test(text)
}

/** The unit of the text wins, then the cell's, then that of the key; only behind a number. */
function unitOf({ value, unit }: Cell, isNumber: boolean, ofText: string, ofKey: string | null): string {
  if (value === undefined || unit === 'time' || !isNumber) return ofText
  const found = ofText || ofKey || ''
  const isAge = ofKey?.endsWith(AGO) === true && !found.endsWith(AGO)
  return isAge ? `${found}${AGO}` : found
}

export type ShownColumn = { readonly label: string; readonly unit: string }

/** The words of a head; the unit stands there once when its cells do not say it themselves. */
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
