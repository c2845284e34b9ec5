// Times in one zone: that of the board. Pure.

export type Zone = {
  /** `14:16:32`, with the day where it is not the day of `nowMs`: `30 Jan 14:16`. */
  clock(atMs: number, nowMs?: number): string
  isOtherDay(a: number, b: number): boolean
  /** `2026-11-29` */
  day(atMs: number): string
  /** `IST`; where the zone has no such name, its offset. */
  readonly name: string
  /** `UTC+5:30` */
  readonly offset: string
}

const DAY_MS = 86_400_000
/** Each knows the short names of other zones. */
const NAMING = ['en-US', 'en-GB', 'en-IN', 'en-AU']

function partOf(type: Intl.DateTimeFormatPartTypes, format: Intl.DateTimeFormat, atMs: number): string {
  return format.formatToParts(atMs).find(part => part.type === type)?.value ?? ''
}

function zoneName(timeZone: string | undefined, atMs: number): { name: string; offset: string } {
  const named = (locale: string, timeZoneName: 'short' | 'shortOffset'): string =>
    partOf('timeZoneName', new Intl.DateTimeFormat(locale, { timeZone, timeZoneName }), atMs)
  const offset = named('en-US', 'shortOffset').replace('GMT', 'UTC').replace('-', '−')
  for (const locale of NAMING) {
    const name = named(locale, 'short')
    if (/^[A-Z]{2,5}$/.test(name) && name !== 'GMT') return { name, offset }
  }
  return { name: offset, offset }
}

/** The zone of that IANA name; that of this browser for null and for a name it does not know. */
export function zoneOf(timezone: string | null, nowMs: number): Zone {
  const timeZone = timezone ?? undefined
  let time: Intl.DateTimeFormat
  try {
    time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' })
  } catch {
    return zoneOf(null, nowMs) // a browser with an older list of zones
  }
  const day = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short' })
  const wholeDay = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
  const isOtherDay = (a: number, b: number): boolean =>
    day.format(a) !== day.format(b) || Math.abs(a - b) > DAY_MS
  return {
    ...zoneName(timeZone, nowMs),
    isOtherDay,
    day: atMs => wholeDay.format(atMs),
    clock(atMs, today) {
      const text = time.format(atMs)
      if (today === undefined || !isOtherDay(atMs, today)) return text
      return `${day.format(atMs)} ${text.slice(0, 5)}`
    },
  }
}
