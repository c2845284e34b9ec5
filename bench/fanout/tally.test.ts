import { describe, expect, test } from 'vitest'
import { Tally } from './tally.js'

function counting(readers: number, base = 0): { readonly tally: Tally; completions(): number } {
  let completions = 0
  const tally = new Tally(readers, base, () => {
    completions++
  })
  return { tally, completions: () => completions }
}

describe('the tally', () => {
  test('completes an event when it has reached every reader, in any order', () => {
    const { tally, completions } = counting(2)
    tally.arrived(0, 1)
    tally.arrived(0, 2)
    expect(completions()).toBe(0)
    tally.arrived(1, 1)
    expect(completions()).toBe(1)
    tally.arrived(1, 2)
    expect(completions()).toBe(2)
    expect(tally).toMatchObject({ deliveries: 4, completed: 2, gaps: 0, doubles: 0 })
    expect(tally.standingAt(2)).toBe(2)
  })

  test('counts a later event as all that were merged into it, and as a gap', () => {
    const { tally, completions } = counting(1)
    tally.arrived(0, 4)
    expect(completions()).toBe(4)
    expect(tally).toMatchObject({ deliveries: 1, gaps: 3 })
  })

  test('counts doubles and completes nothing twice', () => {
    const { tally, completions } = counting(1)
    expect(tally.arrived(0, 1)).toBe(true)
    expect(tally.arrived(0, 1)).toBe(false)
    expect(completions()).toBe(1)
    expect(tally).toMatchObject({ deliveries: 1, doubles: 1 })
  })

  test('ignores events published before the run', () => {
    const { tally } = counting(1, 10)
    expect(tally.arrived(0, 10)).toBe(false)
    expect(tally.arrived(0, 11)).toBe(true)
    expect(tally).toMatchObject({ deliveries: 1, gaps: 0, doubles: 0 })
  })

  test('numbers compressed events by itself', () => {
    const { tally } = counting(1, 5)
    tally.arrived(0, null)
    tally.arrived(0, null)
    expect(tally.standingAt(7)).toBe(1)
  })

  test('works past the size of its ring', () => {
    const { tally } = counting(1)
    for (let seq = 1; seq <= 140_000; seq++) tally.arrived(0, seq)
    expect(tally.completed).toBe(140_000)
  })
})
