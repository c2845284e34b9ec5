// Draws what a person can see: each second the visible drawings, all in one frame. A drawing that comes into view is drawn at once.
import { effect } from '@preact/signals'
import { drawnAtMs } from '../history/keep.js'

type Draw = () => void

const draws = new WeakMap<Element, Draw>()
const visible = new Set<Element>()
const waiting = new Set<Element>()
let frame = 0

function drawWaiting(): void {
  frame = 0
  for (const element of waiting) draws.get(element)?.()
  waiting.clear()
}

function soon(element: Element): void {
  waiting.add(element)
  if (frame === 0) frame = requestAnimationFrame(drawWaiting)
}

/** Elements near the border are drawn before they are scrolled into view. */
const observer = new IntersectionObserver(
  entries => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) visible.delete(target)
      else if (draws.has(target)) {
        visible.add(target)
        soon(target)
      }
    }
  },
  { rootMargin: '100px' },
)

effect(() => {
  if (drawnAtMs.value > 0) for (const element of visible) soon(element)
})

/** Calls `draw` once a second while the element is visible; returns a function that ends this. */
export function keepDrawn(element: Element, draw: Draw): () => void {
  draws.set(element, draw)
  observer.observe(element)
  return () => {
    observer.unobserve(element)
    draws.delete(element)
    visible.delete(element)
    waiting.delete(element)
  }
}
