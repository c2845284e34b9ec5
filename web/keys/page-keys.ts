// What each key does on this page. Keys of a card act on the card that has or contains the focus.
import { copyPanel, downloadBoard, openRawStream, togglePause } from '../actions/actions.js'
import { focusFilter } from '../alerts/alerts-card.jsx'
import { acknowledgeAll } from '../alerts/state.js'
import { focusCard, focusedCard, foldCard, moveCardBy, pinCard, shownCards } from '../cards/arrange.js'
import { announce } from '../state/announce.js'
import { query } from '../state/query.js'
import { changeTheme } from '../strip/page-menu.jsx'
import { openKeys } from './help.jsx'
import type { KeyActions } from './listen.js'

/** Focuses the next or previous card; without a focused card the first or the last. */
function step(by: 1 | -1): void {
  const cards = shownCards.peek()
  const now = focusedCard()
  const from = now === null ? (by === 1 ? -1 : cards.length) : cards.indexOf(now)
  const key = cards[from + by]
  if (key !== undefined) focusCard(key)
}

function onCard(act: (key: string) => void): () => void {
  return () => {
    const key = focusedCard()
    if (key === null) announce('Go to a card first: j or k')
    else act(key)
  }
}

/** For actions that arrange cards: not on a wall display; the card keeps the focus and stays in view. */
function arranging(act: (key: string) => void): () => void {
  return onCard(key => {
    if (query.kiosk) return
    act(key)
    requestAnimationFrame(() => focusCard(key))
  })
}

export const PAGE_KEYS: KeyActions = {
  help: openKeys,
  pause: togglePause,
  'next-card': () => step(1),
  'previous-card': () => step(-1),
  'fold-card': arranging(foldCard),
  'pin-card': arranging(pinCard),
  'move-card-earlier': arranging(key => moveCardBy(key, -1)),
  'move-card-later': arranging(key => moveCardBy(key, 1)),
  'copy-card': onCard(key => void copyPanel(key)),
  'filter-alerts': () => focusFilter(),
  'acknowledge-alerts': acknowledgeAll,
  theme: changeTheme,
  download: downloadBoard,
  'raw-stream': () => void openRawStream(),
}
