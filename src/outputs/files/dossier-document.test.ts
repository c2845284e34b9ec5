import { expect, test } from 'vitest'
import { snakeMembers } from './dossier-document.js'

test('members are renamed at every depth, in lists too; names in maps stay as they are', () => {
  const value = {
    startedAtMs: 1,
    p95Ms: 2,
    rows: [{ changePct: 3 }, 'asGiven', null],
    deep: { maxPain: { bankNifty: 4 } },
    links: null,
  }
  expect(snakeMembers(value, new Set(['maxPain', 'links']))).toEqual({
    started_at_ms: 1,
    p95_ms: 2,
    rows: [{ change_pct: 3 }, 'asGiven', null],
    deep: { max_pain: { bankNifty: 4 } },
    links: null,
  })
})
