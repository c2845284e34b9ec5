import { describe, expect, test } from 'vitest'
import { directionOf, movement, moversOf } from './movers.js'

const series = (at: (i: number) => number | null): (number | null)[] =>
  Array.from({ length: 600 }, (_, i) => at(i))

describe('the movement of a number', () => {
  test('is relative to its size, and 0 for one that stood still or is not known', () => {
    expect(movement([5, null, 5])).toBe(0)
    expect(movement([null])).toBe(0)
    expect(movement([0, 480])).toBe(1)
    expect(movement([100, 50, 75])).toBe(0.5)
    expect(movement([-10, 10])).toBe(2)
  })
  test('of a counter counts little', () => {
    const uptime = series(i => 10 + i)
    const load = series(i => 10 + Math.round(Math.sin(i / 20)))
    expect(movement(uptime)).toBeLessThan(movement(load))
    // A number that rose once is no counter.
    expect(movement(series(i => (i < 300 ? 1 : 2)))).toBe(0.5)
  })
})

test('what moved most comes first, what is not well before it, what stood still not at all', () => {
  const of = { a: [1, 1], b: [10, 9], c: [10, 5], d: [10, 8] } as Readonly<Record<string, number[]>>
  const numbers = Object.keys(of).map(id => {
    const tone = id === 'd' ? ('warn' as const) : undefined
    return { id, name: id, unit: '', decimals: 0, tone }
  })
  const values = (id: string) => of[id] ?? []
  expect(moversOf(numbers, values, 3)).toEqual(['d', 'c', 'b'])
  expect(moversOf(numbers, values, 1)).toEqual(['d'])
})

test('a number rises while its newest value is its highest and it was lower a minute ago', () => {
  expect(directionOf(series(i => i))).toBe('rising')
  expect(directionOf(series(i => -i))).toBe('falling')
  expect(directionOf(series(i => (i < 500 ? i : 500)))).toBe('')
  expect(directionOf(series(i => (i === 300 ? 900 : i)))).toBe('')
  expect(directionOf([1, 2, 3])).toBe('')
})
