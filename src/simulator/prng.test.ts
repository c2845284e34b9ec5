import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom, MAX_SEED } from './prng.js'
import { walked } from './walk.js'

const seeds = fc.integer({ min: 0, max: MAX_SEED })

test('the same seed always gives the same numbers', () => {
  const random = createRandom(1)
  const numbers = Array.from({ length: 5 }, () => random.whole(0, 999))
  expect(numbers).toMatchInlineSnapshot(`
    [
      627,
      2,
      527,
      981,
      968,
    ]
  `)
})

test('numbers are within their bounds, and every whole number occurs', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const random = createRandom(seed)
      const value = random.between(-2, 5)
      expect(value >= -2 && value < 5).toBe(true)
      const dice = new Set(Array.from({ length: 200 }, () => random.whole(1, 6)))
      expect([...dice].sort()).toEqual([1, 2, 3, 4, 5, 6])
    }),
  )
})

test('a chance is true about as often as its probability', () => {
  const random = createRandom(42)
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length
  expect(hits).toBeGreaterThan(2800)
  expect(hits).toBeLessThan(3200)
  expect(random.chance(0)).toBe(false)
  expect(random.chance(1)).toBe(true)
})

test('a walk always moves and never leaves its bounds', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 3 }), (seed, digits) => {
      const random = createRandom(seed)
      const range = { low: 0, high: 10, home: 5, step: 0.6, digits }
      let value = 10
      for (let i = 0; i < 100; i += 1) {
        const next = walked(random, value, range)
        expect(next).not.toBe(value)
        expect(next >= 0 && next <= 10).toBe(true)
        value = next
      }
    }),
  )
})
