// Numbers as a person reads them: grouped as the setting says, with a true minus, and apart from their unit. Only where a cell has
// a value: the text of an id, a version or a date is never changed.
import type { Cell } from '../panels/panel.js'

/** `plain`: no grouping. `en`: 1,234,567.00. `en-IN`: 12,34,567.00. */
export const NUMBER_FORMATS = ['plain', 'en', 'en-IN'] as const
export type NumberFormat = (typeof NUMBER_FORMATS)[number]

export type NumberText = { readonly number: string; readonly unit: string }

const MINUS = '−'
/** Sign, whole digits, decimals and exponent. */
const NUMBER = /^([+\-−]?)(\d+)((?:\.\d+)?)((?:e[+-]?\d+)?)/u
/** What may follow a number as its unit; anything else makes the text more than a number. */
const UNIT = /^ ?(?:%|°C|°F|[a-zµ]{1,4}|[a-z]{0,4}i?B)?(?:\/[a-z]{1,5}| ago)?$/iu

/** Digits of a group before the last three. */
const GROUP: Readonly<Record<Exclude<NumberFormat, 'plain'>, number>> = { en: 3, 'en-IN': 2 }

export function groupedDigits(digits: string, format: NumberFormat): string {
  if (format === 'plain' || digits.length <= 3) return digits
  const groups = [digits.slice(-3)]
  for (let end = digits.length - 3; end > 0; end -= GROUP[format])
    groups.unshift(digits.slice(Math.max(0, end - GROUP[format]), end))
  return groups.join(',')
}

/** The parts of a cell that is one number; null for any other text. */
export function numberParts(
  { text, value, unit = '' }: Pick<Cell, 'text' | 'value' | 'unit'>,
  format: NumberFormat,
): NumberText | null {
  if (value === undefined || unit === 'time') return null
  const [whole = '', sign = '', digits, decimals = '', exponent = ''] = NUMBER.exec(text) ?? []
  const rest = text.slice(whole.length)
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
