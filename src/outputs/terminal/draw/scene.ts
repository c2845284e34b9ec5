// The input of a frame.
import type { Today } from '../../../display/today.js'
import type { CycleResult } from '../../../engine/cycle.js'
import type { Played } from '../../../engine/played.js'
import type { Thresholds } from '../../../panels/thresholds.js'
import type { View } from '../keys/view.js'
import type { Size } from '../layout/layout.js'
import type { Trends } from './trends.js'

export type Scene = {
  readonly size: Size
  readonly nowMs: number
  readonly view: View
  /** The result whose panels are shown, an old one while paused; null before the first cycle. */
  readonly shown: CycleResult | null
  /** The time for ages: now, or when the screen was paused. */
  readonly shownAtMs: number
  /** The newest result. */
  readonly live: CycleResult | null
  /** Board changes between these two results. */
  readonly behind: number
  /** When the shown board last changed, epoch ms. */
  readonly lastChangeMs: number | null
  readonly notice: string | null
  readonly thresholds: Thresholds
  readonly sourceName: string
  /** The recording that is played; null: the source is another one. */
  readonly played: Played | null
  /** Of a declared board. */
  readonly boardTitle: string | null
  readonly clients: number | null
  readonly needFull: string | null
  /** The last minutes of the shown numbers. */
  readonly trends: Trends
  /** How the system was today; null: nothing is known. */
  readonly today: Today | null
}
