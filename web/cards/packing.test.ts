import { describe, expect, test } from 'vitest'
import { type CardSize, type Place, placesOf, spanOf } from './packing.js'

const card = (key: string, height: number, isWide = false): CardSize => ({ key, height, isWide })

describe('cards are placed', () => {
  test('in the column that is shortest, the first of them', () => {
    const places = placesOf([card('a', 5), card('b', 1), card('c', 2)], 2)
    expect([...places.values()].map(({ column }) => column)).toEqual([0, 1, 1])
  })
  test('over two columns when they are wide, unless there is only one', () => {
    expect(placesOf([card('a', 5), card('w', 5, true)], 3).get('w')).toEqual({ column: 1, span: 2 })
    expect(placesOf([card('w', 5, true)], 1).get('w')).toEqual({ column: 0, span: 1 })
  })
  test('so that a wide card leaves no hole, and one that comes later is in a hole that is there', () => {
    const cards = [
      card('w', 10, true),
      card('a', 4),
      card('b', 9),
      card('v', 5, true),
      card('c', 3),
      card('d', 6),
    ]
    const places = placesOf(cards, 4)
    expect(places.get('v')).toEqual({ column: 0, span: 2 })
    expect(holesOf(drawn(cards, places), 4)).toBe(0)
    const late = [card('a', 4), card('b', 20), card('v', 16, true), card('c', 4)]
    expect(placesOf(late, 2).get('c')).toEqual({ column: 0, span: 1 })
    expect(drawn(late, placesOf(late, 2)).at(-1)?.top).toBe(4)
  })
  test('over a second column that would stay empty, when they have many fields', () => {
    const long = { ...card('f', 30), wideHeight: 16 }
    const cards = [card('h', 18, true), card('t', 10, true), card('p', 10, true), long]
    expect(placesOf(cards, 4).get('f')?.span).toBe(2)
    expect(placesOf([...cards, card('g', 28)], 4).get('f')?.span).toBe(1)
    expect(placesOf([long], 1).get('f')).toEqual({ column: 0, span: 1 })
    expect(placesOf([...cards.slice(0, 3), { ...long, span: 1 }], 4).get('f')?.span).toBe(1)
  })
  test('at the top of an empty column, where a table and its plot fill the others', () => {
    const cards = [card('t', 41, true), card('p', 5, true), card('s', 6)]
    expect(placesOf(cards, 3).get('s')).toEqual({ column: 2, span: 1 })
  })
  test('over as many columns as a board file gives them, and no more than there are', () => {
    const wanted = { ...card('a', 5), span: 3 }
    expect(placesOf([wanted], 4).get('a')).toEqual({ column: 0, span: 3 })
    expect(placesOf([wanted], 2).get('a')).toEqual({ column: 0, span: 2 })
    expect(placesOf([{ ...card('w', 5, true), span: 1 }], 4).get('w')).toEqual({ column: 0, span: 1 })
  })
  test('only above the limit of a wall display, the first in any case', () => {
    const places = placesOf([card('a', 9), card('b', 5), card('c', 5), card('d', 3)], 2, 8)
    expect([...places.keys()]).toEqual(['a', 'b', 'd'])
  })
})

type Drawn = Place & { readonly top: number; readonly end: number }

/** As the page draws them: each as high as it fits, in order. */
function drawn(cards: readonly CardSize[], places: ReadonlyMap<string, Place>): readonly Drawn[] {
  const all: Drawn[] = []
  for (const each of cards) {
    const { column, span } = places.get(each.key) ?? { column: 0, span: 1 }
    const height = span > spanOf(each) && each.wideHeight !== undefined ? each.wideHeight : each.height
    const nearby = all.filter(other => other.column < column + span && column < other.column + other.span)
    const tops = [0, ...nearby.map(({ end }) => end)].sort((a, b) => a - b)
    const top = tops.find(from => nearby.every(({ top, end }) => end <= from || top >= from + height)) ?? 0
    all.push({ column, span, top, end: top + height })
  }
  return all
}

/** The empty area between the cards. */
function holesOf(all: readonly Drawn[], count: number): number {
  let area = 0
  for (let column = 0; column < count; column++) {
    const here = all.filter(({ column: from, span }) => from <= column && column < from + span)
    area +=
      Math.max(0, ...here.map(({ end }) => end)) - here.reduce((sum, { top, end }) => sum + end - top, 0)
  }
  return area
}

/** How far cards begin above earlier ones. */
function upsOf(all: readonly Drawn[]): number {
  let [lowest, sum] = [0, 0]
  for (const { top } of all) {
    sum += Math.max(0, lowest - top)
    lowest = Math.max(lowest, top)
  }
  return sum
}

/** Each card at the end of the columns that are shortest so far: the rule without looking ahead. */
function shortestFirst(cards: readonly CardSize[], count: number): ReadonlyMap<string, Place> {
  const ends = Array.from({ length: count }, () => 0)
  return new Map(
    cards.map(each => {
      const span = Math.min(spanOf(each), count)
      const tops = Array.from({ length: count - span + 1 }, (_, at) => Math.max(...ends.slice(at, at + span)))
      const column = tops.indexOf(Math.min(...tops))
      ends.fill((tops[column] ?? 0) + each.height, column, column + span)
      return [each.key, { column, span }]
    }),
  )
}

/** Numbers from 0 to 1, always the same. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function someCards(random: () => number): readonly CardSize[] {
  return Array.from({ length: 2 + Math.floor(random() * 15) }, (_, i) => {
    if (random() < 0.4) return card(`k${i}`, 8 + random() * 25, true)
    const fields = 1 + Math.floor(random() * 13)
    const heights = [fields, Math.ceil(fields / 2)].map(rows => 3.4 + rows * 1.857)
    return { ...card(`k${i}`, heights[0] ?? 0), ...(fields < 6 ? {} : { wideHeight: heights[1] }) }
  })
}

/** Whether two cards share a place. */
const hasOverlap = (all: readonly Drawn[]): boolean =>
  all.some((a, i) =>
    all
      .slice(0, i)
      .some(
        b => a.column < b.column + b.span && b.column < a.column + a.span && a.top < b.end && b.top < a.end,
      ),
  )

test.each([2, 3, 4])('on any board with %i columns there are few holes, and the order is readable', count => {
  const random = numbers(count)
  const [now, before] = [
    { holes: 0, end: 0, ups: 0 },
    { holes: 0, end: 0, ups: 0 },
  ]
  for (let board = 0; board < 60; board++) {
    const cards = someCards(random)
    const places = placesOf(cards, count)
    expect([...places.keys()]).toEqual(cards.map(({ key }) => key))
    expect(places.get('k0')?.column).toBe(0)
    const isInside = ({ column, span }: Place): boolean => column >= 0 && column + span <= count
    expect([...places.values()].every(isInside)).toBe(true)
    expect(hasOverlap(drawn(cards, places))).toBe(false)
    for (const [sums, all] of [
      [now, drawn(cards, places)],
      [before, drawn(cards, shortestFirst(cards, count))],
    ] as const) {
      sums.holes += holesOf(all, count)
      sums.end += Math.max(...all.map(({ end }) => end))
      sums.ups += upsOf(all)
    }
  }
  expect(now.holes).toBeLessThan(before.holes / 2)
  expect(now.end).toBeLessThan(before.end)
  // A card that fills a hole begins above others.
  expect(now.ups).toBeLessThan(2 * before.ups)
})
