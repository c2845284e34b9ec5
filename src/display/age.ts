// Ages and durations as a person reads them. Ages are never part of a panel: surfaces compute them from the moment and the time now.
import { MISSING } from '../panels/format.js'

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** Zero times of other languages (year 1), which mean that something has not happened. */
const NEVER_BEFORE_MS = Date.UTC(1900)
/** Clocks differ by this much without anybody's fault. */
const SKEW_SEC = 5
/** A unit is used from this many on, so that 90 minutes do not become `1 h`. */
const LEAST_OF_UNIT = { d: 2, h: 2, min: 1, s: 0 } as const

/** The two largest units: `27 s`, `3 min 27 s`, `1 h 4 min`, `2 d`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return MISSING
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const first = UNITS.findIndex(([, size]) => seconds >= size)
  const [name, size] = UNITS[first] ?? ['s', 1]
  const whole = `${Math.floor(seconds / size)} ${name}`
  const [nextName, nextSize] = UNITS[first + 1] ?? ['s', 1]
  const rest = Math.floor((seconds % size) / nextSize)
  return first < 0 || rest === 0 ? whole : `${whole} ${rest} ${nextName}`
}

/** `14 min`: one unit, rounded down; for places without room. */
export function shortDuration(ms: number): string {
  if (!Number.isFinite(ms)) return MISSING
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [name, size] = UNITS.find(([unit, size]) => seconds >= size * LEAST_OF_UNIT[unit]) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${name}`
}

/** `14 min ago`, `in 3 h`; `never` for the zero times of programs. */
export function ageText(atMs: number, nowMs: number): string {
  if (!Number.isFinite(atMs)) return MISSING
  if (atMs < NEVER_BEFORE_MS) return 'never'
  const ms = nowMs - atMs
  return ms < -SKEW_SEC * 1000 ? `in ${shortDuration(-ms)}` : `${shortDuration(ms)} ago`
}
