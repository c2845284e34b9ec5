// Very long tables: only the rows near those in view are in the document, so that what a board costs does not grow with its rows.
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Up to this many rows are all in the document, where the browser's own search finds them. */
const ALL_UP_TO = 240
/** Rows drawn above and below those in view. */
const AROUND = 12
/** The window moves by this many rows at once. */
const STEP = 6
/** Until a row can be measured. */
const ROW_PX = 32

export type RowWindow = {
  /** Of the element that scrolls. */
  readonly ref: RefObject<HTMLDivElement | null>
  readonly from: number
  readonly to: number
  /** The height of the rows that are left out above and below, px. */
  readonly abovePx: number
  readonly belowPx: number
  /** Whether rows are left out at all. */
  readonly isPartial: boolean
}

type Seen = { readonly from: number; readonly to: number; readonly rowPx: number }

/** The rows of a table of `count` that are in the document while its region is scrolled to where it is. */
export function useRowWindow(count: number): RowWindow {
  const ref = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState<Seen>({ from: 0, to: 2 * AROUND + STEP, rowPx: ROW_PX })
  const isPartial = count > ALL_UP_TO
  useLayoutEffect(() => {
    const region = ref.current
    if (region === null || !isPartial) return
    const look = (): void => {
      const rowPx = region.querySelector<HTMLElement>('tbody tr[data-row]')?.offsetHeight || ROW_PX
      const first = Math.floor(region.scrollTop / rowPx)
      const from = Math.max(0, Math.floor((first - AROUND) / STEP) * STEP)
      const to = Math.ceil((first + region.clientHeight / rowPx + AROUND) / STEP) * STEP
      setSeen(before =>
        before.from === from && before.to === to && before.rowPx === rowPx ? before : { from, to, rowPx },
      )
    }
    const sizes = new ResizeObserver(look)
    sizes.observe(region)
    region.addEventListener('scroll', look, { passive: true })
    look()
    return () => {
      sizes.disconnect()
      region.removeEventListener('scroll', look)
    }
  }, [isPartial])
  if (!isPartial) return { ref, from: 0, to: count, abovePx: 0, belowPx: 0, isPartial }
  const from = Math.min(seen.from, count)
  const to = Math.min(seen.to, count)
  return { ref, from, to, abovePx: from * seen.rowPx, belowPx: (count - to) * seen.rowPx, isPartial }
}
