import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffStatus, isEmptyDiff } from './diff.js'
import { deepFreeze, MAX_DEPTH, sameJson } from './json.js'
import { mergeDiff } from './merge.js'

type Json = Record<string, unknown>

const name = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'c',
    'added',
    'removed',
    'changed',
    'nested',
    'panel',
    'op',
    'data',
    'old',
    'new',
  ),
  fc.string({ maxLength: 3 }).filter(key => !['__proto__', 'constructor', 'prototype'].includes(key)),
)
const { status } = fc.letrec<{ value: unknown; status: Json }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(0, 1, -1.5, true, false, null, '', 'x', '₹'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('status'),
  ),
  status: fc.dictionary(name, tie('value'), { maxKeys: 5 }),
}))

function mergedWith(before: Json, diff: unknown): unknown {
  const merged = mergeDiff(deepFreeze(before), diff)
  return merged.ok ? merged.status : merged.why
}

/** The inverse of RFC 7396: the patch that makes `b` of `a`; null where there is none (null members). */
function mergePatchOf(a: Json, b: Json): Json | null {
  const patch: Json = {}
  for (const key of Object.keys(a)) if (!Object.hasOwn(b, key)) patch[key] = null
  for (const [key, value] of Object.entries(b)) {
    if (value === null) return null
    if (sameJson(a[key], value) && Object.hasOwn(a, key)) continue
    if (isMap(value)) {
      const inner = mergePatchOf(isMap(a[key]) ? a[key] : {}, value)
      if (inner === null) return null
      patch[key] = inner
    } else patch[key] = value
  }
  return patch
}
const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The original's client: it sets one member by name, else merges the difference into the root. */
function mergedByTheOriginal(status: Json, diff: Json): Json {
  if ('panel' in diff && 'op' in diff && 'data' in diff) return { panel: 'another grammar' }
  return mergedIntoRoot(status, diff)
}

function mergedIntoRoot(status: Json, diff: Json): Json {
  const out = { ...status }
  for (const [key, value] of Object.entries(diff)) {
    const old = out[key]
    if (value === null) delete out[key]
    else out[key] = isMap(value) && isMap(old) ? mergedIntoRoot(old, value) : value
  }
  return out
}

/** JavaScript orders members with numeric names first; other languages do not, so these are not sent. */
function hasNumberedName(texts: readonly string[]): boolean {
  return texts.some(text => /"\d+":/.test(text))
}

function canBeSaid(a: Json, b: Json): boolean {
  const patch = mergePatchOf(a, b)
  if (patch === null || 'added' in patch || 'panel' in patch) return false
  return JSON.stringify(mergedWith(a, patch)) === JSON.stringify(b)
}

