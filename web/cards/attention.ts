// Whether somebody points at the cards with pointer, finger or focus. Cards do not move then.

/** A pointer that rests for longer points at nothing. */
const RESTS_MS = 60_000

let pointedMs = Number.NEGATIVE_INFINITY
let isTouching = false

const isInCard = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[data-panel]') !== null

export function isPointedAt(nowMs: number): boolean {
  return isTouching || nowMs - pointedMs < RESTS_MS || isInCard(document.activeElement)
}

/** Starts to watch; returns a function that stops it. */
export function startAttention(): () => void {
  const life = new AbortController()
  const options = { signal: life.signal, passive: true }
  const onMove = ({ target }: PointerEvent): void => {
    pointedMs = isInCard(target) ? Date.now() : Number.NEGATIVE_INFINITY
  }
  const onTouch = ({ pointerType, type, target }: PointerEvent): void => {
    if (pointerType === 'mouse') return
    isTouching = type === 'pointerdown' && isInCard(target)
    pointedMs = Number.NEGATIVE_INFINITY
  }
  addEventListener('pointermove', onMove, options)
  for (const type of ['pointerdown', 'pointerup'] as const) addEventListener(type, onTouch, options)
  // The finger scrolls: it still rests on the cards.
  addEventListener(
    'touchend',
    () => {
      isTouching = false
    },
    options,
  )
  document.documentElement.addEventListener(
    'pointerleave',
    () => {
      pointedMs = Number.NEGATIVE_INFINITY
    },
    options,
  )
  return () => life.abort()
}
