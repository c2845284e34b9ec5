// The value of a field or cell: its number grouped as the setting says, its unit quiet.
import { groupedText } from '../../src/display/number-text.js'
import { numberFormat } from '../state/clock.js'
import type { Cell } from '../state/panels.js'
import { isWebAddress, LinkedText } from './linked-text.jsx'

/** `unit`: what the label says, where the value says none or less (`s ago`). */
export function Value({ cell, unit = null }: { readonly cell: Cell; readonly unit?: string | null }) {
  if (isWebAddress(cell.text)) return <LinkedText text={cell.text} />
  const { number, unit: own } = groupedText(cell, numberFormat.value)
  const shown = unit?.startsWith(own) === true ? unit : own
  return (
    <span>
      {number}
      {shown === '' || cell.value === undefined ? null : <span class="u"> {shown}</span>}
    </span>
  )
}
