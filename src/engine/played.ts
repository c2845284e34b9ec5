// A recording that is played: its time is that of the board.
import type { Moment } from '../clock/moment.js'

export type Played = {
  /** The time in the recording. */
  readonly now: Moment
  /** When it began, epoch ms. */
  readonly startedMs: number
  /** Of the product that recorded. */
  readonly version: string
  /** Its last board stays. */
  readonly ended: boolean
}
