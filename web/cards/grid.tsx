// The cards in as many columns as fit; each column has no gaps.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { panel } from '../model.js'
import { foldedCards } from '../state/arrangement.js'
import { query } from '../state/query.js'
import { isFolded, shownCards } from './arrange.js'
import { Card } from './card.jsx'
import { columnsFor, placesOf, sizeOf } from './placement.js'

/** The least width of a column, in rem; larger on a wall display. */
const COLUMN_REM = query.kiosk ? 30 : 26

/** How many columns fit. */
function useRoom() {
  const ref = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState(1)
  useEffect(() => {
    const grid = ref.current
    if (grid === null) return
    const measure = (): void => {
      const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      setRoom(Math.max(1, Math.floor(grid.clientWidth / (COLUMN_REM * remPx))))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(grid)
    measure()
    return () => observer.disconnect()
  }, [])
  return { ref, room }
}

export function Grid() {
  const { ref, room } = useRoom()
  const keys = shownCards.value
  const folded = foldedCards.value
  const { count, places } = useMemo(() => {
    const sizes = keys.map(key => sizeOf(key, panel(key).peek()?.blocks ?? [], isFolded(key)))
    const columns = columnsFor(sizes, room)
    return { count: columns, places: placesOf(sizes, columns) }
  }, [keys, folded, room])
  return (
    <div ref={ref} class="grid" style={{ gridTemplateColumns: `repeat(${count}, minmax(0, 1fr))` }}>
      {keys.map(key => (
        <Card key={key} panelKey={key} place={places.get(key) ?? { column: 0, span: 1 }} />
      ))}
    </div>
  )
}
