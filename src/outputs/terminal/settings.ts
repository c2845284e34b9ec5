// The settings of the dashboard, fixed at the start.
import type { NumberFormat } from '../../display/number-text.js'
import type { LayoutSettings } from './layout/layout.js'

export type TerminalSettings = LayoutSettings & {
  /** IANA name; every time is shown in it. */
  readonly timezone: string
  readonly numberFormat: NumberFormat
  /** The widest value or cell of a panel, columns. */
  readonly clip: number
  readonly curated: boolean
  readonly hideEmptyBlocks: boolean
  readonly showNeedFull: boolean
  readonly altScreen: boolean
}
