// The page follows the answer only while its end is in sight.
import { signal } from '@preact/signals'
import { turns } from '../state/chat.js'

const NEAR_PX = 80

export const isEndInSight = signal(true)

function isNearEnd(): boolean {
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement
  return scrollHeight - scrollTop - clientHeight < NEAR_PX
}

/** Also for what is drawn next. */
export function toNewest(): void {
  isEndInSight.value = true
  followEnd()
}

/** After each drawing. */
export function followEnd(): void {
  if (isEndInSight.peek() && turns.peek().length > 0) scrollTo({ top: document.documentElement.scrollHeight })
}

export function startFollowing(): void {
  let lastTop = document.documentElement.scrollTop
  isEndInSight.value = isNearEnd()
  addEventListener(
    'scroll',
    () => {
      const { scrollTop } = document.documentElement
      // Only a person scrolls up. What comes makes the end go away, too, and is followed.
      if (isNearEnd()) isEndInSight.value = true
      else if (scrollTop < lastTop) isEndInSight.value = false
      lastTop = scrollTop
    },
    { passive: true },
  )
  // Growing does not scroll, nor does a window that becomes lower: what follows the end stays there.
  new ResizeObserver(followEnd).observe(document.body)
  addEventListener('resize', followEnd)
}
