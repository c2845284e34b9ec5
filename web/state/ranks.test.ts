import { describe, expect, test } from 'vitest'
import { byRank, HOLD_MS, nextRanks, type Rank, type Ranks } from './ranks.js'

const KEYS = ['a', 'b', 'c', 'd']
const wanted = (ranks: readonly Rank[]): ReadonlyMap<string, Rank> =>
  new Map(ranks.map((rank, i) => [KEYS[i] ?? '', rank]))
const NONE: Ranks = new Map()

describe('cards', () => {
  test('stand by rank from the start, within a rank as they were', () => {
    const ranks = nextRanks(NONE, wanted([3, 2, 3, 0]), 0, true)
    expect(byRank(KEYS, [], ranks)).toEqual(['d', 'b', 'a', 'c'])
    expect(byRank(KEYS, ['c'], ranks)).toEqual(['c', 'd', 'b', 'a'])
  })
  test('move when a tone has held, and not for a tone that comes and goes', () => {
    let ranks = nextRanks(NONE, wanted([3, 3, 3, 3]), 0, true)
    ranks = nextRanks(ranks, wanted([3, 3, 1, 3]), 1_000, true)
    expect(byRank(KEYS, [], ranks)).toEqual(KEYS)
    const back = nextRanks(ranks, wanted([3, 3, 3, 3]), 2_000, true)
    expect(byRank(KEYS, [], nextRanks(back, wanted([3, 3, 1, 3]), 6_500, true))).toEqual(KEYS)
    ranks = nextRanks(ranks, wanted([3, 3, 1, 3]), 1_000 + HOLD_MS, true)
    expect(byRank(KEYS, [], ranks)).toEqual(['c', 'a', 'b', 'd'])
  })
  test('do not move while they may not, and do as soon as they may', () => {
    let ranks = nextRanks(NONE, wanted([3, 3, 3, 3]), 0, true)
    for (const at of [1_000, 9_000]) ranks = nextRanks(ranks, wanted([3, 1, 3, 3]), at, false)
    expect(byRank(KEYS, [], ranks)).toEqual(KEYS)
    expect(byRank(KEYS, [], nextRanks(ranks, wanted([3, 1, 3, 3]), 9_100, true))[0]).toBe('b')
  })
  test('are the same object where nothing changed', () => {
    const ranks = nextRanks(NONE, wanted([3, 3, 3, 3]), 0, true)
    expect(nextRanks(ranks, wanted([3, 3, 3, 3]), 9_000, true)).toBe(ranks)
  })
})
