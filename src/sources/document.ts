// From the bytes of a status file to a document, or to what is wrong with it. Messages never quote the content.
import { isObject, isWithinDepth, MAX_DEPTH } from '../ingest/json.js'
import { parseJson } from '../ingest/json-text.js'
import type { DataWarning, LargeReading, ReadingError, Status } from '../snapshot/reading.js'
import { statusText } from './status-text.js'

export type BadDocument = {
  readonly ok: false
  readonly error: ReadingError
  readonly message: string
  /** A writer may be in the middle of it: try again. */
  readonly isTransient: boolean
}

export type ReadDocument =
  | {
      readonly ok: true
      readonly status: Status
      readonly warnings: readonly DataWarning[]
      readonly large?: LargeReading
    }
  | BadDocument

/** Reads a document; may take the bytes away. */
export type DocumentReader = (bytes: Uint8Array) => ReadDocument | Promise<ReadDocument>

const bad = (error: ReadingError, message: string, isTransient = false): BadDocument => ({
  ok: false,
  error,
  message,
  isTransient,
})

/** Takes time linear in the size, and holds the thread all that time. */
export function parseDocument(bytes: Uint8Array): ReadDocument {
  const decoded = statusText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!decoded.ok) return bad('not_json', decoded.message, true)
  const parsed = parseJson(decoded.text)
  if (!parsed.ok && parsed.fault === 'syntax') return bad('not_json', parsed.message, true)
  // It is encoded as JSON again later, which recurses once per level.
  if (!parsed.ok || !isWithinDepth(parsed.value))
    return bad('too_large', `it is nested deeper than ${MAX_DEPTH} levels`)
  const { value, warnings } = parsed
  if (isObject(value)) return { ok: true, status: value, warnings }
  const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  return bad('not_object', `it is ${what}; a status is a JSON object`)
}
