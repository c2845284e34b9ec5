import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInTime, issueTicket, readTicket, type TicketKey, ticketKeys } from './ticket.js'
import { tokenSet } from './token.js'

const NOW = 1_763_615_431_000
const HOUR_MS = 3_600_000

const keysOf = (current: string | null, previous: string | null = null): readonly TicketKey[] =>
  ticketKeys(tokenSet(current, previous).inForce)

function first(keys: readonly TicketKey[]): TicketKey {
  const [key] = keys
  if (key === undefined) throw new Error('there is no key')
  return key
}

describe('a ticket', () => {
  const keys = keysOf('a-token')
  test('is read by every server with the same token, and says when and under which token it was issued', () => {
    const ticket = readTicket(issueTicket(first(keys), NOW), keysOf('a-token'))
    expect(ticket).toEqual({
      id: expect.stringMatching(/^[\w-]{20}$/),
      owner: first(keys).owner,
      issuedAtMs: NOW,
    })
  })
  test('has one length, fits into a URL, holds nothing of the token, and is never the same', () => {
    const made = Array.from({ length: 100 }, () => issueTicket(first(keys), NOW))
    expect(new Set(made).size).toBe(100)
    expect(new Set(made.map(text => readTicket(text, keys)?.id)).size).toBe(100)
    for (const text of made) {
      expect(text).toMatch(/^[\w-]{72}$/)
      expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('a-token')
    }
  })
  test('of another token is none; one of the previous token is one while that is accepted', () => {
    const old = issueTicket(first(keysOf('old')), NOW)
    expect(readTicket(old, keysOf('new'))).toBeNull()
    const rotating = keysOf('new', 'old')
    expect(readTicket(old, rotating)?.owner).toBe(tokenSet('new', 'old').ownerOf('old'))
    expect(readTicket(issueTicket(first(rotating), NOW), keysOf('new'))).not.toBeNull()
    expect(readTicket(old, keysOf(null))).toBeNull()
  })
  test('without a token works too, and is none where one is needed', () => {
    const open = issueTicket(first(keysOf(null)), NOW)
    expect(readTicket(open, keysOf(null))).toMatchObject({ owner: null })
    expect(readTicket(open, keys)).toBeNull()
  })
  test('is none when any bit of it is another', () => {
    const bytes = Buffer.from(issueTicket(first(keys), NOW), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(readTicket(changed.toString('base64url'), keys)).toBeNull()
    }
  })
  test('is none when any text is around it or in its place', () => {
    const text = issueTicket(first(keys), NOW)
    for (const wrong of [
      '',
      'nonsense',
      'x'.repeat(100_000),
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      text.slice(1),
    ])
      expect(readTicket(wrong, keys)).toBeNull()
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), any => readTicket(any, keys) === null),
    )
  })
})

describe('the time of a ticket', () => {
  const at = (ageMs: number, isReturn: boolean, returnMs = 12 * HOUR_MS) =>
    isInTime({ id: 'i', owner: null, issuedAtMs: NOW }, { isReturn, returnMs }, NOW + ageMs)
  test.each([
    [0, true, true],
    [60_000, true, true],
    [60_001, false, true],
    [12 * HOUR_MS, false, true],
    [12 * HOUR_MS + 1, false, false],
    // Another node's clock is behind by some seconds, or wrong.
    [-10_000, true, true],
    [-10_001, false, false],
  ])('after %d ms: a first connection %s, a return %s', (ageMs, isFirstGood, isReturnGood) => {
    expect([at(ageMs, false), at(ageMs, true)]).toEqual([isFirstGood, isReturnGood])
  })
  test('to come back is never shorter than to connect', () => {
    expect([at(60_000, true, 0), at(60_001, true, 0)]).toEqual([true, false])
  })
})
