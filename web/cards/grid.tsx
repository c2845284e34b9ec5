// The cards in as many columns as the window has; each column has no gaps.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { panel } from '../model.js'
import { foldedCards } from '../state/arrangement.js'
import { query } from '../state/query.js'
import { isFolded, shownCards } from './arrange.js'
import { Card } from './card.jsx'
import { moreText } from './kiosk.js'
import { type CardSize, columnsFor, columnsIn, placesOf, sizeOf } from './placement.js'
import { heightsSeen } from './row-spans.js'

/** The line below the cards of a wall display. */
const MORE_REM = 0.5

type Room = { readonly columns: number; readonly heightPx: number }

/** The room for cards: columns by the width of the window, and the height that a wall display has. */
function useRoom() {
  const ref = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState<Room>({ columns: columnsIn(innerWidth), heightPx: 0 })
  useEffect(() => {
    const grid = ref.current
    const main = grid?.parentElement
    if (!grid || !main) return
    const measure = (): void => {
      const { paddingTop, paddingBottom } = getComputedStyle(main)
      const around = Number.parseFloat(paddingTop) + Number.parseFloat(paddingBottom)
      setRoom({ columns: columnsIn(innerWidth), heightPx: query.kiosk ? main.clientHeight - around : 0 })
    }
    const observer = new ResizeObserver(measure)
    observer.observe(main)
    measure()
    return () => observer.disconnect()
  }, [])
  return { ref, room }
}

/** The cards with their real heights, px. */
function measured(sizes: readonly CardSize[], gapPx: number): readonly CardSize[] {
  return sizes.map(size => {
    const card = document.getElementById(`panel-${size.key}`)
    return { ...size, height: (card?.offsetHeight ?? 0) + gapPx }
  })
}

type Places = ReturnType<typeof placesOf>

const isSame = (a: Places, b: Places): boolean => JSON.stringify([...a]) === JSON.stringify([...b])

const isBad = (key: string): boolean => {
  const tone = panel(key).peek()?.tone
  return tone === 'error' || tone === 'warn'
}

export function Grid() {
  const { ref, room } = useRoom()
  const keys = shownCards.value
  const folded = foldedCards.value
  const [fitting, setFitting] = useState<Places | null>(null)
  const { count, places, sizes } = useMemo(() => {
    const cards = keys.map(key => sizeOf(key, panel(key).peek()?.blocks ?? [], isFolded(key)))
    const columns = columnsFor(cards, room.columns)
    return { count: columns, places: placesOf(cards, columns), sizes: cards }
  }, [keys, folded, room.columns])
  const seen = query.kiosk ? heightsSeen.value : 0

  // On a wall display: which cards fit without scrolling.
  useLayoutEffect(() => {
    if (!query.kiosk || room.heightPx === 0) return
    const gapPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
    const cards = measured(sizes, gapPx)
    const all = placesOf(cards, count, room.heightPx + gapPx)
    const fits = all.size === cards.length ? all : placesOf(cards, count, room.heightPx - MORE_REM * gapPx)
    setFitting(before => (before !== null && isSame(before, fits) ? before : fits))
  }, [sizes, count, room, seen])

  const fits = fitting ?? places
  const left = keys.filter(key => !fits.has(key))
  return (
    <>
      <div ref={ref} class="grid" style={{ gridTemplateColumns: `repeat(${count}, minmax(0, 1fr))` }}>
        {keys.map(key => (
          <Card
            key={key}
            panelKey={key}
            place={fits.get(key) ?? places.get(key) ?? { column: 0, span: 1 }}
            isLeftOut={!fits.has(key)}
          />
        ))}
      </div>
      {left.length === 0 ? null : <p class="note">{moreText(left.length, left.filter(isBad).length)}</p>}
    </>
  )
}
