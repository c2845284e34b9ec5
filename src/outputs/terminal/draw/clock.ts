// The clock of the bar with the name of its zone, and the day of a time that is not today.
import { timeOfDay } from '../../../panels/format.js'

/** Formats are kept: Intl takes 100 µs to make one. A full cache is emptied. */
const MAX_KEPT = 16

function keeper<T>(make: (timezone: string) => T): (timezone: string) => T {
  const kept = new Map<string, T>()
  return timezone => {
    const known = kept.get(timezone)
    if (known !== undefined) return known
    if (kept.size === MAX_KEPT) kept.clear()
    const made = make(timezone)
    kept.set(timezone, made)
    return made
  }
}

/** Each knows the short names of its own part of the world; elsewhere it says `GMT+5:30`. */
const LOCALES = ['en-IN', 'en-US', 'en-GB', 'en-AU'] as const

const zoneFormats = keeper(timeZone =>
  LOCALES.map(locale => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' })),
)

function zoneNameAt(atMs: number, timezone: string): string {
  const names = zoneFormats(timezone).map(
    format => format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? timezone,
  )
  return names.find(name => !/^GMT[+−-]/.test(name)) ?? names[0] ?? timezone
}

/** No zone changes its offset within an hour of the clock more than once; the name is asked for once a quarter. */
const QUARTER_MS = 15 * 60_000
const zoneNames = keeper(() => ({ quarter: Number.NaN, name: '' }))

/** `IST`, `CEST`, `UTC`, `GMT+5:45`. */
export function zoneName(atMs: number, timezone: string): string {
  const known = zoneNames(timezone)
  const quarter = Math.floor(atMs / QUARTER_MS)
  if (known.quarter !== quarter) {
    known.quarter = quarter
    known.name = zoneNameAt(atMs, timezone)
  }
  return known.name
}

/** `14:16:32 IST`. */
export function clockText(atMs: number, timezone: string): string {
  return `${timeOfDay(atMs, timezone)} ${zoneName(atMs, timezone)}`
}

const dayFormats = keeper(
  timeZone => new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short' }),
)
/** Longer ago (or ahead), the year counts. */
const HALF_YEAR_MS = 183 * 86_400_000
const yearFormats = keeper(timeZone => new Intl.DateTimeFormat('en-GB', { timeZone, year: 'numeric' }))

/** `30 Jan`; empty when it is the day of `nowMs`. */
export function dayBefore(atMs: number, nowMs: number, timezone: string): string {
  // Dates that Intl does not know.
  if (!(Math.abs(atMs) <= 8.64e15)) return ''
  const day = dayFormats(timezone).format(atMs)
  if (Math.abs(nowMs - atMs) > HALF_YEAR_MS) return `${day} ${yearFormats(timezone).format(atMs)}`
  return day === dayFormats(timezone).format(nowMs) ? '' : day
}

/** A moment as a time of day, with its day when that is not today. */
export function momentText(atMs: number, nowMs: number, timezone: string): string {
  const day = dayBefore(atMs, nowMs, timezone)
  return day === '' ? timeOfDay(atMs, timezone) : `${day} ${timeOfDay(atMs, timezone)}`
}
