// A table of a panel: sortable, with as many columns as fit. Only changed cells are drawn again.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { labelOf } from '../../src/display/label.js'
import { scrollText } from '../../src/display/rest.js'
import { isNotWell } from '../../src/display/shape.js'
import { shownCell, shownColumn } from '../../src/display/shown.js'
import { hasLines } from '../history/keep.js'
import { cellFact } from '../plots/plottable.js'
import { announce } from '../state/announce.js'
import { numberFormat } from '../state/clock.js'
import type { Block, Cell, Column } from '../state/panels.js'
import { query } from '../state/query.js'
import { rowKeys } from '../state/row-keys.js'
import { isStale } from '../state/staleness.js'
import { Trend, TrendSpan } from '../trend/trend.jsx'
import { memo, useChanged } from './changed.js'
import { isNarrow, neededCh, shownColumns, widthsOf, wraps } from './columns.js'
import { gaugeColumn } from './gauge.js'
import { kioskRows, moreRows } from './kiosk.js'
import { useRowWindow } from './row-window.js'
import { nextSort, rowTone, type Sort, sortedPlaces } from './sort.js'
import { Value } from './value.jsx'

type TableBlock = Extract<Block, { readonly kind: 'table' }>

/** A longer table scrolls in its card. */
const SCROLLS_OVER_ROWS = 24

/** Whether the table itself says that there are more rows than the panel has. */
export const saysRest = (rowCount: number): boolean => query.kiosk || rowCount > SCROLLS_OVER_ROWS
/** The width of a trend and the gap to it; as in page.css. */
const TREND_CH = 13
const NARROW_TREND_CH = 6
/** The width of a digit where the font cannot be measured, relative to its size. */
const CH_PER_EM = 0.6

const EMPTY: Cell = { text: '' }
const NO_COLUMN: Column = { label: '' }

type Wash = { readonly on: boolean }

type CellProps = {
  readonly cell: Cell
  readonly column: Column
  readonly panelKey: string
  readonly wraps: boolean
  readonly first: boolean
  readonly hasGauge: boolean
  readonly wash: Wash
}

const CellView = memo((props: CellProps) => {
  const { cell, column, panelKey, wraps: mayWrap, first, hasGauge, wash } = props
  const changed = useChanged(cell.text, wash)
  const looks = {
    'data-align': column.align,
    'data-tone': isNotWell(cell.tone) ? cell.tone : undefined,
    'data-wraps': mayWrap || undefined,
    'data-changed': changed,
  }
  const value = <Value shown={shownCell(cell, column, numberFormat.value, panelKey)} />
  if (first) {
    return (
      <th scope="row" {...looks}>
        {value}
      </th>
    )
  }
  return (
    <td {...looks}>
      {hasGauge && cell.value !== undefined ? (
        <span class="gauge" aria-hidden="true">
          <i style={{ transform: `scaleX(${cell.value / 100})` }} />
        </span>
      ) : null}
      {value}
    </td>
  )
})

type RowProps = {
  readonly row: readonly Cell[]
  readonly columns: readonly Column[]
  readonly panelKey: string
  readonly shown: readonly number[]
  /** Which columns may wrap, and which has a gauge, as text, so that equal values compare as equal. */
  readonly wrapping: string
  readonly gauge: number
  /** The column whose trend comes before it. */
  readonly trend: number
  readonly wash: Wash
  readonly rowKey: string | undefined
  /** Its place in the table, where not all rows are in the document; the head is 1. */
  readonly index: number | undefined
}

/** The place of rows that are not in the document. */
function LeftOut({ px }: { readonly px: number }) {
  return px === 0 ? null : <tr style={{ height: `${px}px`, border: 0 }} />
}

function TrendCell({
  row,
  column,
  panelKey,
}: {
  readonly row: readonly Cell[]
  readonly column: Column
  readonly panelKey: string
}) {
  const { fact = '', unit } = column
  const tone = rowTone(row)
  return (
    <td class="trend-cell" aria-hidden="true">
      <Trend id={cellFact(panelKey, row, fact)} unit={unit} tone={tone} place="table" />
    </td>
  )
}

const Row = memo(
  ({ row, columns, panelKey, shown, wrapping, gauge, trend, wash, rowKey, index }: RowProps) => (
    <tr aria-rowindex={index} data-row={rowKey} data-tone={rowTone(row)}>
      {shown.map((i, nth) => [
        i === trend ? (
          <TrendCell key="trend" row={row} column={columns[i] ?? NO_COLUMN} panelKey={panelKey} />
        ) : null,
        <CellView
          key={i}
          cell={row[i] ?? EMPTY}
          column={columns[i] ?? NO_COLUMN}
          panelKey={panelKey}
          wraps={wrapping[i] === '1'}
          first={nth === 0}
          hasGauge={gauge === i}
          wash={wash}
        />,
      ])}
    </tr>
  ),
)

/** The head of a column: words, and the unit of its cells. Sorts, but on a wall display. */
function Head(props: { readonly column: Column; readonly panelKey: string; readonly onSort: () => void }) {
  const { column, panelKey, onSort } = props
  const { label, unit } = shownColumn(column, panelKey)
  const words = (
    <>
      {label}
      {unit === '' ? null : <span class="u"> {unit}</span>}
    </>
  )
  return query.kiosk ? (
    words
  ) : (
    <button type="button" title={column.label} onClick={onSort}>
      {words}
    </button>
  )
}

let canvas: CanvasRenderingContext2D | null = null

