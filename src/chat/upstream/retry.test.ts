import { describe, expect, test } from 'vitest'
import { nextTry, retryAfterMs, type TryFailure } from './retry.js'

const now = { chance: 0.5, wallMs: 0 }
const first = { backend: 0, attempt: 0 }
const status = (code: number, retryAfter: string | null = null): TryFailure => ({
  kind: 'status',
  status: code,
  retryAfter,
  refusal: null,
})

describe('after a failed try', () => {
  test.each([
    [status(500), 1, { kind: 'try', at: { backend: 0, attempt: 1 }, waitMs: 100 }],
    [status(429, '3'), 1, { kind: 'try', at: { backend: 0, attempt: 1 }, waitMs: 3_000 }],
    [status(429, '10'), 1, { kind: 'try', at: { backend: 0, attempt: 1 }, waitMs: 10_000 }],
    [status(429, '11'), 1, { kind: 'give_up' }],
    [status(429, '11'), 2, { kind: 'try', at: { backend: 1, attempt: 0 }, waitMs: 0 }],
    [
      { kind: 'unreachable', cause: 'ECONNREFUSED' },
      1,
      { kind: 'try', at: { backend: 0, attempt: 1 }, waitMs: 100 },
    ],
    [{ kind: 'breaker_open' }, 2, { kind: 'try', at: { backend: 1, attempt: 0 }, waitMs: 0 }],
    [{ kind: 'breaker_open' }, 1, { kind: 'give_up' }],
    [status(400), 2, { kind: 'give_up' }],
    [{ kind: 'cut', cause: null }, 2, { kind: 'give_up' }],
    [{ kind: 'not_a_stream' }, 2, { kind: 'give_up' }],
  ] as const)('%j with %i backends', (failure, backends, next) => {
    expect(nextTry(failure, first, backends, now)).toEqual(next)
  })
  test('the second wait is up to twice as long as the first', () => {
    const second = { backend: 0, attempt: 1 }
    expect(nextTry(status(500), second, 1, now)).toMatchObject({ waitMs: 200 })
    expect(nextTry(status(500), second, 1, { ...now, chance: 0 })).toMatchObject({ waitMs: 0 })
  })
  test('two more tries at each backend, then the next, then none', () => {
    const seen: string[] = []
    let at = first
    for (;;) {
      seen.push(`${at.backend}.${at.attempt}`)
      const next = nextTry(status(503), at, 2, now)
      if (next.kind === 'give_up') break
      at = next.at
    }
    expect(seen).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2'])
  })
})

test.each([
  ['7', 7_000],
  ['Thu, 01 Jan 1970 00:00:09 GMT', 9_000],
  ['soon', null],
  [null, null],
])('Retry-After %j', (header, ms) => expect(retryAfterMs(header, 0)).toBe(ms))
