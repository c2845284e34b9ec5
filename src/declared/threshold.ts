// Thresholds of board files: `> 10s`, `< 5`, `= 0`, `!= ok`.
import { converted, isKnownUnit, TIME, UNITS, unitOf } from './unit.js'

const PATTERN = /^(<=|>=|!=|<>|==|=|<|>)\s*(\S.*)$/s
const NUMBER = /^([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([^\d\s].*)?$/
const MAX_CHARS = 200

export const THRESHOLD_RULE =
  'an operator (<, <=, >, >=, =, !=) and a number with its unit, as in "> 10s", "< 5", "= 0"'

/** A value to compare with: a number in the unit of the field, or a text. */
export type Threshold = { readonly operator: string; readonly limit: number | string; readonly text: string }

export type ParsedThreshold =
  | { readonly ok: true; readonly threshold: Threshold }
  | { readonly ok: false; readonly message: string }

/** `unit` is the unit of the field's numbers; a field of times is compared by its age. */
export function parseThreshold(text: string, unit: string | null): ParsedThreshold {
  const bad = (why: string): ParsedThreshold => ({ ok: false, message: why })
  const [, sign = '', rest = ''] = text.length > MAX_CHARS ? [] : (PATTERN.exec(text.trim()) ?? [])
  if (sign === '')
    return bad(`${JSON.stringify(text.slice(0, 40))} is no threshold; allowed: ${THRESHOLD_RULE}`)
  const operator = sign === '==' ? '=' : sign === '<>' ? '!=' : sign
  const [, digits, suffix] = NUMBER.exec(rest) ?? []
  if (digits === undefined) {
    if (operator !== '=' && operator !== '!=')
      return bad(`"${operator}" compares numbers, not ${JSON.stringify(rest.slice(0, 40))}`)
    return { ok: true, threshold: { operator, limit: unquoted(rest).toLowerCase(), text } }
  }
  const limit = inUnit(Number(digits), suffix, unit)
  return typeof limit === 'string' ? bad(limit) : { ok: true, threshold: { operator, limit, text } }
}

function unquoted(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text
}

/** The number in the unit of the field, or what is wrong with its unit. */
function inUnit(value: number, suffix: string | undefined, unit: string | null): number | string {
  const ofField = unit === TIME ? 'ms' : unit
  if (suffix === undefined) {
    if (unit === TIME) return 'a time is compared by its age, which needs a unit: "> 10m"'
    return value
  }
  const given = unitOf(suffix)
  if (!isKnownUnit(given) && given !== ofField) {
    return `"${suffix}" is no unit; allowed: ${UNITS.filter(name => name !== TIME).join(', ')}`
  }
  if (ofField === null)
    return `it has the unit "${suffix}" and the value has none; add unit = "…" for the unit of the value`
  return (
    converted(value, given, ofField) ??
    `"${suffix}" and the unit of the value, "${unit}", measure different things`
  )
}

/** Whether the value has reached the threshold; null where they cannot be compared. */
export function isReached({ operator, limit }: Threshold, value: number | string | boolean): boolean | null {
  if (typeof limit === 'string') {
    const isSame = String(value).trim().toLowerCase() === limit
    return operator === '=' ? isSame : !isSame
  }
  if (typeof value !== 'number') return null
  switch (operator) {
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '>=':
      return value >= limit
    case '=':
      return value === limit
    default:
      return value !== limit
  }
}
