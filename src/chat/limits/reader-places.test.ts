import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { READERS_PER_CALLER, READERS_PER_STREAM, type ReaderPlace, ReaderPlaces } from './reader-places.js'

const PLENTY = { chatMaxStreams: 1_000_000, chatMaxStreamsPerUser: 4 }

function taken(place: ReturnType<ReaderPlaces['take']>): ReaderPlace {
  if (typeof place === 'string') throw new Error(`no place: ${place}`)
  return place
}

describe('places of readers', () => {
  test('one caller has 16 over all answers; another has its own, and an internal caller is not counted', () => {
    const places = new ReaderPlaces()
    const held = Array.from({ length: READERS_PER_CALLER }, (_, i) => {
      const place = taken(places.take('ann', PLENTY))
      expect(place.follow(`s${i}`)).toBe(true)
      return place
    })
    expect(READERS_PER_CALLER).toBe(16)
    expect(places.take('ann', PLENTY)).toBe('caller')
    taken(places.take('bob', PLENTY))
    for (let i = 0; i < 100; i++) taken(places.take(null, PLENTY))
    held[0]?.release()
    held[0]?.release()
    taken(places.take('ann', PLENTY))
    expect(places.take('ann', PLENTY)).toBe('caller')
  })
  test('one caller who may have more answers at once has more places, never fewer', () => {
    const of = (chatMaxStreamsPerUser: number): number => {
      const places = new ReaderPlaces()
      while (typeof places.take('ann', { ...PLENTY, chatMaxStreamsPerUser }) !== 'string') {}
      return places.taken
    }
    expect([1, 4, 5, 100].map(of)).toEqual([16, 16, 20, 400])
  })
  test('one answer has 64, of all callers', () => {
    const places = new ReaderPlaces()
    const held = Array.from({ length: READERS_PER_STREAM }, () => taken(places.take(null, PLENTY)))
    expect(READERS_PER_STREAM).toBe(64)
    for (const place of held) expect(place.follow('s')).toBe(true)
    const late = taken(places.take('ann', PLENTY))
    expect(late.follow('s')).toBe(false)
    held[0]?.release()
    expect(late.follow('s')).toBe(true)
  })
  test('the instance has four for each answer it may have', () => {
    const places = new ReaderPlaces()
    const FEW = { ...PLENTY, chatMaxStreams: 1 }
    const held = [0, 1, 2, 3].map(() => taken(places.take(null, FEW)))
    expect([places.take(null, FEW), places.take('ann', FEW)]).toEqual(['instance', 'instance'])
    held[0]?.release()
    taken(places.take('ann', FEW))
  })
  test('whatever is taken and released, in whatever order, the counts are those of the places held', () => {
    const step = fc.record({
      caller: fc.constantFrom('a', 'b', null),
      stream: fc.constantFrom('s', 't', null),
      release: fc.option(fc.nat({ max: 40 })),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const places = new ReaderPlaces()
        const held: { readonly place: ReaderPlace; readonly caller: string | null }[] = []
        const left: ReaderPlace[] = []
        for (const { caller, stream, release } of steps) {
          const ofCaller = held.filter(each => each.caller === caller).length
          const place = places.take(caller, { ...PLENTY, chatMaxStreams: 5 })
          if (held.length >= 20) expect(place).toBe('instance')
          else if (caller !== null && ofCaller >= READERS_PER_CALLER) expect(place).toBe('caller')
          else {
            held.push({ place: taken(place), caller })
            if (stream !== null) taken(place).follow(stream)
          }
          const [gone] = release === null ? [] : held.splice(release, 1)
          gone?.place.release()
          if (gone !== undefined) left.push(gone.place)
          for (const each of left) each.release()
          expect(places.taken).toBe(held.length)
        }
        for (const { place } of held) place.release()
        expect(places.taken).toBe(0)
      }),
    )
  })
})
