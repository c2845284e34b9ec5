// One plot: its title, its newest values, the drawing, and the same in words for screen readers.
import { type ReadonlySignal, useSignalEffect } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Lines } from '../history/history.js'
import { announce } from '../state/announce.js'
import type { createDrawing, Drawing } from './drawing.js'
import type { PlotLook } from './groups.js'
import { summaryOf, valueText } from './scale.js'
import { leaveTurns, takeTurn } from './turns.js'

type Props = {
  readonly look: PlotLook
  readonly data: Lines
  /** Null until it is loaded, and when it cannot be loaded. */
  readonly drawer: ReadonlySignal<typeof createDrawing | null>
  readonly children: ComponentChildren
}

/** How far a key moves the tooltip; 0 hides it. */
const STEPS = new Map([
  ['ArrowLeft', -1],
  ['ArrowRight', 1],
  ['Escape', 0],
])

/** Elements that take keys must be reachable by keyboard. */
const TAKES_KEYS = { tabIndex: 0, 'aria-description': 'Arrow keys tell the values of a moment' }

function words(data: Lines, { digits, unit }: PlotLook): string {
  const said = data.lines.flatMap(line => {
    const summary = summaryOf(line)
    if (summary === null) return []
    const [current, lowest, highest] = [summary.current, summary.lowest, summary.highest].map(value =>
      valueText(value, digits, unit),
    )
    return [`${line.label}: now ${current}, lowest ${lowest}, highest ${highest}`]
  })
  return `${said.join('; ')} in the last 15 minutes.`
}

export function Plot({ look, data, drawer, children }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const legend = useRef<HTMLUListElement>(null)
  const drawing = useRef<Drawing | null>(null)
  const redraw = useRef(() => {})
  const newest = useRef(data)
  newest.current = data
  const names = data.lines.map(({ label }) => label).join('\n')
  const isEmpty = data.lines.every(line => summaryOf(line) === null)

  // Other lines need another drawing.
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const draw = (): void => {
      const create = drawer.peek()
      if (create === null || element.clientWidth === 0) return
      if (drawing.current === null) {
        const swatches = [...(legend.current?.querySelectorAll('.plot-swatch') ?? [])]
        const labels = newest.current.lines.map(({ label }) => label)
        const lines = labels.map((label, i) => ({ label, colour: swatches[i] ?? element }))
        drawing.current = create(element, look, lines)
      }
      drawing.current.show(newest.current)
    }
    const soon = (): void => takeTurn(draw)
    redraw.current = soon
    soon()
    const sizes = new ResizeObserver(() => {
      if (element.clientWidth > 0) drawing.current?.resize(element.clientWidth, element.clientHeight)
      soon()
    })
    sizes.observe(element)
    return () => {
      sizes.disconnect()
      leaveTurns(draw)
      drawing.current?.destroy()
      drawing.current = null
    }
  }, [look, names])

  useEffect(() => redraw.current(), [data])
  useSignalEffect(() => {
    if (drawer.value !== null) redraw.current()
  })

  return (
    <figure
      class="plot"
      data-plot={look.group}
      {...TAKES_KEYS}
      onKeyDown={event => {
        const by = STEPS.get(event.key)
        // The choice of indices keeps its arrow keys.
        if (by === undefined || drawing.current === null || event.target !== event.currentTarget) return
        event.preventDefault()
        announce(drawing.current.step(by))
      }}
      onBlur={() => drawing.current?.step(0)}
    >
      <figcaption>
        {children}
        <ul class="plot-legend" ref={legend}>
          {data.lines.map((line, i) => (
            <li key={line.label}>
              <span class={`plot-swatch plot-line-${i}`} aria-hidden="true" />
              {data.lines.length > 1 && <span>{line.label} </span>}
              <b>{valueText(summaryOf(line)?.current ?? null, look.digits, look.unit)}</b>
            </li>
          ))}
        </ul>
        <span class="hidden-text">{isEmpty ? '' : words(data, look)}</span>
      </figcaption>
      <div class="plot-host" ref={host} aria-hidden="true" />
      {isEmpty && <p class="plot-empty">no data yet</p>}
    </figure>
  )
}
