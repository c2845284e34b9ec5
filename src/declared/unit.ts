// Units of numbers: their names, how they convert, and the text of a number with its unit.
import { durationText, sizeText } from '../automatic/units.js'
import { plainNumber } from '../panels/format.js'

type Scale = { readonly kind: 'duration' | 'bytes' | 'part' | 'rate' | 'other'; readonly per: number }

/** `per`: how many of the smallest unit of its kind. */
const SCALES: ReadonlyMap<string, Scale> = new Map(
  Object.entries({
    duration: { ns: 1e-6, µs: 1e-3, ms: 1, s: 1e3, min: 6e4, h: 3.6e6, d: 8.64e7 },
    bytes: {
      B: 1,
      kB: 1e3,
      MB: 1e6,
      GB: 1e9,
      TB: 1e12,
      KiB: 1024,
      MiB: 1024 ** 2,
      GiB: 1024 ** 3,
      TiB: 1024 ** 4,
    },
    part: { ratio: 100, '%': 1 },
    rate: { '/s': 1, '/min': 1 / 60, '/h': 1 / 3600 },
  } as const).flatMap(([kind, units]) =>
    Object.entries(units).map(([unit, per]) => [unit, { kind: kind as Scale['kind'], per }] as const),
  ),
)

const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    µs: 'us usec micros microseconds',
    ns: 'nanos nanoseconds',
    ms: 'msec millis milliseconds',
    s: 'sec secs second seconds',
    min: 'm mins minute minutes',
    h: 'hour hours',
    d: 'day days',
    B: 'b byte bytes',
    kB: 'KB kb',
    MB: 'mb',
    GB: 'gb',
    TB: 'tb',
    KiB: 'kib',
    MiB: 'mib',
    GiB: 'gib',
    TiB: 'tib',
    '%': 'percent pct',
    '/s': 'per_second',
    '/min': '/m per_minute',
    '/h': 'per_hour',
  }).flatMap(([unit, words]) => words.split(' ').map(word => [word, unit] as const)),
)

/** A moment: epoch seconds or milliseconds, or ISO text. */
export const TIME = 'time'
export const UNITS: readonly string[] = [TIME, ...SCALES.keys()]

/** The unit as panels name it: `seconds` → `s`. A unit that is not known is itself: `°C`. */
export function unitOf(name: string): string {
  return ALIASES.get(name) ?? name
}

export function isKnownUnit(unit: string): boolean {
  return unit === TIME || SCALES.has(unit)
}

/** A number of one unit in another; null when they measure different things, or the number is too large for it. */
export function converted(value: number, from: string, to: string): number | null {
  if (from === to) return value
  const [a, b] = [SCALES.get(from), SCALES.get(to)]
  if (a === undefined || b === undefined || a.kind !== b.kind) return null
  const result = (value * a.per) / b.per
  return Number.isFinite(result) ? result : null
}

/** A number with its unit, complete; one that is too large for a nearer unit keeps its own. */
export function numberText(value: number, unit: string | null): string {
  if (unit === null) return plainNumber(value)
  if (unit === 'B') return sizeText(value)
  const ms = converted(value, unit, 'ms')
  if (ms !== null) return durationText(ms)
  const percent = unit === 'ratio' ? converted(value, unit, '%') : null
  return percent === null ? `${plainNumber(value)} ${unit}` : `${plainNumber(percent)} %`
}
