// A reading is the outcome of one attempt to get the status: a document, or an error of a known kind.
// It is the only way a source speaks to the rest of the program, so a failure can never be mistaken for data.

/** The JSON document as it came in: an object, otherwise untrusted. */
export type Status = Readonly<Record<string, unknown>>

/** Every way a status can fail to be read; the words are shown to people on every surface. */
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

/** A document was read, but some of its numbers are not what the writer had. One for each kind of fault. */
export type DataWarning = {
  /** `not_finite`: NaN or an infinity, which counts as missing. `inexact`: an integer that lost digits. */
  readonly kind: 'not_finite' | 'inexact'
  /** Where the first of them is: `indices.NIFTY.change`. */
  readonly path: string
  /** What the first of them is: `Infinity`. */
  readonly what: string
  /** How many there are. */
  readonly count: number
}

export type GoodReading = {
  readonly ok: true
  readonly status: Status
  /** Absent when every value is as it was written. */
  readonly warnings?: readonly DataWarning[]
  /** When it was read here, epoch ms. */
  readonly readAtMs: number
  /** When the writer last changed it, epoch ms. */
  readonly modifiedAtMs: number
  /** How old it was when it was read, where the source knows better than `modifiedAtMs`. */
  readonly ageMs?: number
  readonly sizeBytes: number
}

export type BadReading = {
  readonly ok: false
  readonly error: ReadingError
  /** For a person; names what was wrong, never an absolute path. */
  readonly message: string
  readonly readAtMs: number
}

export type Reading = GoodReading | BadReading
