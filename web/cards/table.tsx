// A table of a panel: sortable, with as many columns as fit. Only changed cells are drawn again.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { labelOf } from '../../src/display/label.js'
import { isNotWell } from '../../src/display/shape.js'
import { announce } from '../state/announce.js'
import type { Block, Cell, Column } from '../state/panels.js'
import { query } from '../state/query.js'
import { rowKeys } from '../state/row-keys.js'
import { memo, useChanged } from './changed.js'
import { shownColumns, widthsOf, wraps } from './columns.js'
import { gaugeColumn } from './gauge.js'
import { kioskRows, moreRows } from './kiosk.js'
import { nextSort, rowTone, type Sort, sortedPlaces } from './sort.js'
import { Value } from './value.jsx'

type TableBlock = Extract<Block, { readonly kind: 'table' }>

/** A longer table scrolls in its card. */
const SCROLLS_OVER_ROWS = 24
/** Width of an average character relative to the font size. */
const CH_PER_EM = 0.56

const EMPTY: Cell = { text: '' }

type Wash = { readonly on: boolean }

type CellProps = {
  readonly cell: Cell
  /** Of the column, which is in its head. */
  readonly unit: string | undefined
  readonly align: Column['align']
  readonly wraps: boolean
  readonly first: boolean
  readonly hasGauge: boolean
  readonly wash: Wash
}

const CellView = memo(({ cell, unit, align, wraps: mayWrap, first, hasGauge, wash }: CellProps) => {
  const changed = useChanged(cell.text, wash)
  const looks = {
    'data-align': align,
    'data-tone': isNotWell(cell.tone) ? cell.tone : undefined,
    'data-wraps': mayWrap || undefined,
    'data-changed': changed,
  }
  const own = unit === undefined ? cell : { ...cell, unit: cell.unit ?? unit }
  const value = <Value cell={own} />
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
  readonly shown: readonly number[]
  /** Which columns may wrap, and which has a gauge, as text, so that equal values compare as equal. */
  readonly wrapping: string
  readonly gauge: number
  readonly wash: Wash
}

const Row = memo(({ row, columns, shown, wrapping, gauge, wash }: RowProps) => (
  <tr data-row={row[0]?.text} data-tone={rowTone(row)}>
    {shown.map((i, nth) => (
      <CellView
        key={i}
        cell={row[i] ?? EMPTY}
        unit={columns[i]?.unit}
        align={columns[i]?.align}
        wraps={wrapping[i] === '1'}
        first={nth === 0}
        hasGauge={gauge === i}
        wash={wash}
      />
    ))}
  </tr>
))

/** The label of a column; with its unit where the cells do not say it. Sorts. */
function Head(props: {
  readonly column: Column | undefined
  readonly panelKey: string
  readonly onSort: () => void
}) {
  const { column, panelKey, onSort } = props
  if (column === undefined) return null
  const { label } = labelOf(column.label, panelKey)
  if (query.kiosk) return <span title={column.label}>{label}</span>
  return (
    <button type="button" title={column.label} onClick={onSort}>
      {label}
    </button>
  )
}

/** The observed width of the element in characters; null before it is known. */
function useRoomCh() {
  const ref = useRef<HTMLDivElement>(null)
  const [roomCh, setRoomCh] = useState<number | null>(null)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const measure = (): void => {
      const emPx = Number.parseFloat(getComputedStyle(element).fontSize)
      setRoomCh(Math.floor(element.clientWidth / (emPx * CH_PER_EM)))
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
  readonly wash: Wash
}

export const Table = memo(({ block, panelKey, title, wash }: Props) => {
  const { columns, rows } = block
  const { ref, roomCh } = useRoomCh()
  const [sort, setSort] = useState<Sort | null>(null)
  const known = useRef<readonly number[]>([])
  const widths = useMemo(() => {
    known.current = widthsOf(columns, rows, known.current.length === columns.length ? known.current : [])
    return known.current
  }, [columns, rows])
  const fitting = shownColumns(columns, widths, roomCh ?? Number.POSITIVE_INFINITY)
  // The same list while it is equal, because rows compare it by identity.
  const shown = useMemo(() => fitting, [fitting.join()])
  const wrapping = columns.map((column, i) => (wraps(column, widths[i] ?? 0) ? '1' : '0')).join('')
  const keys = useMemo(() => rowKeys(rows), [rows])
  const sorted = useMemo(() => sortedPlaces(rows, sort), [rows, sort])
  // A wall display does not scroll.
  const places = query.kiosk ? sorted.slice(0, kioskRows()) : sorted
  const left = sorted.length - places.length
  const gauge = gaugeColumn(columns, rows)
  const hidden = columns.filter((_, i) => !shown.includes(i)).map(({ label }) => labelOf(label, panelKey).label)
  const isTall = rows.length > SCROLLS_OVER_ROWS && !query.kiosk
  const region = isTall
    ? {
        class: 'table tall',
        role: 'region' as const,
        'aria-label': `${title}: ${rows.length} rows`,
        tabIndex: 0,
      }
    : { class: 'table' }

  function sortBy(column: number): void {
    const next = nextSort(sort, column)
    setSort(next)
    const { label } = labelOf(columns[column]?.label ?? '', panelKey)
    announce(next === null ? `${title} as it came` : `${title} sorted by ${label}, ${next.direction}`)
  }

  return (
    <div ref={ref}>
      <div {...region}>
        <table>
          <thead>
            <tr>
              {shown.map(i => (
                <th
                  key={i}
                  scope="col"
                  data-align={columns[i]?.align}
                  aria-sort={sort?.column === i ? sort.direction : undefined}
                >
                  <Head column={columns[i]} panelKey={panelKey} onSort={() => sortBy(i)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {places.map(place => (
              <Row
                key={keys[place]}
                row={rows[place] ?? []}
                columns={columns}
                shown={shown}
                wrapping={wrapping}
                gauge={gauge}
                wash={wash}
              />
            ))}
          </tbody>
        </table>
      </div>
      {isTall ? <p class="note">{rows.length} rows; the rest by scrolling.</p> : null}
      {left > 0 ? <p class="note">{moreRows(sorted.slice(-left).map(i => rows[i] ?? []))}</p> : null}
      {hidden.length === 0 || query.kiosk ? null : <p class="note">Not enough room for: {hidden.join(', ')}</p>}
    </div>
  )
})
