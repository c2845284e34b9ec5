// The legs of an index: of this cycle, and of a cycle on average. The collector writes both as one text, `12 (9)`: 12 in this cycle,
// 9 on average; `— (9)` when this cycle is not known. Without a number for this cycle, it is the sum of the expiries' legs; without
// an average, it is the total of all cycles divided by their number, as in the collector.
import { decimal, type JsonMap, map, member, number } from './value.js'

export type Legs = { readonly now: number | null; readonly average: number | null }

const WITH_AVERAGE = /^([^\s()]{1,40})\s*\(([^()]{1,40})\)$/

export function legs(value: unknown): Legs | null {
  const now = number(value)
  if (now !== null) return { now, average: null }
  const found = typeof value === 'string' && value.length <= 100 ? WITH_AVERAGE.exec(value.trim()) : null
  const average = decimal(found?.[2] ?? '')
  if (found === null || average === null) return null
  const first = found[1] ?? ''
  const given = decimal(first)
  return given === null && first !== '—' && first !== '-' ? null : { now: given, average }
}

/** The sum of the expiries' values of this name; null when there are none. */
export function sumOfExpiries(source: JsonMap, name: 'legs' | 'fails'): number | null {
  let sum: number | null = null
  for (const expiry of Object.values(map(member(source, 'expiries')) ?? {})) {
    const count = number(member(map(expiry), name))
    if (count !== null) sum = (sum ?? 0) + count
  }
  return sum
}
