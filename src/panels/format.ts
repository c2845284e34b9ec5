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

/** A zone's clock, and what it showed at the seconds it was asked for: the same ones cycle after cycle, and slow to find. */
type ZoneClock = { readonly format: Intl.DateTimeFormat; readonly shown: Map<number, string> }

/** Time zones seen in one process, and seconds of each; more start afresh. */
const MAX_ZONES = 16
const MAX_SECONDS = 1024
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
  const made = { format, shown: new Map<number, string>() }
  clocks.set(timezone, made)
  return made
}

/** `HH:MM:SS` in an IANA time zone. Throws RangeError for a zone that does not exist. */
export function timeOfDay(atMs: number | null, timezone: string): string {
  if (atMs === null) return MISSING
  const { format, shown } = clockOf(timezone)
  const second = Math.floor(atMs / 1000)
  const known = shown.get(second)
  if (known !== undefined) return known
  const text = format.format(atMs)
  if (shown.size === MAX_SECONDS) shown.clear()
  shown.set(second, text)
  return text
}
