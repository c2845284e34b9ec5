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
