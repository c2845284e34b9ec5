// History for a person at a terminal: a line for each series, and one for each verdict.
import { shortDuration } from '../display/age.js'
import { rangeOf } from '../display/range.js'
import { MISSING, timeOfDay } from '../panels/format.js'
import type { HistoryDocument, VerdictLogDocument } from '../protocol/history.js'
import { offsetMs } from '../snapshot/zone.js'
import { dayOf } from './verdict-log.js'

const WIDTH = 60
const LEVELS = '▁▂▃▄▅▆▇█'
/** The same without UTF-8. */
const ASCII_LEVELS = '_.-=+*%#'

export type TextStyle = { readonly timezone: string; readonly hasUtf8: boolean }

function spark(values: readonly (number | null)[], hasUtf8: boolean): string {
  const range = rangeOf(values, '')
  const levels = hasUtf8 ? LEVELS : ASCII_LEVELS
  const part = Math.max(1, Math.ceil(values.length / WIDTH))
  const last = Array.from({ length: Math.ceil(values.length / part) }, (_, i) =>
    values.slice(i * part, (i + 1) * part).findLast(value => value !== null),
  )
  return last
    .map(value => {
      if (value == null || range === null) return ' '
      const share = range.high === range.low ? 0 : (value - range.low) / (range.high - range.low)
      return levels.charAt(Math.round(Math.min(1, Math.max(0, share)) * (levels.length - 1)))
    })
    .join('')
}

/** `indices.NIFTY.ltp  ▁▂▅█  24 488.1 to 24 512.3, last 24 512.3` */
export function historyText(document: HistoryDocument, { timezone, hasUtf8 }: TextStyle): string {
  const { from, step_sec: stepSec, since, series, unknown } = document
  const count = Math.max(0, ...series.map(({ values }) => values.length))
  const endMs = from + Math.max(0, count - 1) * stepSec * 1000
  const isOneDay = localDay(from, timezone) === localDay(endMs, timezone)
  const time = (atMs: number): string =>
    `${isOneDay ? '' : `${localDay(atMs, timezone)} `}${timeOfDay(atMs, timezone)}`
  const width = Math.max(0, ...series.map(({ id }) => id.length))
  const lines = series.map(({ id, values, min = values, max = values }) => {
    const known = values.filter(value => value !== null)
    const least = min.filter(value => value !== null)
    const greatest = max.filter(value => value !== null)
    const numbers =
      known.length === 0
        ? 'no value'
        : `${Math.min(...least)} to ${Math.max(...greatest)}, last ${known.at(-1) ?? MISSING}`
    return `${id.padEnd(width)}  ${spark(values, hasUtf8)}  ${numbers}`
  })
  return [
    `${time(from)} to ${time(endMs)}, a value every ${stepSec % 60 === 0 ? `${stepSec / 60} min` : `${stepSec} s`}`,
    ...lines,
    ...unknown.map(
      name => `${name}: no such series (ids are in docs/reference/events.md; labels are PANEL/ROW/COLUMN)`,
    ),
    ...(since !== null && since > from ? [`kept since ${time(since)}`] : []),
    '',
  ].join('\n')
}

const localDay = (atMs: number, timezone: string): string => dayOf(atMs + offsetMs(timezone, atMs))

const percent = (value: number | null): string => (value === null ? MISSING : `${value.toFixed(2)} %`)

export function verdictsText(
  { verdicts, days, weeks = [] }: VerdictLogDocument,
  { timezone }: TextStyle,
): string {
  const rows = verdicts.map(({ word, reasons, from, to, lasted_sec: sec }) => {
    const lasted = `${shortDuration(sec * 1000)}${to === null ? ' so far' : ''}`
    const why = reasons.length === 0 ? '' : `  ${reasons.join('; ')}`
    return `${localDay(from, timezone)} ${timeOfDay(from, timezone)}  ${word.padEnd(9)}  ${lasted.padEnd(14)}${why}`
  })
  const uptime = days.map(({ day, uptime_pct: pct }) => `${day}  uptime ${percent(pct)}`)
  const ofWeeks = weeks.map(({ from, uptime_pct: pct }) => `week of ${from}  uptime ${percent(pct)}`)
  return [...rows, ...uptime, ...ofWeeks, ''].join('\n')
}
