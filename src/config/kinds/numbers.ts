// Numeric kinds: whole and decimal numbers, times, ports, sizes, rates. All have a lower and an upper limit.
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'

type Bounds = { readonly min: number; readonly max: number }
/** `number`, or `number | null` when the default is null. */
type NumberOr<D> = number | (D & null)

/** Without an exponent: a slip of one key (`1e3` for `13`) must not become a thousand seconds. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/
const WITH_EXPONENT = /^[+-]?[\d.]+e[+-]?\d+$/i
const MS_PER_DAY = 86_400_000
const SEC_PER_DAY = 86_400

function within(value: number, { min, max }: Bounds): Parsed<number> {
  if (value < min) return bad(`it is below ${min}`)
  if (value > max) return bad(`it is above ${max}`)
  return good(value)
}

function decimal(raw: unknown): number | null {
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw : null
  return typeof raw === 'string' && DECIMAL.test(raw) ? Number(raw) : null
}

function parseWhole(raw: unknown, bounds: Bounds): Parsed<number> {
  const value = typeof raw === 'string' && !/^[+-]?\d+$/.test(raw) ? null : decimal(raw)
  return value === null || !Number.isInteger(value) ? bad() : within(value, bounds)
}

/** A whole number. */
export function int<D extends number | null>(byDefault: D, about: About & Bounds): Setting<NumberOr<D>> {
  const { min, max } = about
  const schema = { type: 'integer', minimum: min, maximum: max }
  const allowed = `a whole number from ${min} to ${max}`
  const parse = (raw: unknown) => parseWhole(raw, about)
  return declare<NumberOr<D>>({ kind: 'int', default: byDefault, allowed, schema, parse }, about)
}

/** A number with or without decimals. */
export function number<D extends number | null>(byDefault: D, about: About & Bounds): Setting<NumberOr<D>> {
  const { min, max } = about
  const schema = { type: 'number', minimum: min, maximum: max }
  const allowed = `a number from ${min} to ${max}`
  const parse = (raw: unknown): Parsed<number> => {
    const value = decimal(raw)
    if (value !== null) return within(value, about)
    return typeof raw === 'string' && WITH_EXPONENT.test(raw) ? bad('it has an exponent') : bad()
  }
  return declare<NumberOr<D>>({ kind: 'number', default: byDefault, allowed, schema, parse }, about)
}

/** Whole milliseconds, up to a day by default. */
export const millis = <D extends number | null>(byDefault: D, about: About & Partial<Bounds>) =>
  int(byDefault, { min: 1, max: MS_PER_DAY, unit: 'ms', ...about })

/** Seconds, decimals allowed, up to a day by default. */
export const seconds = <D extends number | null>(byDefault: D, about: About & Partial<Bounds>) =>
  number(byDefault, { min: 0.02, max: SEC_PER_DAY, unit: 's', ...about })

/** A TCP port; 0 lets the system choose a free one. */
export function port(byDefault: number, about: About): Setting<number> {
  const bounds = { min: 0, max: 65_535 }
  const schema = { type: 'integer', minimum: bounds.min, maximum: bounds.max }
  const allowed = 'a port from 1 to 65535, or 0 for any free one'
  const parse = (raw: unknown) => parseWhole(raw, bounds)
  return declare({ kind: 'port', default: byDefault, allowed, schema, parse }, about)
}

const BYTES_IN: Readonly<Record<string, number>> = { '': 1, b: 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 }

/** A size in bytes; accepts `64 KiB`, `8 MiB`. */
export function bytes(byDefault: number, about: About & Bounds): Setting<number> {
  const schema = {
    anyOf: [
      { type: 'integer', minimum: about.min, maximum: about.max },
      { type: 'string', pattern: '^[0-9]+ *([Bb]|[KMGkmg]i[Bb])?$' },
    ],
  }
  const allowed = `bytes from ${about.min} to ${about.max}, as a number or like 64 KiB, 8 MiB`
  const parse = (raw: unknown): Parsed<number> => {
    if (typeof raw === 'number') return parseWhole(raw, about)
    const parts = typeof raw === 'string' ? /^(\d+) *(b|[kmg]ib)?$/i.exec(raw) : null
    const scale = parts === null ? undefined : BYTES_IN[(parts[2] ?? '').toLowerCase()]
    return parts === null || scale === undefined ? bad() : within(Number(parts[1]) * scale, about)
  }
  return declare({ kind: 'bytes', default: byDefault, allowed, schema, parse, unit: 'bytes' }, about)
}

/** A count per window; 0 means no limit. */
export type Rate = { readonly count: number; readonly windowSec: number }

/** `N` (a minute), `N/W` or `N:W` (W seconds). */
export function rate(byDefault: Rate, about: About): Setting<Rate> {
  const schema = {
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 1_000_000 },
      { type: 'string', pattern: '^[0-9]+([/:][0-9]+)?$' },
    ],
  }
  const allowed = 'N (a minute), N/W or N:W (W seconds); N from 0 (no limit) to 1000000, W from 1 to 86400'
  const parse = (raw: unknown): Parsed<Rate> => {
    const parts = /^(\d+)(?:\s*[/:]\s*(\d+))?$/.exec(typeof raw === 'number' ? String(raw) : textOf(raw))
    if (parts === null) return bad()
    const count = within(Number(parts[1]), { min: 0, max: 1_000_000 })
    const windowSec = within(Number(parts[2] ?? 60), { min: 1, max: SEC_PER_DAY })
    if (!count.ok) return count
    return windowSec.ok ? good({ count: count.value, windowSec: windowSec.value }) : bad('W is out of bounds')
  }
  return declare({ kind: 'rate', default: byDefault, allowed, schema, parse }, about)
}

const textOf = (raw: unknown): string => (typeof raw === 'string' ? raw : '')

/** Sizes by name, from `NAME_<PANEL>=n`; names are lower-cased. */
export function sizes(about: About & Bounds): Setting<Readonly<Record<string, number>>> {
  const schema = { type: 'integer', minimum: about.min, maximum: about.max }
  const allowed = `a whole number from ${about.min} to ${about.max}`
  const parse = (raw: unknown): Parsed<Readonly<Record<string, number>>> => {
    const out: [string, number][] = []
    for (const [name, value] of Object.entries(typeof raw === 'object' && raw !== null ? raw : {})) {
      const parsed = parseWhole(value, about)
      if (!parsed.ok) return parsed
      out.push([name, parsed.value])
    }
    return good(Object.fromEntries(out))
  }
  return declare({ kind: 'sizes', default: {}, allowed, schema, parse }, about)
}
