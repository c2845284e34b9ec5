import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Caller } from '../ports.js'
import { createRollout, placeOf, type RolloutSettings } from './rollout.js'

const OFF: RolloutSettings = {
  enableSseStreaming: false,
  enableSseStreamingPercentage: 100,
  enableSseStreamingUsers: [],
}
const KEY = Buffer.from('audit key')
const rollout = (changes: Partial<RolloutSettings>, hmacKey: Uint8Array | null = KEY) =>
  createRollout({ settings: () => ({ ...OFF, enableSseStreaming: true, ...changes }), hmacKey })
const anonymous = (key: string): Caller => ({ person: null, relayKey: null, addressKey: key, key })
const alice: Caller = {
  person: { key: 'https%3A%2F%2Fissuer|u-1', email: 'Alice@Example.org', role: null, tokenId: 't' },
  relayKey: null,
  addressKey: '10.0.0.1',
  key: 'u:https%3A%2F%2Fissuer|u-1',
}

test('the flag closes it for everybody, listed or not', () => {
  const closed = rollout({ enableSseStreaming: false, enableSseStreamingUsers: ['u-1'] })
  expect(closed.enabled).toBe(false)
  expect(closed.allows(alice)).toBe(false)
})

test('raising the percentage never drops anybody', () => {
  const percent = fc.double({ min: 0, max: 100, noNaN: true })
  fc.assert(
    fc.property(fc.string(), percent, percent, (key, a, b) => {
      const open = (enableSseStreamingPercentage: number) =>
        rollout({ enableSseStreamingPercentage }).allows(anonymous(key))
      if (open(Math.min(a, b))) expect(open(Math.max(a, b))).toBe(true)
    }),
  )
})

test('0 lets nobody in, 100 everybody, and half is about half', () => {
  const callers = Array.from({ length: 2_000 }, (_, i) => anonymous(`10.0.${i >> 8}.${i & 255}`))
  const count = (enableSseStreamingPercentage: number) =>
    callers.filter(rollout({ enableSseStreamingPercentage }).allows).length
  expect(count(0)).toBe(0)
  expect(count(100)).toBe(2_000)
  expect(count(50)).toBeGreaterThan(900)
  expect(count(50)).toBeLessThan(1_100)
})

test('a place depends on nothing but the key: it is the same in every process and version', () => {
  expect(placeOf('10.0.0.1')).toBeCloseTo(placeOf('10.0.0.1'), 12)
  expect(placeOf('a')).toMatchInlineSnapshot(`22.544391112040785`)
})

describe('the allow list', () => {
  const listed = (entry: string, hmacKey: Uint8Array | null = KEY) =>
    rollout({ enableSseStreamingPercentage: 0, enableSseStreamingUsers: [entry] }, hmacKey).allows(alice)
  const mark = (name: string) => createHmac('sha256', KEY).update(name).digest('hex')

  test.each([
    'u-1',
    'alice@example.org',
    ' ALICE@example.org',
    mark('alice@example.org'),
    mark('u-1').toUpperCase(),
  ])('finds %s', entry => expect(listed(entry)).toBe(true))

  test('takes no mark made with another key, and none without a key', () => {
    expect(listed(createHmac('sha256', 'other').update('u-1').digest('hex'))).toBe(false)
    expect(listed(mark('u-1'), null)).toBe(false)
  })

  test('is for people whose identity was verified', () => {
    const open = rollout({ enableSseStreamingPercentage: 0, enableSseStreamingUsers: ['10.0.0.1'] })
    expect(open.allows(anonymous('10.0.0.1'))).toBe(false)
  })
})
