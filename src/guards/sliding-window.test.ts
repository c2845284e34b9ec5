import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlidingWindow } from './sliding-window.js'

test('accepts at most N in any W, and refuses none that it could accept', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), (steps, count) => {
      const limit = { count, windowMs: 100 }
      const window = new SlidingWindow()
      const letIn: number[] = []
      let nowMs = 0
      for (const step of steps) {
        nowMs += step
        const recent = letIn.filter(at => at > nowMs - limit.windowMs)
        const waitMs = window.waitMs('a', limit, nowMs)
        expect(waitMs === 0).toBe(recent.length < count)
        if (waitMs === 0) {
          window.add('a', limit, nowMs)
          letIn.push(nowMs)
        } else {
          expect(window.waitMs('a', limit, nowMs + waitMs - 1)).toBeGreaterThan(0)
          expect(window.waitMs('a', limit, nowMs + waitMs)).toBe(0)
        }
      }
    }),
  )
})

test('keys are counted apart', () => {
  const window = new SlidingWindow()
  const limit = { count: 1, windowMs: 10_000 }
  expect(window.take('a', limit, 0)).toBe(0)
  expect(window.take('b', limit, 0)).toBe(0)
  expect(window.take('a', limit, 4_000)).toBe(6_000)
})

test('idle keys are dropped, and there are never more keys than the limit', () => {
  const window = new SlidingWindow(3)
  const limit = { count: 2, windowMs: 100 }
  for (const key of ['a', 'b', 'c', 'd']) window.add(key, limit, 0)
  expect(window.keys).toBe(3)
  expect(window.waitMs('a', limit, 0)).toBe(0)
  window.add('e', limit, 500)
  expect(window.keys).toBe(1)
  window.add('f', limit, 599)
  expect(window.keys).toBe(2)
  window.add('g', limit, 600)
  expect(window.keys).toBe(2)
})

test('above the limit, the idlest key is dropped', () => {
  const window = new SlidingWindow(2)
  const limit = { count: 1, windowMs: 100 }
  for (const [nowMs, key] of ['a', 'b', 'a', 'c'].entries()) window.add(key, limit, nowMs)
  expect(window.waitMs('b', limit, 4)).toBe(0)
  expect(window.waitMs('a', limit, 4)).toBeGreaterThan(0)
})

test('usage counts only entries inside the window', () => {
  const window = new SlidingWindow()
  const limit = { count: 3, windowMs: 100 }
  expect(window.usage('a', limit, 0)).toEqual({ used: 0, freeInMs: 0 })
  for (const nowMs of [0, 30, 70]) window.add('a', limit, nowMs)
  expect(window.usage('a', limit, 99)).toEqual({ used: 3, freeInMs: 1 })
  expect(window.usage('a', limit, 100)).toEqual({ used: 2, freeInMs: 30 })
  expect(window.usage('a', limit, 170)).toEqual({ used: 0, freeInMs: 0 })
  // It keeps only as many times as the limit needs.
  window.add('a', limit, 80)
  expect(window.usage('a', { ...limit, windowMs: 1_000 }, 100)).toEqual({ used: 3, freeInMs: 930 })
})

test('a refusal is not counted: a caller that waits as long as it was asked to is accepted', () => {
  const window = new SlidingWindow()
  const limit = { count: 1, windowMs: 10_000 }
  expect([0, 4_000, 9_999, 10_000].map(nowMs => window.take('a', limit, nowMs))).toEqual([0, 6_000, 1, 0])
})

test('a lowered limit applies at once', () => {
  const window = new SlidingWindow()
  for (let i = 0; i < 5; i++) window.add('a', { count: 5, windowMs: 100 }, i)
  expect(window.waitMs('a', { count: 2, windowMs: 100 }, 5)).toBe(98)
})

test('the eleventh in a minute waits until the first is a minute old', () => {
  const window = new SlidingWindow()
  const limit = { count: 10, windowMs: 60_000 }
  for (let i = 0; i < 10; i++) expect(window.take('a', limit, i * 1_000)).toBe(0)
  expect(window.take('a', limit, 10_000)).toBe(50_000)
  expect(window.take('a', limit, 60_000)).toBe(0)
})