describe('a difference that the server sends', () => {
  test('gives the second status when applied to the first, and changes neither', () => {
    fc.assert(
      fc.property(status, status, (a, b) => {
        const texts = [JSON.stringify(a), JSON.stringify(b)]
        const diff = diffStatus(a, b)
        if (diff === null) expect(canBeSaid(a, b) && !hasNumberedName(texts)).toBe(false)
        else {
          expect(JSON.stringify(mergedWith(a, JSON.parse(JSON.stringify(diff))))).toBe(texts[1])
          expect(isEmptyDiff(diff)).toBe(texts[0] === texts[1])
        }
        expect([JSON.stringify(a), JSON.stringify(b)]).toEqual(texts)
      }),
      { numRuns: 1000 },
    )
  })

  test('is not made where members were reordered, at any depth: merging would lose the order', () => {
    const before = { indices: { a: { x: 1, y: 2 }, b: 2 } }
    expect(diffStatus(before, { indices: { a: { y: 2, x: 1 }, b: 2 } })).toBeNull()
    expect(diffStatus({ a: 1, b: 2 }, { b: 2, a: 1 })).toBeNull()
    expect(diffStatus({ a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] })).toEqual({ a: [{ y: 2, x: 1 }] })
  })

  test('is not made where a member became null: a patch removes with null', () => {
    expect(diffStatus({ a: 1 }, { a: null })).toBeNull()
    expect(diffStatus({}, { a: { b: null } })).toBeNull()
    expect(diffStatus({ a: null, b: { c: null } }, { a: 1, b: { c: null, d: [null, { e: null }] } })).toEqual(
      {
        a: 1,
        b: { d: [null, { e: null }] },
      },
    )
  })

  test('is not made where it would be parsed as another grammar, here or by the original', () => {
    expect(diffStatus({}, { added: {}, removed: [], changed: {} })).toBeNull()
    expect(diffStatus({}, { panel: 'a', op: 'any', data: 1 })).toBeNull()
    expect(diffStatus({ panel: 'a' }, { panel: 'a', op: 'full', data: 1 })).toEqual({ op: 'full', data: 1 })
  })

  test('is small where little changed', () => {
    const before = { cycle: 1, indices: { NIFTY: { ltp: 1, legs: 2 }, SENSEX: { ltp: 5 } }, gone: true }
    const now = { cycle: 2, indices: { NIFTY: { ltp: 1.5, legs: 2 }, SENSEX: { ltp: 5 } }, came: [1] }
    expect(diffStatus(before, now)).toEqual({
      gone: null,
      cycle: 2,
      indices: { NIFTY: { ltp: 1.5 } },
      came: [1],
    })
  })

  test('is smaller than the status where every number in it changed', () => {
    const at = (n: number): Json => ({
      cycle: n,
      indices: Object.fromEntries(
        ['NIFTY', 'BANKNIFTY', 'SENSEX'].map(key => [
          key,
          { ltp: n * 1.5, legs: n, status: 'ok', name: key },
        ]),
      ),
    })
    const sizes = [diffStatus(at(1), at(2)), at(2)].map(value => JSON.stringify(value).length)
    expect(sizes[0]).toBeLessThan(sizes[1] ?? 0)
  })

  test('has the same effect in the client of the original', () => {
    fc.assert(
      fc.property(status, status, (a, b) => {
        const diff = diffStatus(a, b)
        if (diff !== null) expect(mergedByTheOriginal(a, diff)).toEqual(b)
      }),
      { numRuns: 1000 },
    )
  })

  test('is not made of statuses with refused names or depth', () => {
    expect(diffStatus({}, JSON.parse('{"a": {"__proto__": 1}}'))).toBeNull()
    expect(diffStatus({ constructor: 1 }, {})).toBeNull()
    expect(diffStatus({}, nestedTo(MAX_DEPTH + 1))).toBeNull()
  })
})

function nestedTo(depth: number): Json {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = { a: value }
  return value as Json
}

describe('the grammars', () => {
  test('merge patch: applies every patch that exists', () => {
    fc.assert(
      fc.property(status, status, (a, b) => {
        const patch = mergePatchOf(a, b)
        // A patch with the shape of another grammar is parsed as that one.
        fc.pre(patch !== null && !('added' in patch) && !('panel' in patch))
        expect(mergedWith(a, patch)).toEqual(b)
      }),
      { numRuns: 1000 },
    )
  })

  // The cases of RFC 7396, appendix A, whose target and patch are objects.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('merge patch: %j with %j is %j', (before, patch, wanted) => {
    expect(mergedWith(before, patch)).toEqual(wanted)
  })

  test('one member: whole, merged, removed', () => {
    const before = { a: { x: 1, y: { z: 2 } }, b: 1 }
    expect(mergedWith(before, { panel: 'a', op: 'full', data: { n: null } })).toEqual({
      a: { n: null },
      b: 1,
    })
    expect(mergedWith(before, { panel: 'c', op: 'full', data: [1] })).toEqual({ ...before, c: [1] })
    expect(mergedWith(before, { panel: 'a', op: 'diff', data: { x: null, y: { w: [3] } } })).toEqual({
      a: { x: null, y: { z: 2, w: [3] } },
      b: 1,
    })
    expect(mergedWith(before, { panel: 'a', op: 'diff', data: { y: { z: { __remove__: true } } } })).toEqual({
      a: { x: 1, y: {} },
      b: 1,
    })
    for (const op of ['full', 'diff']) {
      expect(mergedWith(before, { panel: 'a', op, data: { __remove__: true } })).toEqual({ b: 1 })
    }
  })

  test('one member: every member can be sent whole, and the other members stay', () => {
    fc.assert(
      fc.property(status, name, status, (a, panel, data) => {
        expect(mergedWith(a, { panel, op: 'full', data })).toEqual({ ...a, [panel]: data })
      }),
    )
  })

  test('are distinguished by shape: an almost structured difference is a merge patch', () => {
    expect(mergedWith({}, { added: { a: 1 }, removed: ['b'] })).toEqual({ added: { a: 1 }, removed: ['b'] })
    const noOld = { added: {}, removed: [], changed: { a: { new: 1 } } }
    expect(mergedWith({ a: 0 }, noOld)).toEqual({ a: 0, ...noOld })
    expect(mergedWith({}, { panel: 'a', op: 'replace', data: 1 })).toEqual({
      panel: 'a',
      op: 'replace',
      data: 1,
    })
  })

  test('lists are replaced whole, never merged', () => {
    const diff = { added: {}, removed: [], changed: { l: { old: [1, 2], new: [2] } } }
    expect(mergedWith({ l: [1, 2] }, diff)).toEqual({ l: [2] })
  })
})

