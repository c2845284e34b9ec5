// Everything a frame is made of.
import type { CycleResult } from '../../../engine/cycle.js'
import type { Thresholds } from '../../../panels/thresholds.js'
import type { View } from '../keys/view.js'
import type { Size } from '../layout/layout.js'

export type Scene = {
  readonly size: Size
  readonly nowMs: number
  readonly view: View
  /** The result whose panels are shown: while paused an old one; null before the first cycle. */
  readonly shown: CycleResult | null
  /** When the shown ages are counted to: now, or when the screen was paused. */
  readonly shownAtMs: number
  /** The newest one. */
  readonly live: CycleResult | null
  /** Board changes between the two. */
  readonly behind: number
  /** When the shown board last changed, epoch ms. */
  readonly lastChangeMs: number | null
  readonly notice: string | null
  readonly thresholds: Thresholds
  readonly sourceName: string
  readonly clients: number | null
  readonly needFull: string | null
}
