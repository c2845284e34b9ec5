import { expect, test } from 'vitest'
import { Guesses } from './guesses.js'

test('ten wrong ones a minute cost nothing; each further one adds a quarter of a second to the next, up to four', () => {
  const guesses = new Guesses()
  for (let i = 0; i < 10; i++) expect([guesses.waitMs('a', i), guesses.add('a', i)]).toEqual([0, 0])
  // The eleventh is refused at once, and makes its address wait.
  expect(guesses.waitMs('a', 9)).toBe(0)
  expect(guesses.add('a', 1_000)).toBe(59_000)
  expect([guesses.waitMs('a', 1_000), guesses.waitMs('a', 1_100)]).toEqual([250, 150])
  for (let i = 0; i < 100; i++) guesses.add('a', 1_000)
  expect([guesses.waitMs('a', 1_000), guesses.waitMs('a', 4_000), guesses.waitMs('a', 5_000)]).toEqual([
    4_000, 1_000, 0,
  ])
  expect(guesses.waitMs('b', 1_000)).toBe(0)
  expect([guesses.waitMs('a', 60_001), guesses.add('a', 60_001)]).toEqual([0, 0])
})

test('four tries a second are left to one that waits for each answer, whatever it does', () => {
  const guesses = new Guesses()
  let nowMs = 0
  let tries = 0
  for (; nowMs < 60_000; tries++) {
    nowMs += guesses.waitMs('a', nowMs)
    guesses.add('a', nowMs)
  }
  expect(tries).toBeLessThanOrEqual(11 + 60 * 4)
})

test('remembers the newest addresses only', () => {
  const guesses = new Guesses()
  for (let address = 0; address < 10_050; address++) {
    for (let i = 0; i < 11; i++) guesses.add(String(address), 0)
  }
  expect([guesses.waitMs('0', 0), guesses.waitMs('10049', 0)]).toEqual([0, 250])
})
