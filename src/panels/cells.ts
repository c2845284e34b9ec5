// Cells and fields from values. Text is cleaned and clipped here, so no builder can forget it.
//
// No object spread: a board has hundreds of cells, and in code that runs once a cycle a spread costs as much as ten members
// (`g6 bench cycle`).
import { MISSING } from './format.js'
import type { Block, Cell, Field, Tone } from './panel.js'
import { shownText } from './text.js'

/** Text from the status; `—` for blank text or null. */
export function textCell(text: string | null, tone?: Tone, columns?: number): Cell {
  const shown = text === null ? '' : shownText(text, columns)
  const content = shown === '' ? MISSING : shown
  return tone === undefined ? { text: content } : { text: content, tone }
}

/** A number and its text. */
export function numberCell(value: number | null, text: string, tone?: Tone): Cell {
  if (value === null) return { text: MISSING }
  return tone === undefined ? { text, value } : { text, value, tone }
}

/** What surfaces know of a field's number besides its text. */
type About = { readonly unit?: string; readonly fact?: string }

export function field(name: string, { text, value, unit, tone }: Cell, about?: About): Field {
  const made: { -readonly [Member in keyof Field]: Field[Member] } = { label: shownText(name), text }
  if (value !== undefined) {
    made.value = value
    const its = about?.unit ?? unit
    if (its !== undefined) made.unit = its
  }
  if (tone !== undefined) made.tone = tone
  // A number that is missing now still has its past.
  if (about?.fact !== undefined) made.fact = about.fact
  return made
}

/** How many there are besides those that are shown. */
export function moreBlocks(count: number, what: string): readonly Block[] {
  return count > 0 ? [{ kind: 'text', text: `${count} more ${what} not shown`, tone: 'muted' }] : []
}

/** Numbers by names from the status, which become ids of facts: two names that look the same are one. */
export function namedNumbers(numbers: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [shownText(name), value]))
}

export function fields(...items: readonly Field[]): Block {
  return { kind: 'fields', items }
}
