// An audit record as a line of the log, and so of Loki: what happened, to which stream, with which figures. Nothing personal: no
// name, address or question, no id that gives access. A refusal has a line already, which the guards wrote.

import { streamMark } from '../log/chat-log.js'
import type { AuditEntry } from '../ports.js'

export type LogLine = Readonly<Record<string, unknown>> & { readonly operation: string }

/** Null: it has a line of its own. */
export function logLineOf(entry: AuditEntry): LogLine | null {
  const { operation } = entry
  const at = new Date(entry.atMs).toISOString()
  if (operation === 'auth.token_verified') return { operation, at }
  if (!('streamId' in entry)) return null
  const { streamId, requestId, person } = entry
  const ofStream = { operation, at, requestId, stream: streamMark(streamId), identified: person !== null }
  switch (entry.operation) {
    case 'stream.start':
      return { ...ofStream, upstream: entry.upstream }
    case 'stream.end': {
      const { reason, tokens, bytes, firstTokenMs, durationMs, upstreams } = entry
      return { ...ofStream, reason, tokens, bytes, firstTokenMs, durationMs, upstreams }
    }
    case 'stream.resume':
      return { ...ofStream, after: entry.after }
    case 'stream.stop':
      return ofStream
  }
}
