// A kind for tables of numbers by dotted name, given as JSON text or as a table of the settings file.
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'

const MAX_DEPTH = 8
type Numbers = Readonly<Record<string, number>>

/** `{"dq.warn": 80}` and `{"dq": {"warn": 80}}` both give `{'dq.warn': 80}`. */
export function numbersByName(about: About): Setting<Numbers> {
  const parse = (raw: unknown): Parsed<Numbers> => {
    const value = typeof raw === 'string' ? jsonOf(raw) : raw
    if (!isTable(value)) return bad(value === undefined ? 'it is not JSON' : 'it is not an object')
    const flat = flatten(value, '', 0)
    return typeof flat === 'string' ? bad(flat) : good(Object.fromEntries(flat))
  }
  const allowed = 'a JSON object of numbers, like {"dq.warn": 80}'
  const schema = { anyOf: [{ type: 'object' }, { type: 'string' }] }
  return declare<Numbers>({ kind: 'json', default: {}, allowed, schema, parse }, about)
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Undefined: it is not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Dotted names with their numbers, or the error. */
function flatten(
  table: Readonly<Record<string, unknown>>,
  prefix: string,
  depth: number,
): string | [string, number][] {
  if (depth >= MAX_DEPTH) return 'it is nested too deeply'
  const out: [string, number][] = []
  for (const [key, value] of Object.entries(table)) {
    const name = `${prefix}${key}`
    if (typeof value === 'number' && Number.isFinite(value)) out.push([name, value])
    else if (isTable(value)) {
      const inner = flatten(value, `${name}.`, depth + 1)
      if (typeof inner === 'string') return inner
      out.push(...inner)
    } else return `${JSON.stringify(name)} is not a number`
  }
  return out
}
