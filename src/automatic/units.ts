// Numbers, times and sizes from names and values: the text a person reads with its unit, and the number behind it. The order of the
// rules counts: a rate (`bytes_per_sec`) is tested before a duration (`_sec`). What a name does not say is not guessed.
import { MISSING, plainNumber } from '../panels/format.js'
import type { Cell } from '../panels/panel.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { timeMs } from '../snapshot/time.js'
import { decimal } from '../snapshot/value.js'
import { offsetMs, type SourceZone } from '../snapshot/zone.js'
import { partsOf, setOf } from './names.js'

export type UnitContext = {
  /** IANA name; times are shown in this zone. */
  readonly timezone: string
  /** The zone of times that name none. */
  readonly sourceZone?: SourceZone
}

export const NEVER = 'never'

const DURATION_UNITS: Readonly<Record<string, readonly [unit: string, ms: number]>> = {
  ns: ['ns', 1e-6],
  nanos: ['ns', 1e-6],
  nanoseconds: ['ns', 1e-6],
  us: ['µs', 1e-3],
  usec: ['µs', 1e-3],
  micros: ['µs', 1e-3],
  microseconds: ['µs', 1e-3],
  ms: ['ms', 1],
  msec: ['ms', 1],
  millis: ['ms', 1],
  milliseconds: ['ms', 1],
  sec: ['s', 1_000],
  secs: ['s', 1_000],
  seconds: ['s', 1_000],
  minutes: ['min', 60_000],
  mins: ['min', 60_000],
  hours: ['h', 3_600_000],
  days: ['d', 86_400_000],
}
const SIZE_UNITS: Readonly<Record<string, readonly [unit: string, bytes: number]>> = {
  bytes: ['B', 1],
  byte: ['B', 1],
  kb: ['KB', 1e3],
  kib: ['KiB', 2 ** 10],
  mb: ['MB', 1e6],
  mib: ['MiB', 2 ** 20],
  gb: ['GB', 1e9],
  gib: ['GiB', 2 ** 30],
}
const PERCENT = setOf('percent percentage pct perc')
const PER: Readonly<Record<string, string>> = {
  s: '/s',
  sec: '/s',
  second: '/s',
  min: '/min',
  minute: '/min',
  h: '/h',
  hour: '/h',
}
const RATE_WORDS = setOf('rps qps iops tps ops')
const TIME_NAMES = setOf(
  'time timestamp ts date at since until started created updated modified finished completed expires expiry expiration heartbeat seen start end next last scrape now utc contact login deployed',
)
/** Of these, numbers without a unit are bytes once they are large. */
const MEMORY_CONTEXT = setOf(
  'memory mem heap rss disk storage swap space maxmemory filesystem volume diskspace',
)
const MEMORY_PARTS = setOf(
  'used total free size limit max peak rss available usage committed threshold memory maxmemory',
)
const LEAST_BYTES = 1_048_576
/** Their digits are no quantity. */
const NO_QUANTITY = setOf('version port id zip code phone build release revision')

const [EARLIEST_MS, LATEST_MS] = [Date.UTC(2000, 0, 1), Date.UTC(2100, 0, 1)]
const SCALES_MS = [1000, 1, 1e-3, 1e-6]

/** `2026-11-29 15:58:21` in the zone. */
export function momentText(atMs: number, timezone: string): string {
  const local = timezone === 'UTC' ? atMs : atMs + offsetMs(timezone, atMs)
  return new Date(local).toISOString().slice(0, 19).replace('T', ' ')
}

function timeCell(atMs: number, { timezone }: UnitContext): Cell {
  return { text: momentText(atMs, timezone), value: atMs, unit: 'time' }
}

const clean = (value: number): number => value + 0

function scaled(value: number, decimals = 2): string {
  return plainNumber(value, decimals)
}

