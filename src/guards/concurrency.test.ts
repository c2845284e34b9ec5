import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Slot, StreamSlots } from './concurrency.js'

test('an address has as many slots as its limit allows, and gets one for each that it releases', () => {
  const slots = new StreamSlots()
  const limits = { maxStreams: 10, maxPerAddress: 2 }
  const take = (key: string): Slot => {
    const slot = slots.take(key, limits)
    if (typeof slot === 'string') throw new Error(slot)
    return slot
  }
  for (let round = 0; round < 3; round++) {
    const [first, second] = [take('a'), take('a')]
    expect(slots.take('a', limits)).toBe('too_many_streams_of_address')
    const other = take('b')
    first.release()
    const third = take('a')
    expect(slots.take('a', limits)).toBe('too_many_streams_of_address')
    for (const slot of [second, other, third]) slot.release()
  }
  expect(slots.open).toBe(0)
})

test('all addresses together have no more slots than the limit', () => {
  const slots = new StreamSlots()
  const limits = { maxStreams: 2, maxPerAddress: 0 }
  for (const key of ['a', 'b']) expect(slots.take(key, limits)).toHaveProperty('release')
  expect(slots.take('c', limits)).toBe('too_many_streams')
})

test('a limit of one is a limit, and one of 0 is none', () => {
  const slots = new StreamSlots()
  slots.take('a', { maxStreams: 10, maxPerAddress: 1 })
  expect(slots.take('a', { maxStreams: 10, maxPerAddress: 1 })).toBe('too_many_streams_of_address')
  expect(slots.take('a', { maxStreams: 10, maxPerAddress: 0 })).toHaveProperty('release')
})

test('the count is that of the slots in use, in whatever order and however often they are released', () => {
  const action = fc.tuple(fc.constantFrom('a', 'b'), fc.boolean())
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), actions => {
      const slots = new StreamSlots()
      const held: { key: string; slot: Slot }[] = []
      const given: Slot[] = []
      for (const [key, isTake] of actions) {
        const mine = held.filter(each => each.key === key).length
        if (isTake) {
          const slot = slots.take(key, { maxStreams: 5, maxPerAddress: 3 })
          if (held.length >= 5) expect(slot).toBe('too_many_streams')
          else if (mine >= 3) expect(slot).toBe('too_many_streams_of_address')
          else held.push({ key, slot: slot as Slot })
        } else {
          const gone = held.shift()
          if (gone !== undefined) given.push(gone.slot)
          for (const slot of given) slot.release()
        }
        expect(slots.open).toBe(held.length)
      }
    }),
  )
})