test('new members are deep-frozen, and so is the merged status', () => {
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen))
  fc.assert(
    fc.property(
      status,
      status,
      name,
      fc.constantFrom('structured', 'member', 'patch'),
      (a, b, panel, grammar) => {
        const diff =
          grammar === 'structured'
            ? { added: b, removed: Object.keys(a), changed: {} }
            : grammar === 'member'
              ? { panel, op: 'diff', data: b }
              : b
        expect(frozen(mergedWith(a, JSON.parse(JSON.stringify(diff))))).toBe(true)
      },
    ),
  )
})

describe('refused whole', () => {
  const names = ['__proto__', 'constructor', 'prototype']
  test.each(names)('the name %s, at any place', refused => {
    const poison = `{"${refused}": {"polluted": true}}`
    const diffs = [
      poison,
      `{"a": ${poison}}`,
      `{"a": [${poison}]}`,
      `{"added": ${poison}, "removed": [], "changed": {}}`,
      `{"added": {"a": ${poison}}, "removed": [], "changed": {}}`,
      `{"added": {}, "removed": [], "changed": {"${refused}": {"old": 1, "new": 2}}}`,
      `{"added": {}, "removed": [], "changed": {"a": {"old": 1, "new": ${poison}}}}`,
      `{"added": {}, "removed": [], "changed": {}, "nested": {"${refused}": {"added": {}, "removed": [], "changed": {}}}}`,
      `{"panel": "${refused}", "op": "full", "data": 1}`,
      `{"panel": "a", "op": "full", "data": ${poison}}`,
      `{"panel": "a", "op": "diff", "data": {"b": ${poison}}}`,
    ]
    for (const diff of diffs) {
      const before = { a: { b: {} } }
      expect(mergeDiff(before, JSON.parse(diff)), diff).toMatchObject({ ok: false })
      expect(before).toEqual({ a: { b: {} } })
    }
    expect(({} as Json).polluted).toBeUndefined()
  })

  test('a difference nested deeper than 64', () => {
    expect(mergeDiff({}, nestedTo(MAX_DEPTH)).ok).toBe(true)
    expect(mergeDiff({}, nestedTo(MAX_DEPTH + 1)).ok).toBe(false)
    expect(mergeDiff({}, JSON.parse(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`)).ok).toBe(false)
  })

  test('a nested difference without a target, or that is none', () => {
    const empty = { added: {}, removed: [], changed: {} }
    expect(mergeDiff({}, { ...empty, nested: { a: empty } }).ok).toBe(false)
    expect(mergeDiff({ a: [] }, { ...empty, nested: { a: empty } }).ok).toBe(false)
    expect(mergeDiff({ a: {} }, { ...empty, nested: { a: { x: 1 } } }).ok).toBe(false)
    expect(mergeDiff({ a: {} }, { ...empty, nested: 1 }).ok).toBe(false)
    expect(mergeDiff({}, [1]).ok).toBe(false)
  })
})
