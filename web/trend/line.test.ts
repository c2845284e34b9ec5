import { expect, test } from 'vitest'
import { depthOf, lineOf } from './line.js'

const span = { low: 0, high: 10 }

test('the lowest value is at the bottom, the highest on top, others at the border', () => {
  expect([0, 5, 10, -3, 12].map(value => depthOf(value, span))).toEqual([100, 50, 0, 100, 0])
  expect(depthOf(7, { low: 7, high: 7 })).toBe(50)
})

test('a line goes through every value while there are few', () => {
  expect(lineOf([0, 5, 10], 0, span, 60)).toEqual({
    line: 'M0 100L50 50L100 0',
    area: 'M0 100L0 100L50 50L100 0L100 100Z',
    end: { x: 100, y: 0 },
  })
})

test('a gap stops the line; a value between two gaps is a point', () => {
  const { line, area, end } = lineOf([5, null, 5, null, 0, 10, null, null], 0, span, 60)
  expect(line.match(/M/g)).toHaveLength(3)
  expect(line).toContain('M28.57 50h.01')
  expect(line.endsWith('M57.14 100L71.43 0')).toBe(true)
  expect(area.match(/Z/g)).toHaveLength(3)
  expect(end).toEqual({ x: 71.43, y: 0 })
})

test('without values there is no line', () => {
  expect(lineOf([null, null], 0, span, 60)).toEqual({ line: '', area: '', end: null })
  expect(lineOf([], 0, span, 60).end).toBeNull()
})

test('a long series becomes few points and keeps its peaks, its begin and its end', () => {
  const values = Array.from({ length: 900 }, (_, i) => (i === 333 ? 10 : i === 612 ? 0 : 5))
  const { line, end } = lineOf(values, 1_800_000_007, span, 60)
  expect(line.split('L').length).toBeLessThanOrEqual(2 * 61 + 2)
  expect(line).toContain('37.04 0')
  expect(line).toContain('68.08 100')
  expect(line.startsWith('M0 50')).toBe(true)
  expect(end).toEqual({ x: 100, y: 50 })
})

test('a line that moves to the left keeps its shape', () => {
  const all = Array.from({ length: 960 }, (_, i) => Math.round(5 + 5 * Math.sin(i / 9)))
  const heights = (from: number): string[] =>
    lineOf(all.slice(from, from + 900), from, span, 60)
      .line.split('L')
      .map(point => point.split(' ')[1] ?? '')
  const [now, later] = [heights(0), heights(15)]
  // All but the parts at both borders.
  expect(now.slice(6, -4).join()).toContain(later.slice(6, -8).join())
})
