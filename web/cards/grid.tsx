// The cards, in as many columns as there is room for; each column closes up by itself.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { panel } from '../model.js'
import { foldedCards } from '../state/arrangement.js'
import { query } from '../state/query.js'
import { isFolded, shownCards } from './arrange.js'
import { Card } from './card.jsx'
import { placesOf, sizeOf } from './placement.js'

/** The least width of a column, in rem; a wall display is read from afar. */
const COLUMN_REM = query.kiosk ? 30 : 26

function useColumnCount() {
  const ref = useRef<HTMLDivElement>(null)
  const [count, setCount] = useState(1)
  useEffect(() => {
    const grid = ref.current
    if (grid === null) return
    const measure = (): void => {
      const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      setCount(Math.max(1, Math.floor(grid.clientWidth / (COLUMN_REM * remPx))))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(grid)
    measure()
    return () => observer.disconnect()
  }, [])
  return { ref, count }
}

export function Grid() {
  const { ref, count } = useColumnCount()
  const keys = shownCards.value
  const folded = foldedCards.value
  const places = useMemo(
    () =>
      placesOf(
        keys.map(key => sizeOf(key, panel(key).peek()?.blocks ?? [], isFolded(key))),
        count,
      ),
    [keys, folded, count],
  )
  return (
    <div ref={ref} class="grid" style={{ gridTemplateColumns: `repeat(${count}, minmax(0, 1fr))` }}>
      {keys.map(key => (
        <Card key={key} panelKey={key} place={places.get(key) ?? { column: 0, span: 1 }} />
      ))}
    </div>
  )
}
