import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countValues, cutJson } from './cut.js'
import { sameJson } from './json.js'

const LIMITS = { values: 100, chars: 2_000, members: 10, textChars: 50 }
const json = fc.dictionary(
  fc.string(),
  fc.json({ maxDepth: 4 }).map(text => JSON.parse(text) as unknown),
)

/** Whether each member of `part` is a member of `whole`, or its beginning. */
function isBeginning(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  if (typeof part !== 'object' || part === null) return Object.is(part, whole)
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole))
    return false
  const known = whole as Readonly<Record<string, unknown>>
  return Object.entries(part).every(
    ([key, value]) => Object.hasOwn(known, key) && isBeginning(value, known[key]),
  )
}

describe('a cut document', () => {
  test('is the beginning of the whole, in every map and list', () => {
    fc.assert(
      fc.property(json, document => {
        const cut = cutJson(document, [], LIMITS)
        expect(isBeginning(cut, document)).toBe(true)
        expect(countValues(cut)).toBeLessThanOrEqual(LIMITS.values + LIMITS.members * 6)
      }),
    )
  })

  test('is the whole where that is within the limits', () => {
    fc.assert(
      fc.property(json, document => {
        const roomy = { values: 1e6, chars: 1e6, members: 1e6, textChars: 1e6 }
        expect(sameJson(cutJson(document, [], roomy), document)).toBe(true)
      }),
    )
  })

  test('has a bounded size, whatever is large', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => i)
    for (const document of [
      Object.fromEntries(many.map(i => [`k${i}`, i])),
      { list: many },
      { deep: many.slice(0, 2_000).map(i => ({ i, inner: many.slice(0, 50).map(j => ({ j })) })) },
      { text: 'x'.repeat(8_000_000), texts: many.map(i => `${i}`.repeat(100)) },
      { ['n'.repeat(4_000_000)]: 1, other: 2 },
    ]) {
      const cut = cutJson(document)
      expect(countValues(cut)).toBeLessThan(20_000)
      expect(JSON.stringify(cut).length).toBeLessThan(5_000_000)
    }
  })

  test('keeps the named scalars of the outermost map', () => {
    const document = {
      ...Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i])),
      status: 'down',
      ok: { a: 1 },
    }
    expect(cutJson(document, ['status', 'ok', 'missing'])).toMatchObject({ k999: 999, status: 'down' })
    expect(Object.keys(cutJson(document, ['status', 'ok', 'missing']))).toHaveLength(1_001)
  })

  test('has names that mean something to JavaScript as ordinary members', () => {
    const cut = cutJson(JSON.parse('{"__proto__":{"a":1},"b":{"__proto__":[1],"constructor":2}}'))
    expect(JSON.stringify(cut)).toBe('{"__proto__":{"a":1},"b":{"__proto__":[1],"constructor":2}}')
    expect(Object.getPrototypeOf(cut)).toBe(Object.prototype)
  })
})
