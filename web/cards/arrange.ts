// Which cards are shown, and in which order; actions on them: move, fold, pin and focus. Stored per browser; a wall display ignores
// what is stored.
import { computed, type ReadonlySignal } from '@preact/signals'
import { isNotWell } from '../../src/display/shape.js'
import { shownLog } from '../alerts/state.js'
import { isSaid } from '../hero/state.js'
import { nowMs, panel, panelKeys } from '../model.js'
import { announce } from '../state/announce.js'
import { arranged, cardOrder, foldedCards, moved, pinnedCards, toggled } from '../state/arrangement.js'
import { isEmptyPanel, type ShownPanel } from '../state/panels.js'
import { preference } from '../state/preferences.js'
import { query } from '../state/query.js'
import { byRank, CALM, nextRanks, type Rank, type Ranks } from '../state/ranks.js'
import { isStale } from '../state/staleness.js'
import { isPointedAt } from './attention.js'
import { isWebAddress } from './linked-text.jsx'

/** Cards do not move when a tone changes. */
const still = preference('still', stored => stored === true)
export const isStill: ReadonlySignal<boolean> = still

/** The requested panels, in the order of the address or of the board. */
const asked = computed(() => {
  const keys = panelKeys.value
  return query.panels === null ? keys : query.panels.filter(key => keys.includes(key))
})

/** Panels that the address names but the board does not have. */
export const unknownPanels: ReadonlySignal<readonly string[]> = computed(() =>
  (query.panels ?? []).filter(key => !panelKeys.value.includes(key)),
)

/** Whether the alerts card has anything to say: an alert, or a line about alerts that are not listed. */
export const hasAlerts: ReadonlySignal<boolean> = computed(() => {
  const shown = panel('alerts').value
  if (shown === null) return false
  return shownLog.value.alerts.length > 0 || shown.blocks.some(({ kind }) => kind === 'text')
})

/** Whether there is an alert now. */
export const hasListed: ReadonlySignal<boolean> = computed(() =>
  shownLog.value.alerts.some(({ listed }) => listed),
)

/** The menu has the addresses of this panel. */
function isInMenu({ blocks }: ShownPanel): boolean {
  return blocks.every(
    block =>
      block.kind === 'fields' &&
      block.items.every(({ label, text }) => label === 'source' || isWebAddress(text)),
  )
}

/** The footer and the bar have the fields of this panel, but not its warnings. */
function isInFooter({ blocks, facts }: ShownPanel): boolean {
  return facts?.market !== undefined && blocks.every(({ kind }) => kind === 'fields')
}

/** Not shown elsewhere on the page, and not empty. What the address names is shown in any case. */
function isShown(key: string): boolean {
  if (query.panels !== null) return true
  const shown = panel(key).value
  if (shown === null) return false
  if (key === 'alerts' && shown.facts !== undefined) return hasAlerts.value
  if (key === 'header' && isInFooter(shown)) return false
  if (key === 'links' && isInMenu(shown)) return false
  if (isSaid(shown)) return false
  return !isEmptyPanel(shown)
}

const visible = computed(() => asked.value.filter(isShown))
const visibleKeys = steadyList(visible)

/** The same list while it is equal. */
function steadyList(list: ReadonlySignal<readonly string[]>): ReadonlySignal<readonly string[]> {
  let last: readonly string[] = []
  return computed(() => {
    if (list.value.join('\n') !== last.join('\n')) last = list.value
    return last
  })
}

function rankOf(key: string): Rank {
  const tone = panel(key).value?.tone
  if (key === 'alerts' && (hasListed.value || isNotWell(tone))) return 0
  return tone === 'error' ? 1 : tone === 'warn' ? 2 : CALM
}

let ranks: Ranks = new Map()
const standing = computed(() => {
  const now = nowMs.value
  // Old data is not judged: what is shown stays.
  if (isStale.value) return ranks
  const wanted = new Map(visibleKeys.value.map(key => [key, rankOf(key)] as const))
  ranks = nextRanks(ranks, wanted, now, query.kiosk || !isPointedAt(now))
  return ranks
})

/** The keys of the cards in the order shown. */
export const shownCards: ReadonlySignal<readonly string[]> = steadyList(
  computed(() => {
    const keys = visibleKeys.value
    const order = query.kiosk ? keys : arranged(keys, cardOrder.value, pinnedCards.value)
    // Who names panels wants them in that order.
    if (query.panels !== null || (still.value && !query.kiosk)) return order
    return byRank(order, query.kiosk ? [] : pinnedCards.value, standing.value)
  }),
)

const titleOf = (key: string): string => panel(key).peek()?.title ?? key

export function keepStill(isOn: boolean): void {
  still.value = isOn
  announce(isOn ? 'Cards stay in place' : 'Cards that are not well come first')
}

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

/** Moves a card to a place among the cards shown, from 0. From then on cards stay where they are put. */
export function moveCard(key: string, to: number): void {
  const now = shownCards.peek()
  const next = moved(now, pinnedCards.peek(), key, to)
  if (next.join('\n') !== now.join('\n')) {
    cardOrder.value = [...next, ...cardOrder.peek().filter(each => !next.includes(each))]
    still.value = true
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

/** The server's order, nothing pinned, nothing folded, what is not well first. */
export function resetArrangement(): void {
  cardOrder.value = []
  pinnedCards.value = []
  foldedCards.value = []
  still.value = false
  announce('Cards as the server has them')
}
