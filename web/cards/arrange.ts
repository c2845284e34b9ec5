// What a person does with cards: moves, folds, pins and reaches them. Kept per browser; a wall display shows the board as
// it is.
import { computed, type ReadonlySignal } from '@preact/signals'
import { panel, panelKeys } from '../model.js'
import { announce } from '../state/announce.js'
import { arranged, cardOrder, foldedCards, moved, pinnedCards, toggled } from '../state/arrangement.js'
import { query } from '../state/query.js'

/** The panels that are asked for, in the order of the address or of the board. */
const asked = computed(() => {
  const keys = panelKeys.value
  return query.panels === null ? keys : query.panels.filter(key => keys.includes(key))
})

/** Named in the address, and not on the board. */
export const unknownPanels: ReadonlySignal<readonly string[]> = computed(() =>
  (query.panels ?? []).filter(key => !panelKeys.value.includes(key)),
)

/** Keys in the order the cards are shown. */
export const shownCards: ReadonlySignal<readonly string[]> = computed(() =>
  query.kiosk ? asked.value : arranged(asked.value, cardOrder.value, pinnedCards.value),
)

const titleOf = (key: string): string => panel(key).peek()?.title ?? key

export function isFolded(key: string): boolean {
  return !query.kiosk && foldedCards.value.includes(key)
}

export function foldCard(key: string): void {
  foldedCards.value = toggled(foldedCards.value, key)
}

export function pinCard(key: string): void {
  pinnedCards.value = toggled(pinnedCards.value, key)
  announce(`${titleOf(key)} ${pinnedCards.value.includes(key) ? 'pinned' : 'not pinned any more'}`)
}

/** To a place among the cards shown, from 0. */
export function moveCard(key: string, to: number): void {
  const now = shownCards.peek()
  const next = moved(now, pinnedCards.peek(), key, to)
  if (next.join('\n') !== now.join('\n')) {
    cardOrder.value = [...next, ...cardOrder.peek().filter(each => !next.includes(each))]
  }
  announce(`${titleOf(key)}: place ${next.indexOf(key) + 1} of ${next.length}`)
}

export function moveCardBy(key: string, by: number): void {
  moveCard(key, shownCards.peek().indexOf(key) + by)
}

export function focusCard(key: string): void {
  const card = document.getElementById(`panel-${key}`)
  card?.focus()
  card?.scrollIntoView({ block: 'nearest' })
}

/** The card that has the focus, or has something in it that has. */
export function focusedCard(): string | null {
  const card = document.activeElement?.closest<HTMLElement>('[data-panel]')
  return card?.dataset.panel ?? null
}

/** As the server has it, nothing pinned, nothing folded. */
export function resetArrangement(): void {
  cardOrder.value = []
  pinnedCards.value = []
  foldedCards.value = []
  announce('Cards as the server has them')
}
