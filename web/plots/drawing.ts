// One drawing: uPlot in an element, its colours those of the page, a tooltip under the pointer.
import type uPlot from 'uplot'
import type { Lines } from '../history/history.js'
import type { PlotLook } from './groups.js'
import { agoText, axisLabels, rangeOf, spanOf, valueText } from './scale.js'

export type Drawing = {
  /** Shows these lines; the same number of lines as it was made for. */
  show(data: Lines): void
  resize(width: number, height: number): void
  destroy(): void
}

const FONT = '11px system-ui, sans-serif'
const LABEL_CHARACTER_PX = 6.3
/** Every span can be parted in so many. */
const TIME_PARTS = 3
/** Lines are told apart by colour and by stroke. */
const DASHES: readonly (readonly number[])[] = [[], [5, 3], [2, 2], [8, 3, 2, 3]]

/** Of this browser, as its owner reads it. */
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

function tooltipText(plot: uPlot, index: number, { digits, unit }: PlotLook): string {
  const second = plot.data[0][index]
  const values = plot.series.slice(1).map(({ label }, i) => {
    const text = valueText(plot.data[i + 1]?.[index] ?? null, digits, unit)
    return plot.series.length > 2 ? `${String(label)} ${text}` : text
  })
  return second === undefined ? '' : [clock.format(second * 1000), ...values].join('\n')
}

const isNumber = (value: unknown): boolean => typeof value === 'number'

/** Values with a gap on either side: a line has no length there, so a point is drawn. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? []
  return [...values.keys()].filter(
    i => isNumber(values[i]) && !isNumber(values[i - 1]) && !isNumber(values[i + 1]),
  )
}

/** A tooltip that follows uPlot's cursor and stays within the plot. */
function tooltip(look: PlotLook): uPlot.Plugin {
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

function axes(look: PlotLook, colours: CSSStyleDeclaration): uPlot.Axis[] {
  const grid = { stroke: () => colours.borderTopColor, width: 1 }
  const shared = { stroke: () => colours.color, font: FONT, ticks: { show: false }, grid }
  return [
    {
      ...shared,
      size: 22,
      gap: 6,
      splits: (_, __, first, last) =>
        Array.from({ length: TIME_PARTS + 1 }, (___, i) => first + (i * (last - first)) / TIME_PARTS),
      values: (_, splits) => {
        const [first = 0, last = 0] = [splits[0], splits.at(-1)]
        return splits.map(second => agoText(last - second, last - first))
      },
    },
    {
      ...shared,
      gap: 4,
      space: 22,
      size: (_, values) =>
        8 + LABEL_CHARACTER_PX * Math.max(3, ...(values ?? []).map(({ length }) => length)),
      values: (_, splits, __, ___, step) => axisLabels(splits, step).map(label => `${label}${look.unit}`),
    },
  ]
}

/**
 * `lines` are the names of the lines with the elements whose `color` they are drawn in; text is drawn in the colour of
 * `host`, the grid in that of its upper border.
 */
export function createDrawing(
  UPlot: typeof uPlot,
  host: HTMLElement,
  look: PlotLook,
  lines: readonly { readonly label: string; readonly colour: Element }[],
): Drawing {
  let times: Lines['times'] = []
  let spanSec = 1
  const options: uPlot.Options = {
    width: Math.max(1, host.clientWidth),
    height: Math.max(1, host.clientHeight),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    padding: [6, 12, 0, 0],
    scales: {
      x: { time: false, range: () => [(times.at(-1) ?? 0) - spanSec, times.at(-1) ?? 0] },
      y: {
        range: (_, low: number | null, high: number | null) => [
          ...rangeOf(low, high, look.fromZero, look.limit),
        ],
      },
    },
    axes: axes(look, getComputedStyle(host)),
    series: [
      {},
      ...lines.map(({ label, colour }, i) => {
        const style = getComputedStyle(colour)
        const dash = [...(DASHES[i] ?? [])]
        return {
          label,
          stroke: () => style.color,
          width: 1.5,
          dash,
          points: { show: true, size: 4, width: 0, fill: () => style.color, filter: alone },
          spanGaps: false,
        }
      }),
    ],
    plugins: [tooltip(look)],
  }
  const plot = new UPlot(options, [[], ...lines.map(() => [])], host)
  return {
    show({ times: now, lines: shown }) {
      times = now
      spanSec = spanOf(shown)
      plot.setData([[...times], ...shown.map(({ values }) => [...values])])
    },
    resize: (width, height) => plot.setSize({ width, height }),
    destroy: () => plot.destroy(),
  }
}
