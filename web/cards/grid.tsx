// The cards in as many columns as the window has.
import { signal } from '@preact/signals'
import type { ComponentChild } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Today } from '../../src/display/today.js'
import { Hero, hasHero } from '../hero/hero.jsx'
import { panel } from '../model.js'
import { hasPlot, Plot } from '../plots/plot.jsx'
import { foldedCards } from '../state/arrangement.js'
import { boardSpans } from '../state/looks.js'
import { query } from '../state/query.js'
import { isStale } from '../state/staleness.js'
import { useToday, VerdictCard } from '../verdicts/verdict-card.jsx'
import { isFolded, shownCards } from './arrange.js'
import { Card } from './card.jsx'
import { moreText } from './kiosk.js'
import { type CardSize, type Place, placesOf } from './packing.js'
import { columnsFor, columnsIn, sizeOf } from './placement.js'
import { remPx } from './rem.js'
import { heightsSeen, keepRowSpan } from './row-spans.js'

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

/** The cards with their real heights, px, in as many columns as they have: in other columns they are not that high. */
function measured(keys: readonly string[], places: Places, gapPx: number): readonly CardSize[] {
  return keys.map(key => {
    const card = document.getElementById(`panel-${key}`)
    return { key, height: (card?.offsetHeight ?? 0) + gapPx, isWide: false, span: places.get(key)?.span }
  })
}

const NOTHING = { blocks: [], everKnown: new Set<string>() }
const NO_PLACE: Place = { column: 0, span: 1 }
type Places = ReturnType<typeof placesOf>

const without = (places: Places, name: string): Places => new Map([...places].filter(([key]) => key !== name))

const isSame = (a: Places, b: Places): boolean => JSON.stringify([...a]) === JSON.stringify([...b])

const isBad = (key: string): boolean => {
  const tone = panel(key).peek()?.tone
  return tone === 'error' || tone === 'warn'
}

/** Cards that are no panels; no keys of panels. */
const HERO = ':hero'
const PLOT = ':plot'
const VERDICTS = ':verdicts'
/** Columns of a screen that has room for the verdicts of the day. */
const WIDE_COLUMNS = 4

type SpecialCard = {
  readonly isWide: boolean
  readonly draw: (today: Today | null) => ComponentChild
}
const SPECIAL: ReadonlyMap<string, SpecialCard> = new Map<string, SpecialCard>([
  [HERO, { isWide: true, draw: () => <Hero /> }],
  [PLOT, { isWide: true, draw: () => <Plot /> }],
  [VERDICTS, { isWide: false, draw: today => (today === null ? null : <VerdictCard today={today} />) }],
])

/** Before they are measured, rem. */
const SPECIAL_REM = 19
/** A plot without a line is far lower than one with it, but a line more is no reason to move cards. */
const STEP_REM = 4
/** Their heights in whole steps, rem. */
const specialRem = signal<ReadonlyMap<string, number>>(new Map())

function keepHeight(name: string, special: HTMLElement): () => void {
  const measure = (): void => {
    const rem = STEP_REM * Math.ceil(special.offsetHeight / remPx() / STEP_REM)
    if (specialRem.peek().get(name) !== rem) specialRem.value = new Map([...specialRem.peek(), [name, rem]])
  }
  const observer = new ResizeObserver(measure)
  observer.observe(special)
  measure()
  return () => observer.disconnect()
}

/** Whether it has a table of numbers that are plotted. */
const hasTable = (key: string): boolean =>
  panel(key)
    .peek()
    ?.blocks.some(
      block =>
        block.kind === 'table' &&
        block.rows.length > 0 &&
        block.columns.some(({ fact }) => fact !== undefined),
    ) === true

/** The cards with the plot below the first table; on a wall display after all of them. The head of an automatic board is first. */
function withSpecial(panels: readonly string[]): readonly string[] {
  const keys = hasHero.value && query.panels === null ? [HERO, ...panels] : panels
  if (panels.length === 0 || !hasPlot.value) return keys
  const at = query.kiosk ? keys.length : keys.findIndex(key => key !== 'alerts' && hasTable(key)) + 1
  return at === 0 ? [...keys, PLOT] : keys.toSpliced(at, 0, PLOT)
}

type SpecialProps = {
  readonly name: string
  readonly today: Today | null
  readonly place: Place
  readonly isLeftOut: boolean
}

function Special({ name, today, place, isLeftOut }: SpecialProps) {
  const ref = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (ref.current === null) return
    const ends = [keepRowSpan(ref.current), keepHeight(name, ref.current)]
    return () => {
      for (const end of ends) end()
    }
  }, [name])
  return (
    <div
      ref={ref}
      id={`panel-${name}`}
      class={isLeftOut ? 'unfit' : undefined}
      style={{ gridColumn: `${place.column + 1} / span ${place.span}` }}
    >
      {SPECIAL.get(name)?.draw(today)}
    </div>
  )
}

export function Grid() {
  const { ref, room } = useRoom()
  const cardKeys = shownCards.value
  const [isPlotted, hasHead] = [hasPlot.value, hasHero.value]
  const today = useToday(room.columns >= WIDE_COLUMNS && !query.kiosk && query.panels === null)
  const hasToday = today !== null && cardKeys.length > 0
  const keys = useMemo(
    () => [...withSpecial(cardKeys), ...(hasToday ? [VERDICTS] : [])],
    [cardKeys, isPlotted, hasHead, hasToday],
  )
  const folded = foldedCards.value
  const spans = boardSpans.value
  const special = specialRem.value
  const [fitting, setFitting] = useState<Places | null>(null)
  const { count, places } = useMemo(() => {
    const cards = keys.map(key => {
      const known = SPECIAL.get(key)
      return known === undefined
        ? { ...sizeOf(key, panel(key).peek() ?? NOTHING, isFolded(key)), span: spans.get(key) }
        : { key, height: special.get(key) ?? SPECIAL_REM, isWide: known.isWide }
    })
    const columns = columnsFor(cards, room.columns)
    return { count: columns, places: placesOf(cards, columns) }
  }, [keys, folded, room.columns, spans, special])
  const seen = query.kiosk ? heightsSeen.value : 0

  // On a wall display: which cards fit without scrolling.
  useLayoutEffect(() => {
    if (!query.kiosk || room.heightPx === 0) return
    const gapPx = remPx()
    const cards = measured(keys, places, gapPx)
    const all = placesOf(cards, count, room.heightPx + gapPx)
    const fits = all.size === cards.length ? all : placesOf(cards, count, room.heightPx - MORE_REM * gapPx)
    // The plot takes no room from a card.
    const shown = cards.every(({ key }) => key === PLOT || fits.has(key)) ? fits : without(fits, PLOT)
    setFitting(before => (before !== null && isSame(before, shown) ? before : shown))
  }, [keys, places, count, room, seen])

  const fits = fitting ?? places
  const left = cardKeys.filter(key => !fits.has(key))
  return (
    <>
      <div ref={ref} class="grid" style={{ gridTemplateColumns: `repeat(${count}, minmax(0, 1fr))` }}>
        {keys.map(key => {
          const at = { place: fits.get(key) ?? places.get(key) ?? NO_PLACE, isLeftOut: !fits.has(key) }
          return SPECIAL.has(key) ? (
            <Special key={key} name={key} today={today} {...at} />
          ) : (
            <Card key={key} panelKey={key} {...at} />
          )
        })}
      </div>
      {left.length === 0 ? null : (
        <p class="note">{moreText(left.length, left.filter(isBad).length, !isStale.value)}</p>
      )}
    </>
  )
}
