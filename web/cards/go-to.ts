// Going to what a reason speaks of: the card, and in it the row or field.
import type { Place } from '../state/overall.js'
import { foldCard, isFolded } from './arrange.js'

/** Whether the board shows that place; it has the focus then, which marks it. */
export function goTo({ panel, row, label }: Place): boolean {
  const card = document.getElementById(`panel-${panel}`)
  if (card === null) return false
  if (isFolded(panel)) foldCard(panel)
  const find = (name: 'row' | 'label', value: string | undefined): HTMLElement | null =>
    value === undefined ? null : card.querySelector(`[data-${name}="${CSS.escape(value)}"]`)
  const found = find('row', row) ?? find('label', label) ?? card
  found.tabIndex = -1
  found.focus({ preventScroll: true })
  found.scrollIntoView({ block: found === card ? 'start' : 'center' })
  return true
}
