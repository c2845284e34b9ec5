// What the server asks of the thread that keeps its far history, and the answers.
import type { VerdictRow } from '../verdict-log.js'

export type FarLimits = {
  readonly path: string
  /** Of the file. */
  readonly maxBytes: number
}

/** A minute of all series that have a value in it. */
export type MinuteBatch = {
  /** Since 1970. */
  readonly minute: number
  readonly ids: readonly string[]
  /** Least, greatest, last and count of each. */
  readonly numbers: Float64Array
}

/** A row of the verdict log with its number, which stays. */
export type NumberedRow = VerdictRow & { readonly no: number }

export type WriteCall = {
  readonly do: 'write'
  readonly minutes: readonly MinuteBatch[]
  /** Those that are new, and the one that lasts. */
  readonly verdicts: readonly NumberedRow[]
  /** Minutes before this one are removed; null: none is. */
  readonly oldest: number | null
}

export type ReadCall = {
  readonly do: 'read'
  readonly ids: readonly string[]
  readonly fromMinute: number
  readonly stepMinutes: number
  readonly steps: number
}

export type FarCall =
  | { readonly do: 'open' /** Of what comes back. */; readonly fromMinute: number }
  | WriteCall
  | ReadCall
  | { readonly do: 'close' }

export type StoreState = {
  /** The first minute that is kept; null: none is. */
  readonly oldestMinute: number | null
  readonly bytes: number
}

export type Opened = StoreState & {
  /** The oldest first. All of them have ended. */
  readonly verdicts: readonly NumberedRow[]
  /** Every series, the last minutes. */
  readonly recent: readonly MinuteBatch[]
  /** Where a damaged file was put; null: it was sound. */
  readonly asideAt: string | null
}

/** Of one series: least, greatest and last value of each step; NaN: not known. Null: it is no series that is kept. */
export type FarValues = {
  readonly min: Float64Array
  readonly max: Float64Array
  readonly last: Float64Array
} | null

/** `in_use`: another server writes it. `other_name`: it has a second name. `foreign`: it is no history. `newer`: of a later version. */
export type FarErrorCode =
  | 'in_use'
  | 'other_name'
  | 'foreign'
  | 'newer'
  | 'damaged'
  | 'vanished'
  | 'not_open'
  | 'ended'
  | 'late'

/** The message says what to change. */
export class FarError extends Error {
  override readonly name = 'FarError'
  constructor(
    readonly code: FarErrorCode,
    message: string,
  ) {
    super(message)
  }
}
