// Reads a moment as epoch milliseconds: from ISO 8601 text, the day-first text of the collector (`13:33:42 25-06-2024`), or epoch
// seconds. Not read: a bare time of day (`09:15:00`), the 30th of February, years before 1970 or after 9999. The last bound also
// rejects epoch milliseconds given by mistake.
//
// Text without a zone is in the zone of the source, if one is set. Otherwise ISO text is UTC, as in the original programs, and
// day-first text is Indian time, because only their Indian clock writes it.
import { decimal } from './value.js'
import { momentOfWall, type SourceZone } from './zone.js'

const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const DAY_FIRST_ZONE = 'Asia/Kolkata'

const DAY = String.raw`(?<day>\d{2})-(?<month>\d{2})-(?<year>\d{4})`
const CLOCK = String.raw`(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?`
const ZONE = String.raw` ?(?<zone>[Zz]|UTC|GMT|IST|(?<sign>[+-])(?<offsetHours>\d{2}):?(?<offsetMinutes>\d{2})?)?`
const ISO = new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[Tt ]${CLOCK}${ZONE})?$`)
const DAY_FIRST = [new RegExp(`^${CLOCK} ${DAY}${ZONE}$`), new RegExp(`^${DAY} ${CLOCK}${ZONE}$`)]

/** Longer text is not a time, so patterns never run over megabytes. */
const MAX_TIME_LENGTH = 40
/** Fewer seconds as text are probably a date without separators (`20261120`). */
const LEAST_SECONDS_AS_TEXT = 1_000_000_000
const IST_OFFSET_MS = 5.5 * 3_600_000

/** Allowed difference between two clocks: a time further ahead lies in the future. */
export const CLOCK_SKEW_MS = 5_000

/** Whether a time lies in the future. */
export function isAhead(atMs: number, nowMs: number): boolean {
  return atMs - nowMs > CLOCK_SKEW_MS
}

type Parts = Readonly<Record<string, string | undefined>>

/** The UTC time with these parts; null when there is none. */
function wallMs(parts: Parts): number | null {
  const part = (name: string): number => Number(parts[name] ?? 0)
  const [year, month, minute, second] = [part('year'), part('month'), part('minute'), part('second')]
  if (year < 1970 || part('hour') > 23 || minute > 59 || second > 59) return null
  const midnight = Date.UTC(year, month - 1, part('day'))
  // A day that the month does not have falls into another month.
  if (new Date(midnight).getUTCMonth() !== month - 1) return null
  const millis = Number((parts.fraction ?? '').slice(0, 3).padEnd(3, '0'))
  return midnight + ((part('hour') * 60 + minute) * 60 + second) * 1000 + millis
}

/** The offset in the text; null when it is not allowed, undefined when there is none. */
function givenOffsetMs({ zone, sign, offsetHours, offsetMinutes }: Parts): number | null | undefined {
  if (zone === undefined) return undefined
  if (zone === 'IST') return IST_OFFSET_MS
  const [hours, minutes] = [Number(offsetHours ?? 0), Number(offsetMinutes ?? 0)]
  if (hours > 18 || minutes > 59) return null
  return (hours * 60 + minutes) * 60_000 * (sign === '-' ? -1 : 1)
}

function textMs(text: string, sourceZone: SourceZone): number | null {
  const iso = ISO.exec(text)
  const parts = (iso ?? DAY_FIRST[0]?.exec(text) ?? DAY_FIRST[1]?.exec(text))?.groups
  if (parts === undefined) return null
  const wall = wallMs(parts)
  const offset = givenOffsetMs(parts)
  if (wall === null || offset === null) return null
  if (offset !== undefined) return wall - offset
  const zone = sourceZone ?? (iso === null ? DAY_FIRST_ZONE : null)
  return zone === null ? wall : momentOfWall(wall, zone)
}

function bounded(ms: number | null): number | null {
  return ms !== null && ms >= 0 && ms <= MAX_MS ? ms : null
}

/** Epoch milliseconds of text or epoch seconds; null for anything else. `zone` is the zone of text without one. */
export function timeMs(value: unknown, zone: SourceZone = null): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? bounded(Math.round(value * 1000)) : null
  if (typeof value !== 'string' || value.length > MAX_TIME_LENGTH) return null
  const seconds = decimal(value)
  if (seconds === null) return bounded(textMs(value.trim(), zone))
  return seconds < LEAST_SECONDS_AS_TEXT ? null : bounded(Math.round(seconds * 1000))
}
