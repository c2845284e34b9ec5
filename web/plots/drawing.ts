// One drawing: uPlot in an element, with the colours and sizes of the page, and a tooltip that follows the pointer or keys. Loaded
// with uPlot and its style after the board is shown.
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Lines } from '../history/history.js'
import type { PlotLook } from './groups.js'
import { agoText, axisLabels, rangeOf, spanOf, valueText } from './scale.js'

export type Drawing = {
  /** Shows these lines; as many as it was created for. */
  show(data: Lines): void
  resize(width: number, height: number): void
  /**
   * Shows the tooltip at the newest value, or moves it by this many steps; 0 hides it. It stays at its moment while time goes on.
   * Returns its text.
   */
  step(by: number): string
  destroy(): void
}

/** Size of the axes' text relative to the page's font, which is larger on a wall display. */
const FONT_EM = 0.79
const LABEL_CHARACTER_EM = 0.45
/** Key presses across the whole time axis. */
const KEY_STEPS = 60
/** Every span divides into this many parts. */
const TIME_PARTS = 3
/** Lines differ in colour and in stroke. */
const DASHES: readonly (readonly number[])[] = [[], [5, 3], [2, 2], [8, 3, 2, 3]]

/** In the language and time zone of this browser. */
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

function tooltipText(plot: UPlot, index: number, { digits, unit }: PlotLook): string {
  const second = plot.data[0][index]
  const values = plot.series.slice(1).map(({ label }, i) => {
    const text = valueText(plot.data[i + 1]?.[index] ?? null, digits, unit)
    return plot.series.length > 2 ? `${String(label)} ${text}` : text
  })
  return second === undefined ? '' : [clock.format(second * 1000), ...values].join('\n')
}

const isNumber = (value: unknown): boolean => typeof value === 'number'

/** Values between two gaps: a line would have no length, so a point is drawn. */
function alone(plot: UPlot, series: number): number[] {
  const values = plot.data[series] ?? []
  return [...values.keys()].filter(
    i => isNumber(values[i]) && !isNumber(values[i - 1]) && !isNumber(values[i + 1]),
  )
}

/** A tooltip that follows uPlot's cursor within the plot. */
function tooltip(look: PlotLook): UPlot.Plugin {
  const box = document.createElement('div')
  box.className = 'plot-tooltip'
  box.hidden = true
  return {
    hooks: {
      init: plot => plot.over.append(box),
      setCursor: plot => {
        const { idx, left = -1 } = plot.cursor
        box.hidden = left < 0 || idx === null || idx === undefined
        if (box.hidden || idx === null || idx === undefined) return
        box.textContent = tooltipText(plot, idx, look)
        const isRight = left > plot.over.clientWidth / 2
        box.style.left = isRight ? 'auto' : `${left + 8}px`
        box.style.right = isRight ? `${plot.over.clientWidth - left + 8}px` : 'auto'
      },
    },
  }
}

function axes(look: PlotLook, style: CSSStyleDeclaration, emPx: number): UPlot.Axis[] {
  const grid = { stroke: () => style.borderTopColor, width: 1 }
  const font = `${FONT_EM * emPx}px system-ui, sans-serif`
  const shared = { stroke: () => style.color, font, ticks: { show: false }, grid }
  return [
    {
      ...shared,
      size: 1.8 * emPx,
      gap: 0.55 * emPx,
      splits: (_, __, first, last) =>
        Array.from({ length: TIME_PARTS + 1 }, (___, i) => first + (i * (last - first)) / TIME_PARTS),
      values: (_, splits) => {
        const [first = 0, last = 0] = [splits[0], splits.at(-1)]
        return splits.map(second => agoText(last - second, last - first))
      },
    },
    {
      ...shared,
      gap: 0.3 * emPx,
      space: 1.2 * emPx,
      size: (_, values) =>
        emPx * (0.6 + LABEL_CHARACTER_EM * Math.max(3, ...(values ?? []).map(({ length }) => length))),
      values: (_, splits, __, ___, step) => axisLabels(splits, step).map(label => `${label}${look.unit}`),
    },
  ]
}

/**
 * `lines`: the labels of the lines with the elements that give their colours. Text has the colour of `host`, the grid that of its
 * upper border.
 */
export function createDrawing(
  host: HTMLElement,
  look: PlotLook,
  lines: readonly { readonly label: string; readonly colour: Element }[],
): Drawing {
  let times: Lines['times'] = []
  let spanSec = 1
  const style = getComputedStyle(host)
  const emPx = Number.parseFloat(style.fontSize)
  const options: UPlot.Options = {
    width: Math.max(1, host.clientWidth),
    height: Math.max(1, host.clientHeight),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    padding: [0.55 * emPx, emPx, 0, 0],
    scales: {
      x: { time: false, range: () => [(times.at(-1) ?? 0) - spanSec, times.at(-1) ?? 0] },
      y: {
        range: (_, low: number | null, high: number | null) => [...rangeOf(low, high, look)],
      },
    },
    axes: axes(look, style, emPx),
    series: [
      {},
      ...lines.map(({ label, colour }, i) => {
        const line = getComputedStyle(colour)
        const dash = [...(DASHES[i] ?? [])]
        return {
          label,
          stroke: () => line.color,
          width: 1.5,
          dash,
          points: { show: true, size: 4, width: 0, fill: () => line.color, filter: alone },
          spanGaps: false,
        }
      }),
    ],
    plugins: [tooltip(look)],
  }
  const plot = new UPlot(options, [[], ...lines.map(() => [])], host)
  /** The moment chosen by keys. */
  let chosen: number | null = null
  const point = (): void => {
    plot.setCursor(chosen === null ? { left: -1, top: -1 } : { left: plot.valToPos(chosen, 'x'), top: 0 })
  }
  return {
    show({ times: now, lines: shown }) {
      times = now
      spanSec = spanOf(shown)
      plot.setData([[...times], ...shown.map(({ values }) => [...values])])
      // After uPlot has updated its scales, which it does in a microtask.
      if (chosen !== null) queueMicrotask(point)
    },
    resize: (width, height) => plot.setSize({ width, height }),
    step(by) {
      const last = times.at(-1) ?? 0
      const later = (chosen ?? 0) + by * Math.max(1, spanSec / KEY_STEPS)
      if (by === 0) chosen = null
      else if (chosen === null) chosen = times[[...(plot.data[1] ?? [])].findLastIndex(isNumber)] ?? last
      else chosen = Math.min(last, Math.max(last - spanSec, later))
      point()
      return chosen === null ? '' : (plot.over.textContent ?? '')
    },
    destroy: () => plot.destroy(),
  }
}
