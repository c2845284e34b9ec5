import { describe, expect, test } from 'vitest'
import { agoText, axisLabels, rangeOf, spanOf, summaryOf, valueText } from './scale.js'

const look = { fromZero: false, digits: 2 }

describe('the range of an axis', () => {
  test('contains the values, with some space', () => {
    expect(rangeOf(10, 20, look)).toEqual([9, 21])
  })
  test('begins at zero where the size counts', () => {
    expect(rangeOf(10, 20, { ...look, fromZero: true })).toEqual([0, 22])
  })
  test('ends at the limit of the value', () => {
    expect(rangeOf(90, 99.5, { ...look, limit: 100 })[1]).toBe(100)
    expect(rangeOf(0, 250, { ...look, fromZero: true, limit: 100 })[1]).toBe(275)
  })
  test('of a flat line has a height', () => {
    const [low, high] = rangeOf(24_000, 24_000, look)
    expect(low).toBeLessThan(24_000)
    expect(high).toBeGreaterThan(24_000)
    expect(rangeOf(0, 0, { ...look, fromZero: true })).toEqual([0, 0.12])
  })
  test('of a flat line is no finer than the shown digits', () => {
    expect(rangeOf(258, 258, { ...look, digits: 1 })).toEqual([256.8, 259.2])
  })
  test('without values has a default', () => {
    expect(rangeOf(null, null, look)).toEqual([0, 1])
    expect(rangeOf(null, null, { ...look, fromZero: true, limit: 100 })).toEqual([0, 100])
  })
})

test.each([
  [[0, 50, 100], 50, ['0', '50', '100']],
  [[24_500, 24_510], 10, ['24,500', '24,510']],
  [[0.2, 0.4], 0.2, ['0.2', '0.4']],
  [[0.25, 0.3], 0.05, ['0.25', '0.30']],
  [[1, 1.1], 0.1, ['1.0', '1.1']],
  [[0.75, 1], 0.25, ['0.75', '1.00']],
  [[5, 7.5], 2.5, ['5.0', '7.5']],
])('labels %j a step of %d apart as %j', (splits, step, labels) => {
  expect(axisLabels(splits, step)).toEqual(labels)
})

test('a value has its unit, a missing one none', () => {
  expect(valueText(0.696, 2, ' s')).toBe('0.70 s')
  expect(valueText(52_056.15, 2, '')).toBe('52,056.15')
  expect(valueText(-12.5, 2, '')).toBe('-12.50')
  expect(valueText(-0.001, 2, ' s')).toBe('0.00 s')
  expect(valueText(null, 2, ' s')).toBe('—')
})

describe('a line in words', () => {
  const summary = (...values: (number | null)[]) => summaryOf({ label: 'CPU', values })
  test('is its newest, lowest and highest value', () => {
    expect(summary(null, 5, 1, 9, 3)).toEqual({ current: 3, lowest: 1, highest: 9 })
  })
  test('keeps its newest value for a while without confirmation', () => {
    expect(summary(5, null, null)?.current).toBe(5)
    expect(summary(5, ...Array.from({ length: 41 }, () => null))?.current).toBeNull()
  })
  test('is null without values', () => {
    expect(summary()).toBeNull()
    expect(summary(null, null)).toBeNull()
  })
})

test.each([
  [[[null, null]], 60],
  [[[]], 60],
  [[[null, 5]], 60],
  [[Array(60).fill(5)], 60],
  [[Array(61).fill(5), [null]], 180],
  [[[null], Array(361).fill(5)], 900],
  [[[...Array(800).fill(null), 5]], 60],
])('the time axis spans what is known (case %#)', (values, span) => {
  expect(spanOf(values.map(each => ({ label: 'x', values: each })))).toBe(span)
})

test('the time axis names moments in whole minutes, on a young page in seconds', () => {
  expect([900, 600, 300, 0].map(ago => agoText(ago, 900))).toEqual(['−15 min', '−10 min', '−5 min', 'now'])
  expect([180, 120, 60].map(ago => agoText(ago, 180))).toEqual(['−3 min', '−2 min', '−1 min'])
  expect([60, 40, 20, 0].map(ago => agoText(ago, 60))).toEqual(['−60 s', '−40 s', '−20 s', 'now'])
})
