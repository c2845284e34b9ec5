// What is visible of the page: a phone's keyboard covers its lower part without changing its height.
import { signal } from '@preact/signals'

export const visibleHeight = signal(innerHeight)

export function startViewport(): void {
  const viewport = visualViewport
  const measure = (): void => {
    const height = viewport?.height ?? innerHeight
    const covered = viewport === null ? 0 : Math.max(0, innerHeight - height - viewport.offsetTop)
    visibleHeight.value = height
    // Zoomed in, the visible part is a part of the page, not what a keyboard leaves of it.
    const isZoomed = viewport !== null && viewport.scale > 1.01
    document.documentElement.style.setProperty('--covered', `${isZoomed ? 0 : Math.round(covered)}px`)
  }
  viewport?.addEventListener('resize', measure)
  viewport?.addEventListener('scroll', measure)
  addEventListener('resize', measure)
  measure()
}
