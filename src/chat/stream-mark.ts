// What a log line calls a stream. The id itself lets anybody read an anonymous answer, so no log has it.
import { createHash } from 'node:crypto'

const MARK_CHARS = 16

/** The first 16 hex digits of its SHA-256. */
export function streamMark(streamId: string): string {
  return createHash('sha256').update(streamId).digest('hex').slice(0, MARK_CHARS)
}
