// The lines of one plot: values or changes in per cent, the range of their axis, the gaps, and places for the labels. Pure.
import { type Axis, axisOf, rangeOf } from '../../src/display/range.js'
import type { Values } from '../trend/line.js'

/** Lines of one plot: with more nobody can follow one. */
export const MAX_LINES = 7
/** Numbers without a unit are compared by their change when the least of them is this large: 1 more than 2 is no rise by 50 %. */
const LEAST_BASE = 20
/** The least change in per cent that the axis shows, to both sides of 0. */
const LEAST_CHANGE = 0.1

/** In per cent of the first known value; null where nothing is known. */
export function changesOf(values: Values): Values {
  const base = values.find(value => value !== null) ?? null
  return values.map(value =>
    value === null || base === null || base === 0 ? null : (100 * (value - base)) / base,
  )
}

/** Whether these lines are drawn as changes: prices have no common scale. */
export function isByChange(lines: readonly Values[], unit: string): boolean {
  if (unit !== '' || lines.length < 2) return false
  return lines.every(values => {
    const base = values.find(value => value !== null)
    return base === undefined || base === null || base >= LEAST_BASE
  })
}

/** Null without any value: no data, no axis. */
export function axisFor(lines: readonly Values[], unit: string, byChange: boolean): Axis | null {
  if (!byChange) {
    const range = rangeOf(lines.flat(), unit)
    return range === null ? null : axisOf(range)
  }
  let most = LEAST_CHANGE
  let isKnown = false
  for (const values of lines)
    for (const value of values) {
      if (value === null) continue
      isKnown = true
      most = Math.max(most, Math.abs(value))
    }
  return isKnown ? axisOf({ low: -most, high: most, isZeroBased: false }, true) : null
}

/** The newest known value; null without any. */
export function newest(values: Values): number | null {
  return values.findLast(value => value !== null) ?? null
}

export type Gap = { readonly from: number; readonly to: number; readonly isOpen: boolean }

/** Keep-alives are seconds apart: until the next one, the newest seconds are not confirmed. */
const MAX_UNCONFIRMED_SEC = 40
/** A shorter one cannot be seen. */
const LEAST_GAP_SEC = 5

/** The seconds in which no line has a value, from the first known one on, as places in `values`; `to` is not part of it. */
export function gapsOf(lines: readonly Values[]): readonly Gap[] {
  const length = Math.max(0, ...lines.map(values => values.length))
  const gaps: Gap[] = []
  let isKnown = false
  let from = -1
  for (let i = 0; i <= length; i++) {
    const has = i < length && lines.some(values => typeof values[i] === 'number')
    if (!has && i < length) {
      if (isKnown && from < 0) from = i
      continue
    }
    const isOpen = i === length
    if (from >= 0 && i - from >= (isOpen ? MAX_UNCONFIRMED_SEC : LEAST_GAP_SEC))
      gaps.push({ from, to: i, isOpen })
    from = -1
    isKnown = true
  }
  return gaps
}

/** Places of labels, in per cent of the height: as near to their wish as they can be without overlapping. */
export function spread(wishes: readonly number[], apart: number): readonly number[] {
  const order = wishes.map((_, i) => i).sort((a, b) => (wishes[a] ?? 0) - (wishes[b] ?? 0))
  const places = [...wishes]
  let least = Number.NEGATIVE_INFINITY
  for (const i of order) {
    places[i] = Math.max(places[i] ?? 0, least)
    least = (places[i] ?? 0) + apart
  }
  let most = 100
  for (const i of order.reverse()) {
    places[i] = Math.min(places[i] ?? 0, most)
    most = (places[i] ?? 0) - apart
  }
  return places
}

/** Of more lines than a plot holds: the chosen one, those that rose most and those that fell most; in their order. */
export function fewOf<T extends { readonly id: string }>(
  members: readonly T[],
  chosen: string | null,
  changeOf: (id: string) => number | null,
): readonly T[] {
  if (members.length <= MAX_LINES) return members
  const changes = new Map(members.map(({ id }) => [id, changeOf(id) ?? 0]))
  const ranked = [...members].sort((a, b) => (changes.get(b.id) ?? 0) - (changes.get(a.id) ?? 0))
  const side = (MAX_LINES - 1) / 2
  const kept = new Set([...ranked.slice(0, side), ...ranked.slice(-side)].map(({ id }) => id))
  if (chosen !== null) kept.add(chosen)
  return members.filter(({ id }) => kept.has(id))
}