/** `250 ms`, `1.25 s`, `12 min 5 s`, `3 d 4 h` */
export function durationText(ms: number): string {
  const size = Math.abs(ms)
  if (size < 1e-3) return size === 0 ? '0 s' : `${scaled(ms * 1e6)} ns`
  if (size < 1) return `${scaled(ms * 1e3)} µs`
  if (size < 1_000) return `${scaled(ms)} ms`
  if (size < 120_000) return `${scaled(ms / 1000)} s`
  const sign = ms < 0 ? '-' : ''
  const seconds = Math.floor(size / 1000)
  const two = (whole: number, unit: string, rest: number, small: string): string =>
    rest === 0
      ? `${sign}${plainNumber(whole)} ${unit}`
      : `${sign}${plainNumber(whole)} ${unit} ${rest} ${small}`
  if (seconds < 7_200) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  if (seconds < 172_800) return two(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min')
  return two(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h')
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `1.24 MiB` */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < SIZES.length - 1) {
    value /= 1024
    unit++
  }
  return `${scaled(value)} ${SIZES[unit] ?? 'B'}`
}

const withUnit = (value: number, unit: string): Cell => ({
  text: `${scaled(value)} ${unit}`,
  value: clean(value),
  unit,
})

function rateCell(value: number, parts: readonly string[]): Cell | null {
  const at = parts.lastIndexOf('per')
  const last = parts.at(-1) ?? ''
  // `read_bytes_sec`
  if (Object.hasOwn(PER, last) && (parts.at(-2) === 'bytes' || parts.at(-2) === 'ops'))
    return parts.at(-2) === 'ops' ? perCell(value, '/s') : sizeRate(value, '/s')
  const per = at >= 0 ? PER[parts[at + 1] ?? ''] : RATE_WORDS.has(parts.at(-1) ?? '') ? '/s' : undefined
  if (per === undefined) return null
  const size = at > 0 ? SIZE_UNITS[parts[at - 1] ?? ''] : undefined
  return size?.[0] === 'B' ? sizeRate(value, per) : perCell(value, per)
}

function perCell(value: number, per: string): Cell {
  return { text: `${scaled(value)}${per}`, value: clean(value), unit: per }
}

function sizeRate(value: number, per: string): Cell {
  return { text: `${sizeText(value)}${per}`, value: clean(value), unit: `B${per}` }
}

function epochMs(value: number): number | null {
  for (const scale of SCALES_MS) {
    const ms = value * scale
    if (ms >= EARLIEST_MS && ms < LATEST_MS) return Math.round(ms)
  }
  return null
}

const isDecimalName = (part: string): boolean =>
  part === 'number' || part === 'as' || part === 'in' || part === 'total'

/** The unit is the last word, or comes before `as_number` and `total`. */
function unitAt<T>(units: Readonly<Record<string, T>>, parts: readonly string[]): T | undefined {
  let at = parts.length - 1
  while (at > 0 && isDecimalName(parts[at] ?? '')) at--
  const word = parts[at] ?? ''
  if (parts.length === 1 && word.length < 3) return undefined
  return Object.hasOwn(units, word) ? units[word] : undefined
}

function isBytes(value: number, path: readonly string[], parts: readonly string[]): boolean {
  if (!Number.isInteger(value) || value < LEAST_BYTES) return false
  const context = [...parts, ...partsOf(path.at(-2) ?? ''), ...partsOf(path.at(-3) ?? '')]
  return MEMORY_PARTS.has(parts.at(-1) ?? '') && context.some(part => MEMORY_CONTEXT.has(part))
}

/** A number as a person reads it. */
export function numberCellOf(value: number, path: readonly string[], context: UnitContext): Cell {
  if (!Number.isFinite(value)) return { text: MISSING }
  const parts = partsOf(path.at(-1) ?? '')
  const rate = rateCell(value, parts)
  if (rate !== null) return rate
  const isTime = TIME_NAMES.has(parts.at(-1) ?? '') || parts.includes('time') || parts.includes('timestamp')
  const atMs = isTime ? epochMs(value) : null
  if (atMs !== null) return timeCell(atMs, context)
  if (parts.some(part => PERCENT.has(part))) return withUnit(value, '%')
  const size = unitAt(SIZE_UNITS, parts)
  if (size !== undefined && size[0] !== 'B') return withUnit(value, size[0])
  if (size !== undefined || parts.includes('bytes') || isBytes(value, path, parts))
    return { text: sizeText(value), value: clean(value), unit: 'B' }
  const duration = unitAt(DURATION_UNITS, parts)
  // `clock_seconds` with the seconds since 1970 is a time, whatever its name.
  const moment =
    duration !== undefined && Math.abs(value * duration[1]) >= EARLIEST_MS ? epochMs(value) : null
  if (moment !== null) return timeCell(moment, context)
  if (duration !== undefined) {
    const text = value === 0 ? `0 ${duration[0]}` : durationText(value * duration[1])
    return { text, value: clean(value), unit: duration[0] }
  }
  return { text: plainNumber(value, Math.abs(value) < 10 ? 4 : 2), value: clean(value) }
}

const PERCENT_TEXT = /^([+-]?\d+(?:\.\d+)?) ?%$/
const SIZE_TEXT = /^(\d+(?:\.\d+)?) ?([kKMGTP]?)(i?)([bB]?)$/
const POWERS = ['', 'K', 'M', 'G', 'T', 'P']
/** Several units, as Go writes them; `500m` of processors is no time. */
const GO_DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/
const GO_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy
const GO_UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}
const LOOKS_LIKE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/
/** Go writes the name of the zone after its offset. */
const GO_ZONE = /([+-]\d{4}) [A-Z]{1,5}$/
const YEAR_ONE = /^000[01]-01-01/
const ADDRESS = /^[a-z][a-z\d+.-]{1,20}:\/\//i
const USER_INFO = /^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i
const SECRET_QUERY = /([?&](?:[a-z_-]*(?:token|key|secret|password|sig|signature|auth))=)[^&#]*/gi

export function isAddress(value: unknown): boolean {
  return typeof value === 'string' && ADDRESS.test(value)
}

function sizeOf(text: string, parts: readonly string[]): number | null {
  const [, digits, power = '', binary, letter] = SIZE_TEXT.exec(text) ?? []
  if (digits === undefined || (power === '' && letter !== 'B')) return null
  const isNamed = letter === 'B' || letter === 'b' || binary === 'i'
  if (!isNamed && !parts.some(part => MEMORY_CONTEXT.has(part) || part === 'size' || part === 'human'))
    return null
  const base = binary === 'i' || letter === '' ? 1024 : 1000
  return Number(digits) * base ** POWERS.indexOf(power.toUpperCase())
}

function goDurationMs(text: string): number {
  let sum = 0
  for (const [, digits, unit = ''] of text.matchAll(GO_PART)) sum += Number(digits) * (GO_UNITS_MS[unit] ?? 0)
  return sum
}

/** The longest text that can be a number, a time, a size or a duration. */
const MAX_QUANTITY = 40

/** A text as a person reads it, with the number that it says. */
export function textCellOf(value: string, path: readonly string[], context: UnitContext): Cell {
  const text = value.length <= MAX_QUANTITY ? value.trim() : value
  if (text === '') return { text: MISSING }
  if (text.length > MAX_QUANTITY || !/^[+-]?[\d.]/.test(text)) {
    const shown = ADDRESS.test(text) ? text.replace(USER_INFO, '$1').replace(SECRET_QUERY, '$1…') : text
    return { text: shownText(shown, MESSAGE_WIDTH) || MISSING }
  }
  if (YEAR_ONE.test(text)) return { text: NEVER }
  if (LOOKS_LIKE_TIME.test(text)) {
    const atMs = timeMs(text.replace(GO_ZONE, '$1'), context.sourceZone)
    if (atMs !== null) return timeCell(atMs, context)
  }
  const parts = partsOf(path.at(-1) ?? '')
  const last = parts.at(-1) ?? ''
  // `007` is a name.
  const number = /^[+-]?0\d/.test(text) || NO_QUANTITY.has(last) ? null : decimal(text)
  if (number !== null && Number.isSafeInteger(Math.trunc(number))) {
    const cell = numberCellOf(number, path, context)
    return cell.unit === undefined ? { text, value: number } : cell
  }
  const percent = PERCENT_TEXT.exec(text)
  if (percent !== null) return { text, value: Number(percent[1]), unit: '%' }
  const bytes = sizeOf(text, [...parts, ...partsOf(path.at(-2) ?? '')])
  if (bytes !== null) return { text, value: bytes, unit: 'B' }
  if (GO_DURATION.test(text) && !parts.includes('cpu'))
    return { text, value: goDurationMs(text) / 1000, unit: 's' }
  return { text: shownText(text, MESSAGE_WIDTH) || MISSING }
}

/** The unit rules as the reference page lists them. */
export const UNIT_RULES: readonly (readonly [rule: string, names: string])[] = [
  [
    'rate',
    'a name with `per_sec`, `per_second`, `per_minute`, `per_hour`, or ending in `rps`, `qps`, `tps`, `iops`, `ops`',
  ],
  [
    'time',
    `a number that is a moment from 2000 to 2099 in seconds, ms, µs or ns, where the name has one of ${[...TIME_NAMES].map(word => `\`${word}\``).join(', ')}; ISO 8601 text in any member; year 1 is \`${NEVER}\``,
  ],
  ['per cent', [...PERCENT].map(word => `\`${word}\``).join(', ')],
  [
    'size',
    `${Object.keys(SIZE_UNITS)
      .map(word => `\`${word}\``)
      .join(', ')}; numbers from 1 MiB under a name about memory or disks; text such as \`1.21GiB\``,
  ],
  [
    'duration',
    `${Object.keys(DURATION_UNITS)
      .map(word => `\`${word}\``)
      .join(', ')}; text such as \`1m30s\``,
  ],
]
