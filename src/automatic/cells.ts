// Cells of an automatic board: a value's text, number, unit and tone.
import { MISSING, plainNumber } from '../panels/format.js'
import type { Block, Cell } from '../panels/panel.js'
import type { StateTone } from '../panels/state-words.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import {
  type ExtraWords,
  flagOf,
  flagTone,
  type Surroundings,
  saysAProblem,
  stateAt,
  statusTone,
  wordTone,
} from './judge.js'
import type { Path } from './leaves.js'
import { ANY, stateNameOf } from './names.js'
import { numberCellOf, textCellOf, type UnitContext } from './units.js'

export type CellContext = UnitContext & {
  readonly words: ExtraWords
  /** Called with each state word that is in no table. */
  readonly onUnknown: (word: string) => void
}

/** Elements of a list of scalars that are shown. */
const MAX_LISTED = 8

function listCell(list: readonly unknown[]): Cell {
  const shown = list.slice(0, MAX_LISTED).map(element => {
    if (typeof element === 'string') return element.slice(0, MESSAGE_WIDTH)
    if (typeof element === 'number') return plainNumber(element)
    return typeof element === 'boolean' ? yesOrNo(element) : '…'
  })
  const more = list.length > MAX_LISTED ? `, ${list.length - MAX_LISTED} more` : ''
  return { text: `${shownText(shown.join(', '), MESSAGE_WIDTH)}${more}` }
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no')

/** A value without its tone. */
export function plainCell(value: unknown, path: Path, context: UnitContext): Cell {
  if (typeof value === 'number') return numberCellOf(value, path, context)
  if (typeof value === 'string') return textCellOf(value, path, context)
  if (typeof value === 'boolean') return { text: yesOrNo(value) }
  return Array.isArray(value) ? listCell(value) : { text: MISSING }
}

/** The name that a path ends with, without `*`. */
export function nameOf(path: Path): string {
  for (let at = path.length - 1; at >= 0; at--) if (path[at] !== ANY) return path[at] ?? ''
  return ''
}

/** The tone of a value by its name and what is next to it; undefined where it says nothing. */
export function toneOfValue(
  value: unknown,
  path: Path,
  around: Surroundings,
  context: CellContext,
): StateTone | undefined {
  const flag = flagOf(value)
  if (flag !== null) {
    // The members of a map of states, by names that are data.
    if (path.at(-1) === ANY && stateNameOf(path) !== null) return flag ? 'ok' : 'error'
    const name = nameOf(path)
    return statusTone(name, value) ?? flagTone(name, flag, around)
  }
  const state = stateAt(path, value)
  if (state === null) return saysAProblem(nameOf(path), value) ? 'warn' : undefined
  const { tone, isUnknown } = wordTone(state, around, context.words)
  if (isUnknown === true) context.onUnknown(shownText(state.word, 40))
  return tone
}

export function withTone(cell: Cell, tone: Cell['tone']): Cell {
  return tone === undefined ? cell : { ...cell, tone }
}

/** How many there are in addition to those that are shown. */
export function more(count: number, what: string): readonly Block[] {
  if (count <= 0) return []
  return [{ kind: 'text', text: `${count} more ${what}${count === 1 ? '' : 's'} not shown`, tone: 'muted' }]
}
