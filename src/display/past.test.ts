import { describe, expect, test } from 'vitest'
import { fillFrom } from './past.js'
import { createSeries } from './series.js'

const ID = 'box.n'
const document = (toSec: number, values: readonly (number | null)[]) => ({
  from: (toSec - values.length + 1) * 1000,
  to: toSec * 1000,
  step_sec: 1,
  since: (toSec - 100) * 1000,
  series: [{ id: ID, values }],
})

describe('the past of a server', () => {
  test('ends at its newest second where both clocks agree, and now where they do not', () => {
    const series = createSeries()
    expect(fillFrom(document(1_000, [1, 2]), series, 1_001_500)).toEqual({ sinceMs: 900_000, endSec: 1_000 })
    expect(series.values(ID, 1_000_000).values.slice(-3)).toEqual([null, 1, 2])
    const other = createSeries()
    expect(fillFrom(document(1_000, [1, 2]), other, 500_000)).toEqual({ sinceMs: 400_000, endSec: 500 })
    expect(other.values(ID, 500_000).values.slice(-3)).toEqual([null, 1, 2])
  })
  test('that is no such document fills nothing, and what makes no sense in one is left out', () => {
    const series = createSeries()
    for (const wrong of [
      null,
      'no',
      [],
      {},
      { from: 1, to: 2, step_sec: 0 },
      { from: 'a', to: 2, step_sec: 1 },
    ])
      expect(fillFrom(wrong, series, 0)).toBeNull()
    const odd = {
      ...document(1_000, []),
      series: [null, { id: 3 }, { id: ID }, { id: ID, values: ['x', 7] }],
    }
    fillFrom({ ...odd, from: 999_000 }, series, 1_000_000)
    expect(series.values(ID, 1_000_000).values.slice(-2)).toEqual([null, 7])
  })
})
