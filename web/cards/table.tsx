// A table of a panel: sortable, with as many columns as fit. Only changed cells are drawn again.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { announce } from '../state/announce.js'
import type { Block, Cell, Column } from '../state/panels.js'
import { rowKeys } from '../state/row-keys.js'
import { memo, useChanged } from './changed.js'
import { shownColumns, widthsOf, wraps } from './columns.js'
import { nextSort, type Sort, sortedPlaces } from './sort.js'

type TableBlock = Extract<Block, { readonly kind: 'table' }>

/** A longer table scrolls in its card. */
const SCROLLS_OVER_ROWS = 24
/** Width of an average character relative to the font size. */
const CH_PER_EM = 0.56

const EMPTY: Cell = { text: '' }

type CellProps = {
  readonly cell: Cell
  readonly align: Column['align']
  readonly wraps: boolean
  readonly first: boolean
}

const CellView = memo(({ cell, align, wraps: mayWrap, first }: CellProps) => {
  const changed = useChanged(cell.text)
  const looks = {
    'data-align': align,
    'data-tone': cell.tone,
    'data-wraps': mayWrap || undefined,
    'data-changed': changed,
  }
  return first ? (
    <th scope="row" {...looks}>
      {cell.text}
    </th>
  ) : (
    <td {...looks}>{cell.text}</td>
  )
})

type RowProps = {
  readonly row: readonly Cell[]
  readonly columns: readonly Column[]
  readonly shown: readonly number[]
  /** Which columns may wrap, as text, so that equal values compare as equal. */
  readonly wrapping: string
}

const Row = memo(({ row, columns, shown, wrapping }: RowProps) => (
  <tr>
    {shown.map((i, nth) => (
      <CellView
        key={i}
        cell={row[i] ?? EMPTY}
        align={columns[i]?.align}
        wraps={wrapping[i] === '1'}
        first={nth === 0}
      />
    ))}
  </tr>
))

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

export const Table = memo(({ block, title }: { readonly block: TableBlock; readonly title: string }) => {
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
  const places = useMemo(() => sortedPlaces(rows, sort), [rows, sort])
  const hidden = columns.filter((_, i) => !shown.includes(i)).map(({ label }) => label)
  const isTall = rows.length > SCROLLS_OVER_ROWS
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
    const label = columns[column]?.label ?? ''
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
                  <button type="button" onClick={() => sortBy(i)}>
                    {columns[i]?.label}
                  </button>
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
              />
            ))}
          </tbody>
        </table>
      </div>
      {isTall ? <p class="note">{rows.length} rows; the rest by scrolling.</p> : null}
      {hidden.length === 0 ? null : <p class="note">Not enough room for: {hidden.join(', ')}</p>}
    </div>
  )
})
