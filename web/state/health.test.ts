import { expect, test } from 'vitest'
import { healthFrom } from './health.js'

test('the looks of a board and its members are read, and what makes no sense is left out', () => {
  const display = { title: 'Search', spans: { shards: 2, wide: 9, odd: 'x', half: 1.5 } }
  const known = healthFrom({ display, automatic: { shown: 16, hidden: 2 } }, 0)
  expect(known.title).toBe('Search')
  expect([...known.spans]).toEqual([['shards', 2]])
  expect(known.members).toEqual({ shown: 16, hidden: 2 })
  // An earlier version says only how many are hidden; the older ones say nothing.
  expect(healthFrom({ automatic: { hidden: 2 } }, 0).members).toEqual({ shown: null, hidden: 2 })
  expect(healthFrom({ display: { spans: [1] } }, 0)).toMatchObject({ title: null, members: null })
  expect(healthFrom(null, 0).spans.size).toBe(0)
})

test('the state of notifications is read, and is not there without rules', () => {
  const notify = { open: 2, to_acknowledge: 1, mutes: 0, muted_until: null }
  expect(healthFrom({ notify }, 0).notify).toEqual({
    open: 2,
    toAcknowledge: 1,
    mutes: 0,
    mutedUntilMs: null,
  })
  expect(healthFrom({ notify: { open: 2 } }, 0).notify).toBeNull()
  expect(healthFrom({}, 0).notify).toBeNull()
})
