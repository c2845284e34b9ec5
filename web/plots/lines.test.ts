import { describe, expect, test } from 'vitest'
import { axisFor, changesOf, fewOf, gapsOf, isByChange, newest, spread } from './lines.js'

const known = (count: number) => Array.from({ length: count }, () => 1)
const unknown = (count: number) => Array.from({ length: count }, () => null)

test('changes are in per cent of the first known value; gaps stay gaps', () => {
  expect(changesOf([null, 200, 201, null, 199])).toEqual([null, 0, 0.5, null, -0.5])
  expect(changesOf([0, 5])).toEqual([null, null])
  expect(changesOf([null])).toEqual([null])
})

test('several prices are compared by their change; small counts and numbers with a unit are not', () => {
  expect(isByChange([[24_500], [52_000, 51_000]], '')).toBe(true)
  expect(isByChange([[24_500], [null]], '')).toBe(true)
  expect(isByChange([[24_500]], '')).toBe(false)
  expect(isByChange([[2, 3], [400]], '')).toBe(false)
  expect(isByChange([[95], [92]], '%')).toBe(false)
})

describe('the axis', () => {
  test('of changes is symmetric about 0, has 3 to 5 lines, and is never narrower than 0.1 % to each side', () => {
    expect(axisFor([[0, 0.31], [-0.1]], '', true)?.ticks).toEqual([-0.4, -0.2, 0, 0.2, 0.4])
    const flat = axisFor([[0, 0]], '', true)
    expect([flat?.low, flat?.high]).toEqual([-0.1, 0.1])
  })
  test('of values is that of their unit; without values there is none', () => {
    expect(axisFor([[17.3, 17.4]], '%', false)?.ticks.length).toBeGreaterThanOrEqual(3)
    expect(axisFor([[null], []], '%', false)).toBeNull()
    expect(axisFor([[null]], '', true)).toBeNull()
  })
})

test('gaps are where no line has a value, after the first that has one', () => {
  const one = [...unknown(5), ...known(5), ...unknown(10), ...known(5)]
  expect(gapsOf([one])).toEqual([{ from: 10, to: 20, isOpen: false }])
  // Another line bridges half of it.
  expect(gapsOf([one, [...unknown(10), ...known(6), ...unknown(9)]])).toEqual([])
  expect(gapsOf([[...known(5), ...unknown(3), ...known(5)]])).toEqual([])
  expect(gapsOf([])).toEqual([])
})

test('the newest seconds may not be confirmed yet; longer than that is a gap to the end', () => {
  expect(gapsOf([[...known(5), ...unknown(39)]])).toEqual([])
  expect(gapsOf([[...known(5), ...unknown(40)]])).toEqual([{ from: 5, to: 45, isOpen: true }])
})

test('labels do not overlap, keep their order, and stay within the height', () => {
  expect(spread([10, 50], 9)).toEqual([10, 50])
  expect(spread([50, 48, 49], 9)).toEqual([66, 48, 57])
  expect(spread([99, 98], 9)).toEqual([100, 91])
})

test('of very many lines those that moved most to either side are kept, and the chosen one, in their order', () => {
  const members = Array.from({ length: 20 }, (_, i) => ({ id: String(i) }))
  const changeOf = (id: string) => Number(id) - 10
  const kept = fewOf(members, '7', changeOf).map(({ id }) => id)
  expect(kept).toEqual(['0', '1', '2', '7', '17', '18', '19'])
  expect(fewOf(members.slice(0, 7), null, changeOf)).toHaveLength(7)
})

test('the newest known value', () => {
  expect([newest([1, 2, null]), newest([null]), newest([])]).toEqual([2, null, null])
})
