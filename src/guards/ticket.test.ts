import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Tickets, type TicketUse } from './ticket.js'

describe('a ticket', () => {
  test('is usable for 60 s, by one stream at a time, and for 60 s after each cut', () => {
    const tickets = new Tickets()
    const ticket = tickets.issue('me', 0)
    expect(tickets.look(ticket, 60_000)).toEqual({ owner: 'me' })
    expect(tickets.look(ticket, 60_001)).toBeNull()
    const use = tickets.use(ticket, 1_000)
    expect(use?.owner).toBe('me')
    expect(tickets.use(ticket, 2_000)).toBeNull()
    expect(tickets.look(ticket, 2_000)).toBeNull()
    use?.cut(500_000)
    const again = tickets.use(ticket, 560_000)
    expect(again).not.toBeNull()
    again?.cut(600_000)
    expect(tickets.use(ticket, 660_001)).toBeNull()
  })
  test('is not valid longer when the same use is cut twice', () => {
    const tickets = new Tickets()
    const ticket = tickets.issue(null, 0)
    const use = tickets.use(ticket, 0)
    use?.cut(0)
    use?.cut(50_000)
    expect(tickets.look(ticket, 60_001)).toBeNull()
  })
  test('has at least 128 bits and is never the same', () => {
    const tickets = new Tickets()
    const made = Array.from({ length: 100 }, () => tickets.issue(null, 0))
    expect(new Set(made).size).toBe(100)
    for (const ticket of made) expect(Buffer.from(ticket, 'base64url').length).toBeGreaterThanOrEqual(16)
  })
  test.each(['', 'nonsense', 'x'.repeat(100_000)])('%.10s is none', text => {
    const tickets = new Tickets()
    tickets.issue(null, 0)
    expect(tickets.use(text, 0)).toBeNull()
  })
})

test('the store keeps idle tickets up to its limit, and drops expired ones', () => {
  const tickets = new Tickets(2)
  const live = tickets.use(tickets.issue(null, 0), 0)
  const [oldest, ...rest] = [1, 2, 3].map(nowMs => tickets.issue(null, nowMs))
  expect(tickets.size).toBe(3)
  expect(tickets.look(oldest ?? '', 4)).toBeNull()
  for (const ticket of rest) expect(tickets.look(ticket, 4)).not.toBeNull()
  live?.cut(100_000)
  expect(tickets.size).toBe(1)
})

test('a ticket in its last millisecond survives the issue of another, and is gone in the next', () => {
  const tickets = new Tickets()
  const ticket = tickets.issue('me', 0)
  tickets.issue(null, 60_000)
  expect(tickets.look(ticket, 60_000)).toEqual({ owner: 'me' })
  tickets.issue(null, 60_001)
  expect(tickets.size).toBe(2)
})

test('two streams never share a ticket, whatever happens', () => {
  const action = fc.tuple(
    fc.constantFrom('issue', 'use', 'cut'),
    fc.nat(3),
    fc.integer({ min: 0, max: 40_000 }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 50 }), actions => {
      const tickets = new Tickets()
      const known: { text: string; validUntilMs: number; use: TicketUse | null }[] = []
      let nowMs = 0
      for (const [what, which, stepMs] of actions) {
        nowMs += stepMs
        const one = known[which]
        if (what === 'issue')
          known.push({ text: tickets.issue(null, nowMs), validUntilMs: nowMs + 60_000, use: null })
        else if (one === undefined) continue
        else if (what === 'use') {
          const use = tickets.use(one.text, nowMs)
          expect(use !== null).toBe(one.use === null && nowMs <= one.validUntilMs)
          one.use ??= use
        } else if (one.use !== null) {
          one.use.cut(nowMs)
          one.validUntilMs = nowMs + 60_000
          one.use = null
        }
      }
    }),
  )
})
