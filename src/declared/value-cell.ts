// The cell of a value: its text, number, unit and tone. `—` where the document says nothing; the reason where something failed.
import { textCell } from '../panels/cells.js'
import { MISSING, timeOfDay } from '../panels/format.js'
import type { Cell, Tone } from '../panels/panel.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { timeMs } from '../snapshot/time.js'
import { decimal } from '../snapshot/value.js'
import type { SourceZone } from '../snapshot/zone.js'
import type { Item } from './compile.js'
import type { Evaluated } from './expression.js'
import { isFalsy, isObject } from './json-value.js'
import { isReached } from './threshold.js'
import { booleanTone, wordTone } from './tones.js'
import { numberText, TIME } from './unit.js'

export type CellContext = {
  readonly nowMs: number
  readonly timezone: string
  /** The zone of times that name none. */
  readonly sourceZone: SourceZone
}

const MUTED: Cell = { text: MISSING, tone: 'muted' }
const REASON_WIDTH = 80
/** Items of a list that a cell shows. */
const MAX_ITEMS = 8

export type MadeCell = {
  readonly cell: Cell
  /** Why the expression fails. */
  readonly failure: string | null
}

export function cellOf(item: Item, evaluated: Evaluated, context: CellContext): MadeCell {
  if (!evaluated.ok) return failed(evaluated.message)
  const { value } = evaluated
  if (value === null) return { cell: MUTED, failure: null }
  const cell = item.unit === TIME ? timeCell(item, value, context) : plainCell(item, value)
  if (item.thresholdFault === null || cell.text === MISSING) return { cell, failure: null }
  const text = `${cell.text} (${shownText(item.thresholdFault, REASON_WIDTH)})`
  return { cell: { ...cell, text, tone: 'muted' }, failure: null }
}

function failed(why: string): MadeCell {
  const cell: Cell = { text: `${MISSING} (${shownText(why, REASON_WIDTH)})`, tone: 'muted' }
  return { cell, failure: why }
}

function plainCell(item: Item, value: unknown): Cell {
  const number = numberIn(item, value)
  if (number !== null) return numberCell(item, number)
  if (typeof value === 'string') {
    const cell = textCell(value, undefined, MESSAGE_WIDTH)
    return cell.text === MISSING ? MUTED : toned(cell, textTone(item, value))
  }
  if (typeof value === 'boolean') return toned({ text: String(value) }, truthTone(item, value))
  return listCell(value)
}

/** Text that is a number counts as one where the file says what its numbers mean. */
function numberIn({ unit, warn, error, hasHistory }: Item, value: unknown): number | null {
  if (typeof value === 'number') return value
  const isMeant = unit !== null || hasHistory || [warn, error].some(each => typeof each?.limit === 'number')
  return isMeant && typeof value === 'string' ? decimal(value) : null
}

function numberCell(item: Item, value: number): Cell {
  const { unit } = item
  const text = numberText(value, unit)
  const tone = thresholdTone(item, value)
  const cell: Cell = { text, value: unit === 'ratio' ? value * 100 : value }
  return toned(unit === null ? cell : { ...cell, unit: unit === 'ratio' ? '%' : unit }, tone)
}

/** By thresholds: ok when one is given and none is reached. */
function thresholdTone({ warn, error }: Item, value: number | string | boolean): Tone | null {
  let tone: Tone | null = null
  for (const [threshold, bad] of [
    [error, 'error'],
    [warn, 'warn'],
  ] as const) {
    if (threshold === null) continue
    const reached = isReached(threshold, value)
    if (reached === true) return bad
    if (reached === false) tone = 'ok'
  }
  return tone
}

function textTone(item: Item, value: string): Tone | null {
  const byThreshold = thresholdTone(item, value)
  if (byThreshold === 'error' || byThreshold === 'warn' || !item.isState) return byThreshold
  const name = item.names.at(-1) ?? ''
  return wordTone(value, name, item.words) ?? byThreshold ?? 'muted'
}

function truthTone(item: Item, value: boolean): Tone | null {
  return thresholdTone(item, value) ?? booleanTone(value, item.names, item.words)
}

function toned(cell: Cell, tone: Tone | null): Cell {
  return tone === null ? cell : { ...cell, tone }
}

function listCell(value: unknown): Cell {
  if (isFalsy(value)) return MUTED
  if (!Array.isArray(value)) return { text: `${isObject(value) ? Object.keys(value).length : 0} members` }
  const isPlain = value.every(item => typeof item !== 'object' || item === null)
  if (!isPlain) return { text: `${value.length} items` }
  const shown = value.slice(0, MAX_ITEMS).map(item => (item === null ? MISSING : String(item)))
  const more = value.length > MAX_ITEMS ? [`${value.length - MAX_ITEMS} more`] : []
  return textCell([...shown, ...more].join(', '), undefined, MESSAGE_WIDTH)
}

function timeCell(item: Item, value: unknown, { nowMs, timezone, sourceZone }: CellContext): Cell {
  const atMs = momentOf(value, sourceZone)
  if (atMs === 'never') return { text: 'never' }
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

const days = new Map<string, Intl.DateTimeFormat>()
const MAX_ZONES = 16

/** `2026-11-29 15:40:10` in the time zone of the board. */
function momentText(atMs: number, timezone: string): string {
  let day = days.get(timezone)
  if (day === undefined) {
    if (days.size === MAX_ZONES) days.clear()
    day = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' })
    days.set(timezone, day)
  }
  return `${day.format(atMs)} ${timeOfDay(atMs, timezone)}`
}
