import { expect, test } from 'vitest'
import { createPace, retryAfterMs } from './pace.js'

test.each([
  ['7.5', 7_500],
  ['3, 5', 3_000],
  ['', 0],
  ['soon', 0],
])('Retry-After %j is %d ms', (given, ms) => {
  expect(retryAfterMs(given)).toBe(ms)
})

test('a date is the time until then; one that has passed, and a negative number, are no wait', () => {
  expect(retryAfterMs(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000)
  expect(retryAfterMs('Wed, 21 Oct 2015 07:28:00 GMT')).toBeLessThanOrEqual(0)
  expect(retryAfterMs('-5')).toBeLessThanOrEqual(0)
})

test('gives up after the attempts in a row, and begins anew after an event', async () => {
  const pace = createPace({ maxAttempts: 2, retryDelayMs: 0 })
  const wait = () => pace.wait(undefined, -1)
  expect([await wait(), await wait(), await wait()]).toEqual([true, true, false])
  pace.good()
  expect(await wait()).toBe(true)
})

test('gives up at once when the server asks for a longer wait than the outage may last', async () => {
  expect(await createPace({ maxOutageMs: 1_000 }).wait(undefined, 3_600_000)).toBe(false)
})

test('an abort ends the wait', async () => {
  const abort = new AbortController()
  const waited = createPace({}).wait(abort.signal, 50_000)
  abort.abort()
  expect(await waited).toBe(false)
  expect(await createPace({}).wait(abort.signal, 50_000)).toBe(false)
})
