// W3C Trace Context: which of a caller's headers may go on. An invalid `traceparent` ends the trace here, and takes its `tracestate`
// with it. Pure.
import type { IncomingHttpHeaders } from 'node:http'

export type TraceContext = { readonly traceparent: string | null; readonly tracestate: string | null }

/** Version 00 has exactly this form; a later one may have more after it. */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]*)?$/
const NONE: TraceContext = { traceparent: null, tracestate: null }
const MAX_PARENT_CHARS = 256
const MAX_STATE_CHARS = 4_096
const MAX_MEMBERS = 32
/** `vendor`, `tenant@vendor`; the value is printable ASCII without comma and equals, and no blank at its end. */
const MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** Null: not valid, all zeros, or of the forbidden version ff. */
function parentIn(header: string): { readonly traceId: string } | null {
  if (header.length > MAX_PARENT_CHARS) return null
  const [, version, traceId = '', spanId = '', more] = PARENT.exec(header) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? null : { traceId }
}

/** Null: one of its members is not valid, two have one key, or there are too many. */
function stateIn(header: string): string | null {
  if (header.length > MAX_STATE_CHARS) return null
  const members = header.split(',').map(member => member.trim())
  const filled = members.filter(member => member !== '')
  const keys = new Set(filled.map(member => member.slice(0, member.indexOf('='))))
  const isValid = filled.every(member => MEMBER.test(member))
  return isValid && filled.length > 0 && filled.length <= MAX_MEMBERS && keys.size === filled.length
    ? filled.join(',')
    : null
}

/** What goes on to a backend. */
export function traceContextOf(headers: IncomingHttpHeaders): TraceContext {
  const { traceparent, tracestate } = headers
  if (typeof traceparent !== 'string' || parentIn(traceparent) === null) return NONE
  return { traceparent, tracestate: typeof tracestate === 'string' ? stateIn(tracestate) : null }
}

/** For log lines; `traceparent` as `traceContextOf` gave it. */
export function traceIdOf(traceparent: string | null): string | null {
  return traceparent === null ? null : (parentIn(traceparent)?.traceId ?? null)
}
