// Reads a moment: ISO 8601 text or epoch seconds, kept as epoch milliseconds. ISO text without a zone is UTC.
// What names no moment is not read: a bare time of day (`09:15:00`), the 30th of February, years before 1970 or
// after 9999. The last bound also keeps epoch milliseconds, given by mistake, from being read as seconds.

const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?[ ]?(?:([Zz])|([+-])(\d{2}):?(\d{2})?)?)?$/

/** Longer text is no ISO time; keeps the pattern away from megabytes. */
const MAX_ISO_LENGTH = 40

function isoMs(iso: string): number | null {
  const found = ISO.exec(iso)
  if (found === null) return null
  const part = (at: number): number => Number(found[at] ?? 0)
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  const millis = Number((found[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const [offsetHours, offsetMinutes] = [part(10), part(11)]
  if (year < 1970 || hour > 23 || minute > 59 || second > 59 || offsetHours > 18 || offsetMinutes > 59)
    return null
  const midnight = Date.UTC(year, month - 1, day)
  // A day that the month has not got lands in another month.
  if (new Date(midnight).getUTCMonth() !== month - 1) return null
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (found[9] === '-' ? -1 : 1)
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millis - offsetMs
}

function bounded(ms: number | null): number | null {
  return ms !== null && ms >= 0 && ms <= MAX_MS ? ms : null
}

/** Epoch milliseconds of ISO text or epoch seconds; null for anything else. */
export function timeMs(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? bounded(Math.round(value * 1000)) : null
  if (typeof value !== 'string' || value.length > MAX_ISO_LENGTH) return null
  return bounded(isoMs(value.trim()))
}
