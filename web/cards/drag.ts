// Dragging a card by its handle, with mouse, pen or finger: it takes the place of the card it is dropped on. Escape cancels.
import { type ReadonlySignal, signal } from '@preact/signals'
import { moveCard, shownCards } from './arrange.js'

type Drag = { readonly key: string; readonly over: string | null }

const EDGE_PX = 60
const SCROLL_PX = 16

const current = signal<Drag | null>(null)
export const drag: ReadonlySignal<Drag | null> = current

function cardAt(x: number, y: number): string | null {
  const card = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-panel]')
  return card?.dataset.panel ?? null
}

/** Handles pointerdown on the handle. */
export function startDrag(event: PointerEvent, key: string): void {
  if (event.button !== 0 || current.peek() !== null) return
  const handle = event.currentTarget
  if (!(handle instanceof HTMLElement)) return
  const life = new AbortController()
  const { signal: ended } = life
  current.value = { key, over: null }

  const end = (drop: boolean): void => {
    life.abort()
    const over = current.peek()?.over ?? null
    current.value = null
    if (drop && over !== null) moveCard(key, shownCards.peek().indexOf(over))
  }
  const onMove = ({ clientX, clientY }: PointerEvent): void => {
    if (clientY < EDGE_PX) scrollBy(0, -SCROLL_PX)
    else if (clientY > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX)
    const over = cardAt(clientX, clientY)
    if (current.peek()?.over !== over) current.value = { key, over: over === key ? null : over }
  }
  const onKey = (pressed: KeyboardEvent): void => {
    if (pressed.key === 'Escape') end(false)
  }
  handle.setPointerCapture(event.pointerId)
  handle.addEventListener('pointermove', onMove, { signal: ended })
  handle.addEventListener('pointerup', () => end(true), { signal: ended })
  handle.addEventListener('pointercancel', () => end(false), { signal: ended })
  addEventListener('keydown', onKey, { signal: ended })
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }

/** How far a key on the handle moves the card; 0 for other keys. */
export function stepOf(key: string): number {
  return STEPS[key] ?? 0
}
