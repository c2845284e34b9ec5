// Cells and fields from values: text is cleaned and clipped here, so no builder can forget it.
import { MISSING } from './format.js'
import type { Block, Cell, Field, Tone } from './panel.js'
import { shownText } from './text.js'

/** Text from the status; blank or null is `—`. */
export function textCell(text: string | null, tone?: Tone, columns?: number): Cell {
  const shown = text === null ? '' : shownText(text, columns)
  const cell = { text: shown === '' ? MISSING : shown }
  return tone === undefined ? cell : { ...cell, tone }
}

/** A number with the text it is shown as. */
export function numberCell(value: number | null, text: string, tone?: Tone): Cell {
  if (value === null) return { text: MISSING }
  return tone === undefined ? { text, value } : { text, value, tone }
}

export function field(label: string, cell: Cell): Field {
  return { label: shownText(label), ...cell }
}

export function fields(...items: readonly Field[]): Block {
  return { kind: 'fields', items }
}
