// The trend of a number next to it: a grey line of the last minutes, with a dot at its end in the tone of the number. Its lines are
// changed without Preact, because there may be hundreds of them and each changes every second.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { rangeOf, spanText } from '../../src/display/range.js'
import { LEAST_SEC } from '../../src/display/series.js'
import { memo } from '../cards/changed.js'
import { drawnAtMs, hasLines, history, spanSec } from '../history/keep.js'
import { showInPlot } from '../plots/chosen.js'
import type { Tone } from '../state/panels.js'
import { keepDrawn } from './frames.js'
import { lineOf } from './line.js'
import './trend.css'

/** Steps of a line: more cannot be seen in its place. */
const PARTS = { field: 60, table: 60, tile: 150 } as const

type Props = {
  /** The id of its fact: `indices.NIFTY.ltp`. */
  readonly id: string
  /** The unit of the number; it decides the range. */
  readonly unit?: string | undefined
  readonly tone?: Tone | undefined
  /** `field` shows no number that did not change; `tile` is as wide as its place. */
  readonly place: keyof typeof PARTS
}

const SVG = 'http://www.w3.org/2000/svg'
const PATHS = ['area', 'line', 'end'] as const

function emptyDrawing(): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 100 100')
  svg.setAttribute('preserveAspectRatio', 'none')
  for (const name of PATHS) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('class', name)
    svg.append(path)
  }
  return svg
}

/** The paths of a trend; null where there is nothing to draw yet. */
function pathsOf({ id, unit = '', place }: Props): Readonly<Record<(typeof PATHS)[number], string>> | null {
  const known = history.values(id, drawnAtMs.peek())
  if (known.knownSec < LEAST_SEC) return null
  const values = known.values.slice(-spanSec.peek())
  const range = rangeOf(values, unit)
  const [first] = values.filter(value => value !== null)
  if (range === null || (place === 'field' && values.every(value => value === null || value === first)))
    return null
  const { line, area, end } = lineOf(values, known.endSec - values.length + 1, range, PARTS[place])
  return { line, area: range.isZeroBased ? area : '', end: end === null ? '' : `M${end.x} ${end.y}h.01` }
}

function draw(host: HTMLElement, props: Props): void {
  const paths = pathsOf(props)
  if (paths === null) {
    host.replaceChildren()
    return
  }
  if (host.firstChild === null) host.append(emptyDrawing())
  host.querySelectorAll('path').forEach((path, i) => {
    const name = PATHS[i]
    if (name !== undefined && path.getAttribute('d') !== paths[name]) path.setAttribute('d', paths[name])
  })
}

export const Trend = memo((props: Props) => {
  const { id, unit, tone, place } = props
  const ref = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    const host = ref.current
    if (host === null) return
    // With the first paint, where the server's numbers are there.
    if (hasLines.peek()) draw(host, { id, unit, place })
    return keepDrawn(host, () => draw(host, { id, unit, place }))
  }, [id, unit, place])
  return (
    // For the eye and the pointer; the plot is the same for the keyboard and for screen readers.
    <span
      ref={ref}
      class="trend"
      data-place={place}
      data-tone={tone}
      aria-hidden="true"
      onClick={() => showInPlot(id)}
    />
  )
})

/** The span that trends show, for the head of their column: `3 min`. */
export function TrendSpan() {
  return <>{spanText(spanSec.value)}</>
}
