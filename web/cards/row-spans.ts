// How many rows of the grid (1 px each) a card takes: its height and the gap below. A ResizeObserver reports the heights of all cards
// once a frame, after layout; reading them card by card would lay the page out each time.

const heights = new ResizeObserver(entries => {
  const [first] = entries
  if (first === undefined) return
  const gapPx = Number.parseFloat(getComputedStyle(first.target).getPropertyValue('--gap-px')) || 0
  for (const { target, borderBoxSize } of entries) {
    const heightPx = borderBoxSize[0]?.blockSize ?? 0
    const span = `span ${Math.ceil(heightPx + gapPx)}`
    if (target instanceof HTMLElement && target.style.gridRowEnd !== span) target.style.gridRowEnd = span
  }
})

/** Keeps the card's span up to date; returns a function that stops this. */
export function keepRowSpan(card: Element): () => void {
  heights.observe(card)
  return () => heights.unobserve(card)
}
