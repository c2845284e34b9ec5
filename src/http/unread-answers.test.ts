import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerTimeMs, firstToClose } from './unread-answers.js'

test('the time for an answer grows with its size: 16 KiB a second after the first half minute', () => {
  expect(answerTimeMs(0, 30_000)).toBe(30_000)
  expect(answerTimeMs(16 * 1024, 30_000)).toBe(31_000)
  expect(answerTimeMs(8 * 1024 * 1024, 30_000)).toBe(542_000)
})

describe('when there is no room for all', () => {
  const answer = fc.record({
    address: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.integer({ min: 1, max: 1_000_000 }),
  })
  test('the oldest answer of the address that holds most is the first to be closed', () => {
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 30 }), answers => {
        const first = firstToClose(answers)
        const heldBy = (address: string) =>
          answers.filter(each => each.address === address).reduce((sum, { bytes }) => sum + bytes, 0)
        expect(first).toBe(answers.find(({ address }) => address === first?.address))
        for (const { address } of answers)
          expect(heldBy(first?.address ?? '')).toBeGreaterThanOrEqual(heldBy(address))
      }),
    )
  })
  test('nothing is closed when there is no answer', () => {
    expect(firstToClose([])).toBeNull()
  })
})
