// The legs of an index: those of this cycle, and how many a cycle has on average. The collector writes both as one text, `12 (9)`:
// 12 in this cycle, 9 on average; `— (9)` where this cycle is not known. Where nobody gives a number for this cycle, the expiries'
// legs are its sum; where no average is given, it is the total of all cycles by their number, as the collector reckons it.
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

/** The sum of what the expiries have under this name; null when none has. */
export function sumOfExpiries(source: JsonMap, name: 'legs' | 'fails'): number | null {
  let sum: number | null = null
  for (const expiry of Object.values(map(member(source, 'expiries')) ?? {})) {
    const count = number(member(map(expiry), name))
    if (count !== null) sum = (sum ?? 0) + count
  }
  return sum
}
