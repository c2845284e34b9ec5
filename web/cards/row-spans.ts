// How many of the grid's rows (1 px each) a card takes: as high as it is, and the gap below. The browser tells heights once
// a frame, of all cards together, after its own layout: asked for card by card, each answer would lay the page out again.

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

/** From now on, until what is returned is called. */
export function keepRowSpan(card: Element): () => void {
  heights.observe(card)
  return () => heights.unobserve(card)
}
