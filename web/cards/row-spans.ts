// How many rows of the grid (1 px each) a card takes: its height and the gap below. A ResizeObserver reports the heights of all cards
// once a frame, after layout; reading them card by card would lay the page out each time.
import { signal } from '@preact/signals'
import { remPx } from './rem.js'

/** Counts when a height changed; on a wall display the places depend on them. */
export const heightsSeen = signal(0)

const heights = new ResizeObserver(entries => {
  const gapPx = remPx()
  let hasChanged = false
  for (const { target, borderBoxSize } of entries) {
    const heightPx = borderBoxSize[0]?.blockSize ?? 0
    const span = `span ${Math.ceil(heightPx + gapPx)}`
    if (!(target instanceof HTMLElement) || target.style.gridRowEnd === span) continue
    target.style.gridRowEnd = span
    hasChanged = true
  }
  if (hasChanged) heightsSeen.value++
})

/** Keeps the card's span up to date; returns a function that stops this. */
export function keepRowSpan(card: Element): () => void {
  heights.observe(card)
  return () => heights.unobserve(card)
}
