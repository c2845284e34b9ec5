// Values as text: one way for each kind, the same on every surface. Null is `—`, always.

/** What is missing. */
export const MISSING = '—'

/** With so many decimals, no thousands separators. */
export function fixed(value: number | null, decimals: number): string {
  if (value === null) return MISSING
  const text = value.toFixed(decimals)
  // -0.001 to two decimals is 0.00: a sign without a digit behind it says nothing.
  return text.startsWith('-') && Number(text) === 0 ? text.slice(1) : text
}

/** The same with a sign, but for what shows as zero: `+0.05`, `-0.08`, `0.00`. */
export function signed(value: number | null, decimals: number): string {
  const text = fixed(value, decimals)
  return value !== null && value > 0 && Number(text) !== 0 ? `+${text}` : text
}

/** As given: whole numbers whole, others with up to `decimals` decimals. */
export function plainNumber(value: number | null, decimals = 2): string {
  if (value === null) return MISSING
  return Number.isInteger(value) ? String(value) : String(Number(fixed(value, decimals)))
}

/** A text with its unit behind it; a missing value has no unit. */
export function withUnit(text: string, unit: string): string {
  return text === MISSING ? text : `${text}${unit}`
}

/**
 * A zone's clock and how far it is from UTC, by stretches of time in which it is one distance all along (else `null`). Intl
 * takes 30 µs for a text, and every cycle has new seconds.
 */
type ZoneClock = { readonly format: Intl.DateTimeFormat; readonly offsetsSec: Map<number, number | null> }

/** Time zones seen in one process, and stretches of each; more start afresh. */
const MAX_ZONES = 16
const MAX_STRETCHES = 1024
/** No zone changes its clock and changes it back within it. */
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

/** How far the zone's clock is from UTC's at this second, in seconds of a day. */
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

/** Null where the clock is changed within the stretch. */
function offsetSecIn({ format, offsetsSec }: ZoneClock, stretch: number): number | null {
  const known = offsetsSec.get(stretch)
  if (known !== undefined) return known
  const begin = stretch * STRETCH_SEC
  const atBegin = offsetSecAt(format, begin)
  // Either may be beyond midnight.
  const isOne = secondOfDay(atBegin - offsetSecAt(format, begin + STRETCH_SEC - 1)) === 0
  if (offsetsSec.size === MAX_STRETCHES) offsetsSec.clear()
  offsetsSec.set(stretch, isOne ? atBegin : null)
  return isOne ? atBegin : null
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
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

/** `HH:MM` in an IANA time zone, for moments that need no seconds. */
export function clockTime(atMs: number, timezone: string): string {
  return timeOfDay(atMs, timezone).slice(0, 5)
}
