import { expect, test } from 'vitest'
import { isDead, seeUnread, type Unread } from './unread.js'

const LIMIT_MS = 30_000

/** Looks at these times, with what was sent and what waits then; when the reader is found dead, null if never. */
function deadAt(
  looks: readonly (readonly [nowMs: number, sent: number, waiting: number, lastWriteMs: number])[],
): number | null {
  let before: Unread | undefined
  for (const [nowMs, sent, waiting, lastWriteMs] of looks) {
    const now = seeUnread(before, { sent, waiting, lastWriteMs }, nowMs)
    if (isDead(before, now, LIMIT_MS, nowMs)) return nowMs
    before = now
  }
  return null
}

const times = Array.from({ length: 12 }, (_, n) => 15_000 + 5_000 * n)

test('a reader whose link is down is dead 30 s after the first byte that waits', () => {
  expect(deadAt(times.map(at => [at, 100, 10, 12_000]))).toBe(45_000)
})

test('bytes that are added meanwhile change nothing', () => {
  expect(deadAt(times.map(at => [at, 100 + at, 10 + at, at - 1_000]))).toBe(45_000)
})

test('a reader that takes a byte now and then is alive, whatever waits for it', () => {
  expect(deadAt(times.map((at, n) => [at, 1_000_000, 1_000_000 - n, 0]))).toBe(null)
})

test('a reader whose queue is always as full, because it is always filled again, is alive', () => {
  expect(deadAt(times.map(at => [at, 65_536 + at, 65_536, at - 1]))).toBe(null)
})

test('one late look decides nothing', () => {
  expect(deadAt([[100_000, 100, 10, 0]])).toBe(null)
})
