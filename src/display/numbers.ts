// The numbers in the facts of a panel. While numbers change, the facts of a panel mostly keep their shape: the names in their order, and
// which of them are numbers. So the slot of each number is looked up once for a shape, and facts of the same shape are then copied
// without making a text or an object.
import { encoded } from '../panels/facts.js'

/** Facts come from any server. */
const MAX_DEPTH = 4

/** In place of a slot: a number that has none; something that is no number. */
const NO_SLOT = -1
const NO_NUMBER = -2

type Shape = {
  readonly names: string[]
  /** By place: where the number goes. */
  readonly slots: number[]
  /** By place: the shape of what is inside; null: nothing is read there. */
  readonly parts: (Shape | null)[]
  readonly isDeepest: boolean
}

type Found = {
  readonly within: string
  readonly name: string
  readonly value: number
  readonly shape: Shape
  readonly place: number
}

type Json = Readonly<Record<string, unknown>>

const isInside = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const idOf = ({ within, name }: Found): string => `${within}.${encoded(name)}`

/**
 * The first of each row come before the second of each row, so that a limit cuts columns, not rows. Lists have no ids that stay, so they
 * have no numbers.
 */
function findNumbers(panel: string, facts: unknown, limit: number): [shape: Shape | null, found: Found[]] {
  const ranks: Found[][] = []
  const walk = (given: Json, within: string, depth: number): Shape => {
    const shape: Shape = { names: [], slots: [], parts: [], isDeepest: depth === MAX_DEPTH }
    Object.entries(given).forEach(([name, value], place) => {
      shape.names.push(name)
      shape.slots.push(isNumber(value) ? NO_SLOT : NO_NUMBER)
      const isRead = isInside(value) && !shape.isDeepest
      shape.parts.push(isRead ? walk(value, `${within}.${encoded(name)}`, depth + 1) : null)
      if (!isNumber(value)) return
      const rank = depth === 1 ? 0 : place
      const found = ranks[rank] ?? []
      ranks[rank] = found
      found.push({ within, name, value, shape, place })
    })
    return shape
  }
  const shape = isInside(facts) ? walk(facts, encoded(panel), 1) : null
  // Sparse where a rank has no number.
  return [shape, ranks.flat().slice(0, limit)]
}

export function numbersOf(panel: string, facts: unknown): readonly (readonly [id: string, value: number])[] {
  const [, found] = findNumbers(panel, facts, Number.POSITIVE_INFINITY)
  return found.map(each => [idOf(each), each.value])
}

/** Copies the numbers of facts to their slots. False: the facts have another shape, and some slots may be written already. */
export type Copy = (facts: unknown, to: Float64Array) => boolean

/**
 * What copies facts of this shape. `slotOf` takes each number and gives its slot, null where it has none. Null: there is nothing to copy.
 */
export function copyOf(
  panel: string,
  facts: unknown,
  limit: number,
  slotOf: (id: string, value: number) => number | null,
): Copy | null {
  const [root, found] = findNumbers(panel, facts, limit)
  for (const each of found) each.shape.slots[each.place] = slotOf(idOf(each), each.value) ?? NO_SLOT
  return root === null ? null : (given, to) => isInside(given) && copy(root, given, to)
}

function copy({ names, slots, parts, isDeepest }: Shape, given: Json, to: Float64Array): boolean {
  let place = 0
  // Without a list of the names. A name that is inherited has no place, so it makes another shape.
  for (const name in given) {
    const slot = slots[place]
    if (slot === undefined || names[place] !== name) return false
    const value = given[name]
    if (isNumber(value)) {
      if (slot === NO_NUMBER) return false
      if (slot !== NO_SLOT) to[slot] = value
    } else {
      if (slot !== NO_NUMBER) return false
      const part = parts[place] ?? null
      if (!isDeepest && isInside(value) ? part === null || !copy(part, value, to) : part !== null)
        return false
    }
    place++
  }
  return place === names.length
}
