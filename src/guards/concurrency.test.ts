import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Slot, StreamSlots } from './concurrency.js'

test('the count is that of the slots held, whatever the order and however often they are given back', () => {
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
