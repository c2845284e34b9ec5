// The row of plots of the last 15 minutes. Drawn at most once a second, and not while the page is hidden or paused.
import { computed, type Signal, signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { history } from '../history/keep.js'
import { MAX_LINES } from '../history/numbers.js'
import { board, nowMs, paused } from '../model.js'
import { preference, textList } from '../state/preferences.js'
import { query } from '../state/query.js'
import type { createDrawing } from './drawing.js'
import { chosenInstead, DATA_QUALITY, LTP, OTHERS, shownIndices } from './groups.js'
import { Plot } from './plot.jsx'
import './plots.css'

/** The least width of a plot and the gap between two: as in plots.css. */
const PLOT_REM = 15
const GAP_REM = 0.75

const chosen = preference('plots.indices', stored => textList(stored, MAX_LINES))
const isOpen = preference('plots.open', stored => stored !== false)
const drawer: Signal<typeof createDrawing | null> = signal(null)
const failed = signal(false)

const hasFacts = computed(() => [...(board.value?.panels.values() ?? [])].some(({ facts }) => facts))

let drawnMs = 0
/** The time of the drawings; stands still while the page is hidden or paused. */
const drawnAtMs = computed(() => {
  const now = nowMs.value
  if (!paused.value && (drawnMs === 0 || !document.hidden)) drawnMs = now
  return drawnMs
})

async function load(): Promise<void> {
  try {
    const { createDrawing } = await import('./drawing.js')
    drawer.value = createDrawing
  } catch {
    failed.value = true // a newer server no longer has this file; the numbers are shown without drawings
  }
}

/** How many plots fit in a row. */
function useRoom(): { readonly row: { current: HTMLDivElement | null }; readonly room: number } {
  const row = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState(0)
  useEffect(() => {
    if (row.current === null) return
    const sizes = new ResizeObserver(([entry]) => {
      const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const widthRem = (entry?.contentRect.width ?? 0) / remPx
      setRoom(Math.floor((widthRem + GAP_REM) / (PLOT_REM + GAP_REM)))
    })
    sizes.observe(row.current)
    return () => sizes.disconnect()
  }, [])
  return { row, room }
}

function IndexTitle(props: {
  readonly all: readonly string[]
  readonly shown: readonly string[]
  readonly place: number
}) {
  const { all, shown, place } = props
  const label = shown[place] ?? ''
  if (query.kiosk || all.length <= shown.length) return <h3>{label}</h3>
  return (
    <h3>
      <select
        aria-label="Index of this plot"
        value={label}
        onChange={event => {
          chosen.value = chosenInstead(shown, place, event.currentTarget.value)
        }}
      >
        {all.map(each => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </h3>
  )
}

function Row() {
  const { row, room } = useRoom()
  const at = drawnAtMs.value
  const all = history.labels('ltp')
  const shown = shownIndices(all, chosen.value, Math.min(MAX_LINES, Math.max(1, room - 1 - OTHERS.length)))
  const quality = all.length > MAX_LINES ? 'lowest' : 'dq'
  return (
    <div class="plots-row" ref={row}>
      {shown.map((label, place) => (
        <Plot key={place} look={LTP} drawer={drawer} data={history.lines('ltp', [label], at)}>
          <IndexTitle all={all} shown={shown} place={place} />
        </Plot>
      ))}
      <Plot look={DATA_QUALITY} drawer={drawer} data={history.lines(quality, history.labels(quality), at)}>
        <h3>
          {DATA_QUALITY.title}
          {quality === 'lowest' && ', lowest'}
        </h3>
      </Plot>
      {OTHERS.map(look => (
        <Plot
          key={look.group}
          look={look}
          drawer={drawer}
          data={history.lines(look.group, history.labels(look.group), at)}
        >
          <h3>{look.title}</h3>
        </Plot>
      ))}
    </div>
  )
}

function Content() {
  return (
    <>
      {failed.value && <p class="plot-failed">The plots could not be loaded. Reload the page.</p>}
      <Row />
    </>
  )
}

export function PlotsStrip() {
  useEffect(() => void load(), [])
  // Servers of earlier versions send no facts.
  if (!hasFacts.value) return null
  return (
    <section class="plots" aria-labelledby="plots-title">
      {query.kiosk ? (
        <>
          <h2 id="plots-title" class="hidden-text">
            Last 15 minutes
          </h2>
          <Content />
        </>
      ) : (
        <details
          open={isOpen.value}
          onToggle={event => {
            isOpen.value = event.currentTarget.open
          }}
        >
          <summary>
            <h2 id="plots-title">Last 15 minutes</h2>
          </summary>
          {isOpen.value && <Content />}
        </details>
      )}
    </section>
  )
}
