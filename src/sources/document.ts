// From the bytes of a status file to a document, or to what is wrong with it. Messages never quote the content.
import { isObject, isWithinDepth, MAX_DEPTH } from '../ingest/json.js'
import { joinedWarnings, type ParsedJson, parseJson } from '../ingest/json-text.js'
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

/** Reads a document; may take the bytes away. `nowMs`: of a recorded one; else it is now. */
export type DocumentReader = (bytes: Uint8Array, nowMs?: number) => ReadDocument | Promise<ReadDocument>

const bad = (error: ReadingError, message: string, isTransient = false): BadDocument => ({
  ok: false,
  error,
  message,
  isTransient,
})

/** JSON lines: two or more objects, a line each; null for anything else. */
function parsedLines(text: string): Extract<ParsedJson, { readonly ok: true }> | null {
  const items: unknown[] = []
  let warnings: readonly DataWarning[] = []
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from)
    const line = text.slice(from, end < 0 ? text.length : end)
    from += line.length + 1
    if (line.trim() === '') continue
    const parsed = parseJson(line)
    if (!parsed.ok || !isObject(parsed.value)) return null
    items.push(parsed.value)
    const ofLine = parsed.warnings.map(warning => ({
      ...warning,
      path: `line ${items.length}: ${warning.path}`,
    }))
    warnings = joinedWarnings(warnings, ofLine)
  }
  return items.length < 2 ? null : { ok: true, value: items, warnings }
}

/** Takes time linear in the size, and holds the thread all that time. */
export function parseDocument(bytes: Uint8Array): ReadDocument {
  const decoded = statusText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!decoded.ok) return bad('not_json', decoded.message, true)
  const whole = parseJson(decoded.text)
  const parsed = whole.ok ? whole : (parsedLines(decoded.text) ?? whole)
  if (!parsed.ok && parsed.fault === 'syntax') return bad('not_json', parsed.message, true)
  // It is encoded as JSON again later, which recurses once per level.
  if (!parsed.ok || !isWithinDepth(parsed.value))
    return bad('too_large', `it is nested deeper than ${MAX_DEPTH} levels`)
  const { value, warnings } = parsed
  if (isObject(value)) return { ok: true, status: value, warnings }
  // A list becomes the member `items`, also that of JSON lines.
  if (Array.isArray(value)) return { ok: true, status: { items: value }, warnings }
  const what = value === null ? 'null' : `a ${typeof value}`
  return bad('not_object', `it is ${what}; a status is a JSON object or a list`)
}
