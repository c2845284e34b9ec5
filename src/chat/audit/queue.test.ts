import { describe, expect, test } from 'vitest'
import { type RefusalEntry, Refusals } from './queue.js'

const HOUR_MS = 3_600_000

function refusal(address: string, operation: RefusalEntry['operation'] = 'security.forbidden'): RefusalEntry {
  return { operation, address, requestId: 'r', person: null, code: 'cross_site', atMs: 7 }
}
/** How many of so many get a record. */
function recorded(
  refusals: Refusals,
  count: number,
  addressOf: (n: number) => string,
  monoMs = 0,
  operation?: RefusalEntry['operation'],
) {
  return Array.from({ length: count }, (_, n) =>
    refusals.take(refusal(addressOf(n), operation), monoMs),
  ).filter(Boolean).length
}

describe('refusals', () => {
  test('of one address get 300 records an hour of each kind; the others are counted', () => {
    const refusals = new Refusals()
    expect(recorded(refusals, 300, () => '192.0.2.1')).toBe(300)
    expect(refusals.leftOut).toBeNull()
    expect(recorded(refusals, 50, () => '192.0.2.1')).toBe(0)
    expect(refusals.leftOut).toEqual({ sinceMs: 7, counts: { 'security.forbidden': 50 } })
    expect(recorded(refusals, 1, () => '192.0.2.1', 0, 'security.auth_failure')).toBe(1)
    expect(recorded(refusals, 1, () => '192.0.2.2')).toBe(1)
    expect(recorded(refusals, 2, () => '192.0.2.1', HOUR_MS)).toBe(2)
  })
  test('of a whole IPv6 network count as of one address', () => {
    const refusals = new Refusals()
    expect(recorded(refusals, 400, n => `2001:db8::${n.toString(16)}`)).toBe(300)
  })
  test('of everybody get 3000 records an hour of each kind', () => {
    const refusals = new Refusals()
    expect(recorded(refusals, 4_000, n => `192.0.${n >> 8}.${n & 255}`)).toBe(3_000)
    expect(refusals.leftOut?.counts).toEqual({ 'security.forbidden': 1_000 })
    expect(recorded(refusals, 1, () => '192.0.2.1', 0, 'security.auth_failure')).toBe(1)
  })
  test('that come while their counts are being recorded are recorded the next time', () => {
    const refusals = new Refusals()
    recorded(refusals, 310, () => '192.0.2.1')
    const { leftOut } = refusals
    if (leftOut === null) throw new Error('none left out')
    recorded(refusals, 3, () => '192.0.2.1')
    refusals.committed(leftOut, 99)
    expect(refusals.leftOut).toEqual({ sinceMs: 99, counts: { 'security.forbidden': 3 } })
    refusals.committed({ sinceMs: 99, counts: { 'security.forbidden': 3 } }, 100)
    expect(refusals.leftOut).toBeNull()
  })
})
