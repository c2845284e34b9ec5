// Dragging a card by its head, with mouse or pen: it takes the place of the card it is dropped on. Escape cancels. A finger on the
// head scrolls; the menu of the card moves it too.
import { type ReadonlySignal, signal } from '@preact/signals'
import { moveCard, shownCards } from './arrange.js'

type Drag = { readonly key: string; readonly over: string | null }

const EDGE_PX = 60
const SCROLL_PX = 16
/** A shorter way is a click. */
const STARTS_PX = 5

const current = signal<Drag | null>(null)
export const drag: ReadonlySignal<Drag | null> = current

function cardAt(x: number, y: number): string | null {
  const card = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-panel]')
  return card?.dataset.panel ?? null
}

/** Handles pointerdown on the head. */
export function startDrag(event: PointerEvent, key: string): void {
  if (event.button !== 0 || event.pointerType === 'touch' || current.peek() !== null) return
  const head = event.currentTarget
  if (!(head instanceof HTMLElement) || (event.target as Element).closest('button, a') !== null) return
  const life = new AbortController()
  const { signal: ended } = life
  const { clientX: fromX, clientY: fromY } = event

  const end = (drop: boolean): void => {
    life.abort()
    const over = current.peek()?.over ?? null
    current.value = null
    if (drop && over !== null) moveCard(key, shownCards.peek().indexOf(over))
  }
  const onMove = ({ clientX, clientY }: PointerEvent): void => {
    if (current.peek() === null && Math.hypot(clientX - fromX, clientY - fromY) < STARTS_PX) return
    if (clientY < EDGE_PX) scrollBy(0, -SCROLL_PX)
    else if (clientY > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX)
    const over = cardAt(clientX, clientY)
    if (current.peek()?.over !== over) current.value = { key, over: over === key ? null : over }
  }
  const onKey = (pressed: KeyboardEvent): void => {
    if (pressed.key === 'Escape') end(false)
  }
  head.setPointerCapture(event.pointerId)
  head.addEventListener('pointermove', onMove, { signal: ended })
  head.addEventListener('pointerup', () => end(true), { signal: ended })
  head.addEventListener('pointercancel', () => end(false), { signal: ended })
  addEventListener('keydown', onKey, { signal: ended })
}
