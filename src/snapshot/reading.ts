// A reading is the outcome of one attempt to get the status: a document, or an error of a known kind. Sources give nothing else, so
// a failure is never mistaken for data.

import type { Snapshot } from './snapshot.js'
import type { LargeStatus, Status } from './status.js'

export type { Status } from './status.js'

/** Why a status could not be read; every surface shows these words. */
export const READING_ERRORS = [
  'missing',
  'forbidden',
  'io',
  'timeout',
  'too_large',
  'not_json',
  'not_object',
] as const
export type ReadingError = (typeof READING_ERRORS)[number]

/** Some numbers of a document that was read are not what the writer had. One warning for each kind of fault. */
export type DataWarning = {
  /**
   * `not_finite`: NaN or an infinity, which counts as missing. `inexact`: an integer that lost digits. `cut`: a document too large
   * to be united with others whole; `count` is in characters.
   */
  readonly kind: 'not_finite' | 'inexact' | 'cut'
  /** The path of the first of them: `indices.NIFTY.change`. */
  readonly path: string
  /** The text of the first of them: `Infinity`. */
  readonly what: string
  /** How many there are. */
  readonly count: number
}

/** Of a recording: when a reading came, by both clocks; the board is that of this moment. */
type TakenAt = { readonly wallMs: number; readonly monotonicMs: number }

export type GoodReading = {
  readonly ok: true
  readonly status: Status
  /** Absent when all numbers are as written. */
  readonly warnings?: readonly DataWarning[]
  /** When it was read here, epoch ms. */
  readonly readAtMs: number
  /**
   * When the writer last changed it, epoch ms; of a source that is asked again and again, when it last gave or confirmed this
   * document ("not modified" too). A confirmation is a new reading with the same `status` object: no panel is built for it.
   */
  readonly modifiedAtMs: number
  /** Time between two answers of a source that is asked again and again: a document is not old before the next one is due. */
  readonly everyMs?: number
  /** Of a recording: the document's own time is of the past, and says nothing about its age. */
  readonly isRecorded?: boolean
  /** Where several named sources form the document (`{name: document}`): all of them. */
  readonly parts?: readonly SourcePart[]
  /** Its age when it was read, where the source knows this better than `modifiedAtMs`. */
  readonly ageMs?: number
  readonly sizeBytes: number
  readonly takenAt?: TakenAt
  /** Of a large document: what was made of it in another thread. */
  readonly large?: LargeReading
}

/** One of several named sources that form a document. */
export type SourcePart = {
  readonly name: string
  /** Why it cannot be read now; null while it can. */
  readonly fault: { readonly error: ReadingError; readonly message: string } | null
  /**
   * When its last good document was written: by the document's own time (`documentTime` in derive.ts), else as `modifiedAtMs`. Null before the
   * first.
   */
  readonly writtenAtMs: number | null
  /** See `GoodReading`. */
  readonly everyMs?: number
}

export type LargeReading = LargeStatus & {
  /** Of the whole document; its `raw` is `status`. */
  readonly snapshot: Snapshot
  /** Characters of the document, as JSON, that `status` does not have. */
  readonly omitted: number
}

export type BadReading = {
  readonly ok: false
  readonly error: ReadingError
  /** The message for people; never contains an absolute path. */
  readonly message: string
  readonly readAtMs: number
  readonly takenAt?: TakenAt
}

export type Reading = GoodReading | BadReading
