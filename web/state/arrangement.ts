// How a person has arranged the cards: their order, which are pinned to the front, which are folded. Pure except for the preferences
// at the end.
import { preference, textList } from './preferences.js'

/**
 * The cards in the order shown: pinned ones first, then the others, each group as arranged. A panel that was never arranged comes
 * after the panel it follows on the board.
 */
export function arranged(
  keys: readonly string[],
  order: readonly string[],
  pinned: readonly string[],
): readonly string[] {
  const shown = order.filter(key => keys.includes(key))
  keys.forEach((key, i) => {
    if (order.includes(key)) return
    const before = keys[i - 1]
    shown.splice(before === undefined ? 0 : shown.indexOf(before) + 1, 0, key)
  })
  return [...shown.filter(key => pinned.includes(key)), ...shown.filter(key => !pinned.includes(key))]
}

/** The order with `key` moved to place `to`; pinned cards and others do not mix. */
export function moved(
  shown: readonly string[],
  pinned: readonly string[],
  key: string,
  to: number,
): readonly string[] {
  const pins = shown.filter(each => pinned.includes(each)).length
  const [least, most] = pinned.includes(key) ? [0, pins - 1] : [pins, shown.length - 1]
  const rest = shown.filter(each => each !== key)
  rest.splice(Math.min(most, Math.max(least, to)), 0, key)
  return rest
}

/** The list with `key` removed or added. */
export function toggled(list: readonly string[], key: string): readonly string[] {
  return list.includes(key) ? list.filter(each => each !== key) : [...list, key]
}

export const cardOrder = preference('order', textList)
export const pinnedCards = preference('pinned', textList)
export const foldedCards = preference('folded', textList)
