// Numbers as a person reads them: grouped as the setting says, with a true minus, and apart from their unit. Only where a cell has
// a value: the text of an id, a version or a date is never changed.
import type { Cell } from '../panels/panel.js'

/** `plain`: no grouping. `en`: 1,234,567.00. `en-IN`: 12,34,567.00. */
export const NUMBER_FORMATS = ['plain', 'en', 'en-IN'] as const
export type NumberFormat = (typeof NUMBER_FORMATS)[number]

export type NumberText = { readonly number: string; readonly unit: string }

const MINUS = '−'
/** Sign, whole digits, decimals with an exponent, and what follows. */
const NUMBER = /^([+\-−]?)(\d+)((?:\.\d+)?)((?:e[+-]?\d+)?)(.*)$/su
/** What may follow a number as its unit; anything else makes the text more than a number. */
const UNIT = /^ ?(?:%|°C|°F|[a-zµ]{1,4}|[a-z]{0,4}i?B)?(?:\/[a-z]{1,5}| ago)?$/iu

/** `en-IN`: the last three digits, then pairs. */
const GROUPS: Readonly<Record<NumberFormat, RegExp | null>> = {
  plain: null,
  en: /\B(?=(?:\d{3})+$)/g,
  'en-IN': /\B(?=(?:\d{2})*\d{3}$)/g,
}

export function groupedDigits(digits: string, format: NumberFormat): string {
  const between = GROUPS[format]
  return between === null ? digits : digits.replace(between, ',')
}

/** The parts of a cell that is one number; null for any other text. */
export function numberParts(
  { text, value, unit = '' }: Pick<Cell, 'text' | 'value' | 'unit'>,
  format: NumberFormat,
): NumberText | null {
  if (value === undefined || unit === 'time') return null
  const [, sign = '', digits, decimals = '', exponent = '', rest = ''] = NUMBER.exec(text) ?? []
  if (digits === undefined || (!UNIT.test(rest) && rest.trim() !== unit)) return null
  const shown = exponent === '' ? groupedDigits(digits, format) : digits
  return {
    number: `${sign === '-' ? MINUS : sign}${shown}${decimals}${exponent.replace('-', MINUS)}`,
    unit: rest.trim() || unit,
  }
}

/** A cell's text in two parts. Text that is not one number is `number` as it is, without a unit. */
export function groupedText(cell: Pick<Cell, 'text' | 'value' | 'unit'>, format: NumberFormat): NumberText {
  return numberParts(cell, format) ?? { number: cell.text, unit: '' }
}

/** A number that a surface computed itself, such as a label of an axis. */
export function numberText(value: number, decimals: number, format: NumberFormat): string {
  if (!Number.isFinite(value)) return '—'
  // + 0 turns -0 into 0.
  const text = String(Number(value.toFixed(decimals)) === 0 ? (0).toFixed(decimals) : value.toFixed(decimals))
  return groupedText({ text, value }, format).number
}
