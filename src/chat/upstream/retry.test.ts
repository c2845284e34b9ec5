import { describe, expect, test } from 'vitest'
import { countsAgainstBackend, failureCause, failureCode, nextTry, type TryFailure } from './retry.js'

const now = { chance: 0.5, wallMs: 0 }
const first = { backend: 0, attempt: 0 }
const rules = { repeatUnanswered: false }
const status = (code: number, retryAfter: string | null = null): TryFailure => ({
  kind: 'status',
  status: code,
  retryAfter,
  refusal: null,
})
const again = (waitMs: number) => ({ kind: 'try', at: { backend: 0, attempt: 1 }, waitMs })
const NEXT = { kind: 'try', at: { backend: 1, attempt: 0 }, waitMs: 0 }
const GIVE_UP = { kind: 'give_up' }
const UNREACHABLE: TryFailure = { kind: 'unreachable', cause: 'ECONNREFUSED' }
const UNANSWERED: TryFailure = { kind: 'unanswered', cause: 'ECONNRESET' }

describe('after a failed try', () => {
  test.each<readonly [TryFailure, number, object]>([
    [status(500), 1, again(100)],
    [status(429, '3'), 1, again(3_000)],
    [status(429, '10'), 1, again(10_000)],
    [status(429, '11'), 1, GIVE_UP],
    [status(429, '11'), 2, NEXT],
    // What says nothing usable leaves the wait to the jitter; it is never shortened to nothing.
    [status(503, '7.5'), 1, again(7_500)],
    [status(503, '-5'), 1, again(100)],
    [status(503, '0'), 1, again(100)],
    [status(503, '3, 5'), 1, again(5_000)],
    [status(503, 'Thu, 01 Jan 1970 00:00:09 GMT'), 1, again(9_000)],
    [status(503, 'Wed, 31 Dec 1969 00:00:00 GMT'), 1, again(100)],
    [status(503, '86400'), 1, GIVE_UP],
    [UNREACHABLE, 1, again(100)],
    [{ kind: 'breaker_open' }, 2, NEXT],
    [{ kind: 'breaker_open' }, 1, GIVE_UP],
    ...[400, 413, 422].map(code => [status(code), 2, GIVE_UP] as const),
    ...[301, 401, 402, 403, 404, 405, 408, 410, 451].map(code => [status(code), 2, NEXT] as const),
    ...[301, 401, 402, 403, 404, 408].map(code => [status(code), 1, GIVE_UP] as const),
    [{ kind: 'cut', cause: 'ECONNRESET' }, 2, NEXT],
    [{ kind: 'cut', cause: 'empty_body' }, 1, GIVE_UP],
    [{ kind: 'not_a_stream', cause: 'html' }, 2, NEXT],
    [{ kind: 'in_band' }, 2, NEXT],
    [{ kind: 'silence' }, 2, NEXT],
    [{ kind: 'silence' }, 1, GIVE_UP],
    [UNANSWERED, 1, GIVE_UP],
    [UNANSWERED, 2, GIVE_UP],
  ])('%j with %i backends', (failure, backends, next) => {
    expect(nextTry(failure, first, backends, now, rules)).toEqual(next)
  })
  test('a question that was sent and not answered goes to the next backend where that is allowed, never to the same', () => {
    const allowed = { repeatUnanswered: true }
    expect(nextTry(UNANSWERED, first, 2, now, allowed)).toEqual(NEXT)
    expect(nextTry(UNANSWERED, first, 1, now, allowed)).toEqual(GIVE_UP)
  })
  test('the second wait is up to twice as long as the first', () => {
    const second = { backend: 0, attempt: 1 }
    expect(nextTry(status(500), second, 1, now, rules)).toMatchObject({ waitMs: 200 })
    expect(nextTry(status(500), second, 1, { ...now, chance: 0 }, rules)).toMatchObject({ waitMs: 0 })
  })
  test('two more tries at each backend, then the next, then none', () => {
    const seen: string[] = []
    let at = first
    for (;;) {
      seen.push(`${at.backend}.${at.attempt}`)
      const next = nextTry(status(503), at, 2, now, rules)
      if (next.kind === 'give_up') break
      at = next.at
    }
    expect(seen).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2'])
  })
})

describe('what counts against a backend', () => {
  test.each([301, 401, 402, 403, 408, 429, 500, 503])('status %i does', code =>
    expect(countsAgainstBackend(status(code), false)).toBe(true),
  )
  // Everybody can have these by what they ask for.
  test.each([400, 404, 405, 413, 415, 422])('status %i does not', code =>
    expect(countsAgainstBackend(status(code), false)).toBe(false),
  )
  test.each([401, 402, 403, 429])('status %i for the caller’s own key does not', code =>
    expect(countsAgainstBackend(status(code), true)).toBe(false),
  )
  test('errors in band, cuts, silence, other forms and connections do', () => {
    const failures: readonly TryFailure[] = [
      { kind: 'in_band' },
      { kind: 'cut', cause: 'ECONNRESET' },
      { kind: 'silence' },
      { kind: 'not_a_stream', cause: 'html' },
      UNREACHABLE,
      UNANSWERED,
    ]
    for (const failure of failures) expect(countsAgainstBackend(failure, true), failure.kind).toBe(true)
  })
})

test('each kind of failure has a cause of its own for the log', () => {
  const failures: readonly TryFailure[] = [
    status(503),
    { kind: 'in_band' },
    { kind: 'silence' },
    { kind: 'not_a_stream', cause: 'html' },
    { kind: 'not_a_stream', cause: 'json' },
    { kind: 'cut', cause: 'empty_body' },
    UNREACHABLE,
    UNANSWERED,
  ]
  const causes = failures.map(failureCause)
  expect(causes).toEqual([
    503,
    'in_band',
    'silence',
    'html',
    'json',
    'empty_body',
    'ECONNREFUSED',
    'ECONNRESET',
  ])
  expect(failures.map(failureCode)).toEqual([
    'upstream_failed',
    'upstream_error',
    'first_token_timeout',
    'upstream_failed',
    'upstream_failed',
    'upstream_cut',
    'upstream_unreachable',
    'upstream_unreachable',
  ])
})
