// The menu of the page: what can be done with the board as a whole.

import { labelOf } from '../../src/display/label.js'
import { downloadBoard, openRawStream, STREAM, togglePause } from '../actions/actions.js'
import { alertItems } from '../alerts/menu.js'
import { hasAlerts, isStill, keepStill, resetArrangement } from '../cards/arrange.js'
import { isWebAddress } from '../cards/linked-text.jsx'
import { openKeys } from '../keys/help.jsx'
import { Menu, type MenuItem } from '../menu/menu.jsx'
import { health, panel, panelKeys, paused } from '../model.js'
import { token } from '../state/access.js'
import { announce } from '../state/announce.js'
import { cardOrder, foldedCards, pinnedCards } from '../state/arrangement.js'
import { addressOf } from '../state/base.js'
import { nextTheme, theme } from '../state/theme.js'
import { muteItems } from './notifications.jsx'
import { signOut } from './sign-in.jsx'

export function changeTheme(): void {
  theme.value = nextTheme(theme.value)
  announce(`Theme: ${theme.value}`)
}

/** The addresses on the board that belong to no value. */
function linkItems(): readonly MenuItem[] {
  const blocks = panel('links').value?.blocks ?? []
  const items = blocks.flatMap(block => (block.kind === 'fields' ? block.items : []))
  return items.flatMap(({ label, text }) =>
    isWebAddress(text) ? [{ label: labelOf(label).label, href: text }] : [],
  )
}

function boardItems(): readonly MenuItem[] {
  if (panelKeys.value.length === 0) return []
  const stream = { label: 'Raw stream', hint: 'r', href: STREAM, run: () => void openRawStream() }
  return [
    { label: paused.value ? 'Resume' : 'Pause', hint: 'p', run: togglePause },
    { label: 'Download', hint: 'd', run: downloadBoard },
    stream,
    ...linkItems().filter(({ href }) => href !== STREAM),
  ]
}

function items(): readonly MenuItem[] {
  const chatPage = health.peek()?.chatPage ?? null
  const isArranged = [cardOrder, pinnedCards, foldedCards].some(list => list.value.length > 0)
  return [
    ...boardItems(),
    ...(chatPage === null ? [] : [{ label: 'Chat', href: addressOf(chatPage) }]),
    ...muteItems(),
    // With alerts they are in the menu of their card.
    ...(hasAlerts.value || panel('alerts').value === null ? [] : alertItems()),
    {
      label: 'Keep cards in place',
      checked: isStill.value,
      isFirst: true,
      run: () => keepStill(!isStill.peek()),
    },
    ...(isArranged ? [{ label: 'Reset cards', run: resetArrangement }] : []),
    { label: `Theme: ${theme.value}`, hint: 't', isFirst: true, run: changeTheme },
    { label: 'Keys', hint: '?', run: openKeys },
    ...(token.value === null ? [] : [{ label: 'Sign out', run: signOut }]),
  ]
}

export const PageMenu = () => <Menu label="Menu" items={items} />
