// Going to what a reason speaks of: the card, and in it the row or field.
import { saidState } from '../hero/state.js'
import { panel } from '../model.js'
import type { Place, Reason } from '../state/overall.js'
import { foldCard, isFolded } from './arrange.js'
import { namedRow } from './named-row.js'

/** Whether the board shows that place; it has the focus then, which marks it. */
export function goTo({ text, place }: Reason & { readonly place: Place }): boolean {
  const { panel: key, label } = place
  const card = document.getElementById(`panel-${key}`) ?? headOf(key)
  if (card === null) return false
  if (isFolded(key)) foldCard(key)
  const row = namedRow(panel(key).peek()?.blocks ?? [], place, text)
  const find = (name: 'row' | 'label', value: string | null | undefined): HTMLElement | undefined =>
    [...card.querySelectorAll<HTMLElement>(`[data-${name}]`)].find(({ dataset }) => dataset[name] === value)
  const found = find('row', row) ?? find('label', label) ?? card
  found.tabIndex = -1
  found.focus({ preventScroll: true })
  found.scrollIntoView({ block: found === card ? 'start' : 'center' })
  return true
}

/** A panel of one state word has no card where the head of the board shows the word. */
function headOf(key: string): HTMLElement | null {
  return saidState.peek()?.panelKey === key ? document.querySelector<HTMLElement>('.hero') : null
}