function digitPx(element: Element): number {
  const { font, fontSize } = getComputedStyle(element)
  canvas ??= document.createElement('canvas').getContext('2d')
  if (canvas === null) return Number.parseFloat(fontSize) * CH_PER_EM
  canvas.font = font
  return canvas.measureText('0').width
}

/** The observed width of the element in characters; null before it is known. */
function useRoomCh() {
  const ref = useRef<HTMLDivElement>(null)
  const [roomCh, setRoomCh] = useState<number | null>(null)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const measure = (): void => {
      setRoomCh(Math.floor(element.clientWidth / digitPx(element)))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])
  return { ref, roomCh }
}

type Props = {
  readonly block: TableBlock
  readonly panelKey: string
  readonly title: string
  /** Rows that the panel does not have; none of them is known not to be well. */
  readonly restRows: number
  readonly wash: Wash
}

export const Table = memo(({ block, panelKey, title, restRows, wash }: Props) => {
  const { columns, rows } = block
  const { ref, roomCh } = useRoomCh()
  const [sort, setSort] = useState<Sort | null>(null)
  const known = useRef<{ readonly narrow: boolean; readonly widths: readonly number[] } | null>(null)
  const narrow = isNarrow(roomCh ?? 0)
  const widths = useMemo(() => {
    const last = known.current
    const isSame = last?.narrow === narrow && last.widths.length === columns.length
    known.current = { narrow, widths: widthsOf(columns, rows, isSame ? last.widths : [], panelKey, narrow) }
    return known.current.widths
  }, [columns, rows, narrow])
  const room = roomCh ?? Number.POSITIVE_INFINITY
  const plotted = columns.findIndex(({ align, fact }) => align === 'right' && fact !== undefined)
  const trendCh = plotted < 0 ? 0 : narrow ? NARROW_TREND_CH : TREND_CH
  const besideTrend = shownColumns(columns, widths, room - trendCh)
  const all = shownColumns(columns, widths, room)
  // A trend is worth less than the columns that always stay, and without lines less than any.
  const hasTrend =
    plotted >= 0 &&
    neededCh(besideTrend, widths) <= room - trendCh &&
    (hasLines.value || besideTrend.length === all.length)
  const trend = hasTrend ? plotted : -1
  const fitting = hasTrend ? besideTrend : all
  // The same list while it is equal, because rows compare it by identity.
  const shown = useMemo(() => fitting, [fitting.join()])
  const isTight = neededCh(shown, widths) > room
  const wrapping = columns.map((column, i) => (wraps(column, widths[i] ?? 0, isTight) ? '1' : '0')).join('')
  const keys = useMemo(() => rowKeys(rows), [rows])
  const sorted = useMemo(() => sortedPlaces(rows, sort), [rows, sort])
  // A wall display does not scroll.
  const places = query.kiosk ? sorted.slice(0, kioskRows()) : sorted
  const left = query.kiosk ? sorted.slice(places.length).map(i => rows[i] ?? []) : []
  const gauge = gaugeColumn(columns, rows)
  const hidden = columns
    .filter((_, i) => !shown.includes(i))
    .map(({ label }) => labelOf(label, panelKey).label)
  const isTall = rows.length > SCROLLS_OVER_ROWS && !query.kiosk
  const region = isTall
    ? {
        class: 'table tall',
        role: 'region' as const,
        'aria-label': `${title}: ${rows.length} rows`,
        tabIndex: 0,
      }
    : { class: 'table' }

  const near = useRowWindow(places.length)

  function sortBy(column: number): void {
    const next = nextSort(sort, column)
    setSort(next)
    const { label } = labelOf(columns[column]?.label ?? '', panelKey)
    announce(next === null ? `${title} as it came` : `${title} sorted by ${label}, ${next.direction}`)
  }

  return (
    <div ref={ref}>
      <div ref={near.ref} {...region}>
        <table aria-rowcount={near.isPartial ? places.length + 1 : undefined}>
          <thead>
            <tr>
              {shown.map(i => [
                i === trend ? (
                  <th key="trend" class="trend-cell" data-align="right" scope="col">
                    <TrendSpan />
                  </th>
                ) : null,
                <th
                  key={i}
                  scope="col"
                  data-align={columns[i]?.align}
                  aria-sort={sort?.column === i ? sort.direction : undefined}
                  // As wide as its widest row, which may be left out.
                  style={near.isPartial ? { minWidth: `${widths[i] ?? 0}ch` } : undefined}
                >
                  <Head column={columns[i] ?? NO_COLUMN} panelKey={panelKey} onSort={() => sortBy(i)} />
                </th>,
              ])}
            </tr>
          </thead>
          <tbody>
            <LeftOut px={near.abovePx} />
            {places.slice(near.from, near.to).map((place, i) => (
              <Row
                key={keys[place]}
                rowKey={keys[place]}
                index={near.isPartial ? near.from + i + 2 : undefined}
                row={rows[place] ?? []}
                columns={columns}
                panelKey={panelKey}
                shown={shown}
                wrapping={wrapping}
                gauge={gauge}
                trend={trend}
                wash={wash}
              />
            ))}
            <LeftOut px={near.belowPx} />
          </tbody>
        </table>
      </div>
      {isTall ? <p class="note">{scrollText(rows.length, restRows)}</p> : null}
      {query.kiosk && left.length + restRows > 0 ? (
        <p class="note">{moreRows(left, restRows, !isStale.value)}</p>
      ) : null}
      {hidden.length === 0 || query.kiosk ? null : (
        <p class="note">Not enough room for: {hidden.join(', ')}</p>
      )}
    </div>
  )
})
