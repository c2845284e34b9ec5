// The cell of a value: its text, number, unit and tone. `—` where the document says nothing; the reason where something failed.
import { plainCell as automaticCell } from '../automatic/cells.js'
import { momentText, NEVER, type UnitContext } from '../automatic/units.js'
import { textCell } from '../panels/cells.js'
import { MISSING } from '../panels/format.js'
import type { Cell, Tone } from '../panels/panel.js'
import { shownText } from '../panels/text.js'
import { timeMs } from '../snapshot/time.js'
import { decimal } from '../snapshot/value.js'
import type { SourceZone } from '../snapshot/zone.js'
import type { Item } from './compile.js'
import { Failure } from './expression.js'
import { isFalsy, isObject } from './json-value.js'
import { isReached } from './threshold.js'
import { toneOfBoolean, toneOfWord } from './tones.js'
import { converted, numberText, TIME } from './unit.js'

export type CellContext = UnitContext & { readonly nowMs: number }

const MUTED: Cell = { text: MISSING, tone: 'muted' }
const NOTHING: MadeCell = { cell: MUTED, failure: null }
const REASON_WIDTH = 80

export type MadeCell = {
  readonly cell: Cell
  /** Why the expression fails. */
  readonly failure: string | null
  /** When its age reaches a threshold, epoch ms. */
  readonly untilMs?: number
}

/** `value`: of the item's expression; a Failure where it fails. */
export function cellOf(item: Item, value: unknown, context: CellContext): MadeCell {
  if (value instanceof Failure) return failed(value.message)
  if (value === null) return NOTHING
  const cell = item.unit === TIME ? timeCell(item, value, context) : plainCell(item, value, context)
  if (item.thresholdFault === null || cell.text === MISSING)
    return { cell, failure: null, ...agesPast(item, cell, context) }
  const text = `${cell.text} (${shownText(item.thresholdFault, REASON_WIDTH)})`
  return { cell: { ...cell, text, tone: 'muted' }, failure: null }
}

/** The tone of a number's cell, which needs no text. */
export function numberTone(item: Item, value: number): Tone | null {
  return item.thresholdFault === null ? thresholdTone(item, value) : 'muted'
}

/** When the age of a time reaches its next threshold. */
function agesPast(
  { unit, warn, error }: Item,
  { value }: Cell,
  { nowMs }: CellContext,
): { untilMs?: number } {
  if (unit !== TIME || value === undefined) return {}
  const moments = [warn, error].flatMap(each =>
    typeof each?.limit === 'number' ? [value + each.limit + 1] : [],
  )
  const next = moments.filter(atMs => atMs > nowMs)
  return next.length === 0 ? {} : { untilMs: Math.min(...next) }
}

function failed(why: string): MadeCell {
  const cell: Cell = { text: `${MISSING} (${shownText(why, REASON_WIDTH)})`, tone: 'muted' }
  return { cell, failure: why }
}

function plainCell(item: Item, value: unknown, context: CellContext): Cell {
  const number = numberIn(item, value, context)
  if (number !== null) return numberCell(item, number, context)
  if (typeof value === 'string') {
    const cell = bareCell(item, value, context)
    return cell.text === MISSING ? MUTED : toned(cell, textTone(item, value))
  }
  if (typeof value === 'boolean') return toned(bareCell(item, value, context), truthTone(item, value))
  return isFalsy(value) ? MUTED : manyCell(item, value, context)
}

/** As an automatic board shows it: what the name says about the unit counts. */
function bareCell({ names }: Item, value: unknown, context: CellContext): Cell {
  return automaticCell(value, names.slice(1), context)
}

/** A number, or a text that is one where the file says what its numbers mean. */
function numberIn(item: Item, value: unknown, context: CellContext): number | null {
  const { unit, warn, error, hasHistory } = item
  if (typeof value === 'number') return value
  const isMeant = unit !== null || hasHistory || [warn, error].some(each => typeof each?.limit === 'number')
  if (!isMeant || typeof value !== 'string') return null
  const plain = decimal(value)
  if (plain !== null) return plain
  // `85.5 %`, `1.21GiB`
  const cell = bareCell(item, value, context)
  if (cell.value === undefined || cell.unit === undefined || unit === null) return null
  return converted(cell.value, cell.unit, unit)
}

function numberCell(item: Item, value: number, context: CellContext): Cell {
  const { unit } = item
  const tone = thresholdTone(item, value)
  if (unit === null) return toned(bareCell(item, value, context), tone)
  const percent = unit === 'ratio' ? converted(value, unit, '%') : null
  const amount = percent === null ? { value, unit } : { value: percent, unit: '%' }
  return toned({ text: numberText(value, unit), ...amount }, tone)
}

/** By thresholds: ok when one is given and none is reached. */
function thresholdTone({ warn, error }: Item, value: number | string | boolean): Tone | null {
  const isError = error === null ? null : isReached(error, value)
  if (isError === true) return 'error'
  const isWarn = warn === null ? null : isReached(warn, value)
  if (isWarn === true) return 'warn'
  return isError === false || isWarn === false ? 'ok' : null
}

function textTone(item: Item, value: string): Tone | null {
  const byThreshold = thresholdTone(item, value)
  if (byThreshold === 'error' || byThreshold === 'warn' || !item.isState) return byThreshold
  return toneOfWord(value, item.names, item.words, item.around) ?? byThreshold ?? 'muted'
}

function truthTone(item: Item, value: boolean): Tone | null {
  return thresholdTone(item, value) ?? toneOfBoolean(value, item.names, item.words)
}

function toned(cell: Cell, tone: Tone | null): Cell {
  return tone === null ? cell : { ...cell, tone }
}

function manyCell(item: Item, value: unknown, context: CellContext): Cell {
  if (!Array.isArray(value)) return { text: `${isObject(value) ? Object.keys(value).length : 0} members` }
  const isPlain = value.every(each => typeof each !== 'object' || each === null)
  return isPlain ? bareCell(item, value, context) : { text: `${value.length} items` }
}

function timeCell(item: Item, value: unknown, { nowMs, timezone, sourceZone = null }: CellContext): Cell {
  const atMs = momentOf(value, sourceZone)
  if (atMs === 'never') return { text: NEVER }
  if (atMs === null) return textCell(typeof value === 'object' ? null : String(value), 'muted')
  const cell = { text: momentText(atMs, timezone), value: atMs, unit: TIME }
  return toned(cell, thresholdTone(item, nowMs - atMs))
}

/** From these on, a number counts ms, µs or ns; 1e11 s is the year 5138. */
const [FIRST_MS, FIRST_US, FIRST_NS] = [1e11, 1e14, 1e17]
/** Writers in Go write this for a time that never was. */
const NO_TIME = /^0001-01-01/

function momentOf(value: unknown, zone: SourceZone): number | 'never' | null {
  if (typeof value === 'string') {
    if (NO_TIME.test(value)) return 'never'
    const number = decimal(value)
    // Nanoseconds are more than any clock shows.
    return number === null ? timeMs(value.replace(/(\.\d{9})\d+/, '$1'), zone) : momentOf(number, zone)
  }
  if (typeof value !== 'number') return null
  if (value === 0) return 'never'
  if (value >= FIRST_NS) return bounded(value / 1e6)
  if (value >= FIRST_US) return bounded(value / 1e3)
  return bounded(value >= FIRST_MS ? value : value * 1e3)
}

function bounded(ms: number): number | null {
  return ms > 0 && ms < 253_402_300_800_000 ? Math.round(ms) : null
}
