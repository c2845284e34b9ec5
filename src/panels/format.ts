// Values as text, the same on every surface. Null is always `—`.

/** The text of a missing value. */
export const MISSING = '—'

/** `1e21`, `-9.007e15`: at most four digits, no `+`. */
function exponential(value: number): string {
  const [digits, exponent] = value.toExponential(3).split('e')
  return `${Number(digits)}e${Number(exponent)}`
}

/** Larger numbers are not exact to the last digit. */
function isBeyondDigits(value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER
}

/**
 * With `decimals` decimals and no thousands separators. Numbers too large to be exact are `1e21`; a number other than 0 is never
 * shown as 0 but with two digits (`0.0012`, `1e-7`).
 */
export function fixed(value: number | null, decimals: number): string {
  if (value === null) return MISSING
  if (isBeyondDigits(value)) return exponential(value)
  const text = value.toFixed(decimals)
  if (Number(text) !== 0) return text
  return value === 0 ? (0).toFixed(decimals) : String(Number(value.toPrecision(2)))
}

/** The same with a sign, except for 0: `+0.05`, `-0.08`, `0.00`. */
export function signed(value: number | null, decimals: number): string {
  const text = fixed(value, decimals)
  return value !== null && value > 0 ? `+${text}` : text
}

/** Integers as they are, others with up to `decimals` decimals. */
export function plainNumber(value: number | null, decimals = 2): string {
  if (value === null) return MISSING
  if (isBeyondDigits(value)) return exponential(value)
  // + 0 turns -0 into 0.
  return String(Number.isInteger(value) ? value + 0 : Number(fixed(value, decimals)))
}

/** A text with its unit; a missing value has none. */
export function withUnit(text: string, unit: string): string {
  return text === MISSING ? text : `${text}${unit}`
}

/**
 * A zone's clock and its offset from UTC for stretches of time; `null` for a stretch in which the offset changes. Caches the
 * offset because Intl takes 30 µs for each text and every cycle has new seconds.
 */
type ZoneClock = { readonly format: Intl.DateTimeFormat; readonly offsetsSec: Map<number, number | null> }

/** Cached time zones, and stretches of each; a full cache is emptied. */
const MAX_ZONES = 16
const MAX_STRETCHES = 1024
/** No zone changes its offset twice within a stretch. */
const STRETCH_SEC = 15 * 60
const DAY_SEC = 24 * 60 * 60
const clocks = new Map<string, ZoneClock>()

function clockOf(timezone: string): ZoneClock {
  const known = clocks.get(timezone)
  if (known !== undefined) return known
  if (clocks.size === MAX_ZONES) clocks.clear()
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const made = { format, offsetsSec: new Map<number, number | null>() }
  clocks.set(timezone, made)
  return made
}

/** The offset of the zone at this second, in seconds of a day. */
function offsetSecAt(format: Intl.DateTimeFormat, second: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = format
    .format(second * 1000)
    .split(':')
    .map(Number)
  return (hours * 60 + minutes) * 60 + seconds - secondOfDay(second)
}

function secondOfDay(second: number): number {
  return ((second % DAY_SEC) + DAY_SEC) % DAY_SEC
}

/** Null where the offset changes within the stretch. */
function offsetSecIn({ format, offsetsSec }: ZoneClock, stretch: number): number | null {
  const known = offsetsSec.get(stretch)
  if (known !== undefined) return known
  const begin = stretch * STRETCH_SEC
  const atBegin = offsetSecAt(format, begin)
  // Either time may be past midnight.
  const isOne = secondOfDay(atBegin - offsetSecAt(format, begin + STRETCH_SEC - 1)) === 0
  if (offsetsSec.size === MAX_STRETCHES) offsetsSec.clear()
  offsetsSec.set(stretch, isOne ? atBegin : null)
  return isOne ? atBegin : null
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** `1h 30m` for 5400: whole minutes, so that the text does not change with every status; below a minute `45s`. */
export function duration(seconds: number | null): string {
  if (seconds === null || isBeyondDigits(seconds)) return plainNumber(seconds)
  if (seconds < 60) return `${plainNumber(Math.floor(seconds))}s`
  const minutes = Math.floor(seconds / 60)
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24]
  const shown = [
    [days, 'd'],
    [hours, 'h'],
    [minutes % 60, 'm'],
  ] as const
  return shown.flatMap(([count, unit]) => (count === 0 ? [] : [`${count}${unit}`])).join(' ')
}

/** Cached by time zone: Intl takes 100 µs to make a format. */
const dayNames = new Map<string, Intl.DateTimeFormat>()

/** Name of the day in a time zone, `Mon`. */
export function weekday(atMs: number, timezone: string): string {
  const known = dayNames.get(timezone)
  if (known !== undefined) return known.format(atMs)
  if (dayNames.size === MAX_ZONES) dayNames.clear()
  const made = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, weekday: 'short' })
  dayNames.set(timezone, made)
  return made.format(atMs)
}

/** `HH:MM:SS` in an IANA time zone. Throws RangeError for a zone that does not exist. */
export function timeOfDay(atMs: number | null, timezone: string): string {
  if (atMs === null) return MISSING
  const clock = clockOf(timezone)
  const second = Math.floor(atMs / 1000)
  const offsetSec = offsetSecIn(clock, Math.floor(second / STRETCH_SEC))
  if (offsetSec === null) return clock.format.format(atMs)
  const local = secondOfDay(second + offsetSec)
  const minute = Math.floor(local / 60)
  return `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}:${twoDigits(local % 60)}`
}

/** Cached by time zone, as `dayNames`. */
type Days = { readonly format: Intl.DateTimeFormat; readonly texts: Map<number, string> }

const days = new Map<string, Days>()
const MAX_TEXTS = 64

function daysOf(timezone: string): Days {
  const known = days.get(timezone)
  if (known !== undefined) return known
  if (days.size === MAX_ZONES) days.clear()
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  })
  const made = { format, texts: new Map<number, string>() }
  days.set(timezone, made)
  return made
}

/** `29 Nov 2026` in a time zone. Kept by minute, within which no zone begins a day: formatting takes as long as a whole panel. */
function dayOf(atMs: number, timezone: string): string {
  const { format, texts } = daysOf(timezone)
  const minute = Math.floor(atMs / 60_000)
  const known = texts.get(minute)
  if (known !== undefined) return known
  if (texts.size === MAX_TEXTS) texts.clear()
  const made = format.format(atMs)
  texts.set(minute, made)
  return made
}

/** `15:30` of today, `15:30 on 29 Nov` of another day, and `15:30 on 29 Nov 2025` of another year. */
export function momentText(atMs: number, nowMs: number, timezone: string): string {
  const [day, today] = [dayOf(atMs, timezone), dayOf(nowMs, timezone)]
  const time = clockTime(atMs, timezone)
  if (day === today) return time
  return `${time} on ${day.slice(-4) === today.slice(-4) ? day.slice(0, -5) : day}`
}

/** `HH:MM` in an IANA time zone, for moments that need no seconds. */
export function clockTime(atMs: number, timezone: string): string {
  return timeOfDay(atMs, timezone).slice(0, 5)
}
