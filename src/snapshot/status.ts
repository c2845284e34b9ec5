// The status document.

/** The JSON document as it came in: an object, otherwise untrusted. */
export type Status = Readonly<Record<string, unknown>>

/** A large status as text, made in another thread: encoding it here would delay everything else. */
export type LargeStatus = {
  /** Counts the statuses of its source. */
  readonly serial: number
  /** The whole document as JSON in UTF-8. */
  readonly json: Uint8Array
  /** The difference (ingest/diff.ts) from another status of the source; null where nobody asked for one, or none exists. */
  readonly patch: { readonly from: number; readonly json: Uint8Array } | null
}
