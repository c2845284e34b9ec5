import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Status } from '../snapshot/reading.js'
import { diffStatus } from './diff.js'
import { fitsBaseline } from './fits.js'

const STATUS = { a: 1, list: [1, { x: true }], map: { n: 1, m: { deep: 2 } } }
const EMPTY = { added: {}, removed: [], changed: {} }

describe('a difference', () => {
  test.each<[string, Status]>([
    ['nothing', EMPTY],
    ['a new member', { ...EMPTY, added: { b: 2 } }],
    ['the removal of a member that is there', { ...EMPTY, removed: ['a'] }],
    ['a change of what is there', { ...EMPTY, changed: { a: { old: 1, new: 2 } } }],
    ['a change inside', { ...EMPTY, nested: { map: { ...EMPTY, changed: { n: { old: 1, new: 2 } } } } }],
    ['members in another order', { ...EMPTY, changed: { map: { old: { m: { deep: 2 }, n: 1 }, new: 0 } } }],
    ['true for 1, as Python has it', { ...EMPTY, changed: { list: { old: [true, { x: 1 }], new: [] } } }],
    ['another grammar, which says nothing of before', { a: 7, b: null }],
    ['one member, which says nothing of before', { panel: 'a', op: 'full', data: 7 }],
  ])('that says %s was made from this status', (_, diff) => {
    expect(fitsBaseline(STATUS, diff)).toBe(true)
  })

  test.each<[string, Status]>([
    ['adds what is there', { ...EMPTY, added: { a: 2 } }],
    ['removes what is not there', { ...EMPTY, removed: ['b'] }],
    ['changes another value', { ...EMPTY, changed: { a: { old: 2, new: 3 } } }],
    ['changes what is not there', { ...EMPTY, changed: { b: { old: null, new: 3 } } }],
    ['changes another list', { ...EMPTY, changed: { list: { old: [1], new: 3 } } }],
    ['changes a map of other members', { ...EMPTY, changed: { map: { old: { n: 1 }, new: 3 } } }],
    ['takes a text for a number', { ...EMPTY, changed: { a: { old: '1', new: 3 } } }],
    ['goes into what is no map', { ...EMPTY, nested: { a: { ...EMPTY, removed: ['x'] } } }],
    ['goes into another map', { ...EMPTY, nested: { map: { ...EMPTY, removed: ['x'] } } }],
  ])('that %s was not', (_, diff) => {
    expect(fitsBaseline(STATUS, diff)).toBe(false)
  })

  test('of this server always fits the status it was made from', () => {
    const status = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true })
    fc.assert(
      fc.property(status, status, (before, after) => {
        const diff = diffStatus(before, after)
        fc.pre(diff !== null)
        expect(fitsBaseline(before, diff ?? {})).toBe(true)
      }),
    )
  })
})
