import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Slot, Slots } from './slots.js'

test('a key has as many slots as its limit allows, and gets one for each that it releases', () => {
  const slots = new Slots()
  const limits = { inAll: 10, perKey: 2 }
  const take = (key: string): Slot => {
    const slot = slots.take(key, limits)
    if (typeof slot === 'string') throw new Error(slot)
    return slot
  }
  for (let round = 0; round < 3; round++) {
    const [first, second] = [take('a'), take('a')]
    expect(slots.take('a', limits)).toBe('key')
    const other = take('b')
    first.release()
    const third = take('a')
    expect(slots.take('a', limits)).toBe('key')
    for (const slot of [second, other, third]) slot.release()
  }
  expect(slots.open).toBe(0)
})

test('all keys together have no more slots than the limit', () => {
  const slots = new Slots()
  const limits = { inAll: 2, perKey: 0 }
  for (const key of ['a', 'b']) expect(slots.take(key, limits)).toHaveProperty('release')
  expect(slots.take('c', limits)).toBe('all')
})

test('a limit of one is a limit, and one of 0 is none', () => {
  const slots = new Slots()
  slots.take('a', { inAll: 10, perKey: 1 })
  expect(slots.take('a', { inAll: 10, perKey: 1 })).toBe('key')
  expect(slots.take('a', { inAll: 10, perKey: 0 })).toHaveProperty('release')
})

test('the count is that of the slots in use, in whatever order and however often they are released', () => {
  const action = fc.tuple(fc.constantFrom('a', 'b'), fc.boolean())
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), actions => {
      const slots = new Slots()
      const held: { key: string; slot: Slot }[] = []
      const given: Slot[] = []
      for (const [key, isTake] of actions) {
        const mine = held.filter(each => each.key === key).length
        if (isTake) {
          const slot = slots.take(key, { inAll: 5, perKey: 3 })
          if (held.length >= 5) expect(slot).toBe('all')
          else if (mine >= 3) expect(slot).toBe('key')
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
