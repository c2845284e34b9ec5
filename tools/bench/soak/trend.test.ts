import { describe, expect, test } from 'vitest'
import { leastSquares, type Point, trendOf } from './trend.js'

const points = (count: number, valueAt: (i: number) => number): Point[] =>
  Array.from({ length: count }, (_, i) => ({ atMin: i / 10, value: valueAt(i) }))
/** Up and down by turns. */
const noise = (i: number) => (i % 2 === 0 ? 1 : -1)

describe('the line through samples', () => {
  test('has the slope of points on it, without error', () => {
    const line = leastSquares(points(20, i => 5 + 3 * (i / 10)))
    expect(line.slope).toBeCloseTo(3, 9)
    expect(line.slopeError).toBeCloseTo(0, 9)
  })

  test('has a large error on noisy points', () => {
    const noisy = leastSquares(points(10, i => 100 * noise(i)))
    expect(Math.abs(noisy.slope)).toBeLessThan(2 * noisy.slopeError)
  })

  test('needs samples of different moments', () => {
    expect(() => leastSquares(points(2, () => 1))).toThrow('at least 3 samples, got 2')
    expect(() => leastSquares([1, 2, 3].map(value => ({ atMin: 1, value })))).toThrow('one moment')
  })
})

describe('a figure of a soak', () => {
  const bound = { once: 2, perMin: 0.1 }

  test('may be steady, falling or noisy', () => {
    for (const valueAt of [() => 7, (i: number) => -i, (i: number) => 50 * noise(i)]) {
      expect(trendOf(points(100, valueAt), bound).passed).toBe(true)
    }
  })

  test('may grow by the fixed amount of a run, and no more', () => {
    // 9.9 minutes; 2 in all are 0.2 a minute.
    const growing = (perMin: number) =>
      trendOf(
        points(100, i => perMin * (i / 10) + 0.2 * noise(i)),
        bound,
      )
    expect(growing(0.19)).toMatchObject({ passed: true })
    expect(growing(0.19).boundPerMin).toBeCloseTo(2 / 9.9)
    expect(growing(0.3)).toMatchObject({ passed: false })
  })

  test('is limited to the bound a minute in a long run', () => {
    const hours = points(3_000, i => 0.15 * (i / 10) + noise(i))
    expect(trendOf(hours, bound)).toMatchObject({ boundPerMin: 0.1, passed: false })
  })
})
