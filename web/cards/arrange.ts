// Actions on cards: move, fold, pin and focus. Stored per browser; a wall display ignores them.
import { computed, type ReadonlySignal } from '@preact/signals'
import { panel, panelKeys } from '../model.js'
import { announce } from '../state/announce.js'
import { arranged, cardOrder, foldedCards, moved, pinnedCards, toggled } from '../state/arrangement.js'
import { query } from '../state/query.js'

/** The requested panels, in the order of the address or of the board. */
const asked = computed(() => {
  const keys = panelKeys.value
  return query.panels === null ? keys : query.panels.filter(key => keys.includes(key))
})

/** Panels that the address names but the board does not have. */
export const unknownPanels: ReadonlySignal<readonly string[]> = computed(() =>
  (query.panels ?? []).filter(key => !panelKeys.value.includes(key)),
)

/** The keys of the cards in the order shown. */
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

/** Moves a card to a place among the cards shown, from 0. */
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

/** The card that has or contains the focus. */
export function focusedCard(): string | null {
  const card = document.activeElement?.closest<HTMLElement>('[data-panel]')
  return card?.dataset.panel ?? null
}

/** The server's order, nothing pinned, nothing folded. */
export function resetArrangement(): void {
  cardOrder.value = []
  pinnedCards.value = []
  foldedCards.value = []
  announce('Cards as the server has them')
}
