// Random ids, and guard 1: every request has an id, in its answer and in every log line about it.
import { randomFillSync } from 'node:crypto'

/** We fetch this many random bytes at a time: a system call per id costs ten times as much. */
const PAGE_BYTES = 4096
const page = Buffer.alloc(PAGE_BYTES)
let used = PAGE_BYTES

/** So many random bytes as text; no byte is used twice. */
export function randomId(bytes: number, encoding: 'hex' | 'base64url'): string {
  if (bytes > PAGE_BYTES) throw new RangeError(`an id may have ${PAGE_BYTES} bytes, got ${bytes}`)
  if (used + bytes > PAGE_BYTES) {
    randomFillSync(page)
    used = 0
  }
  used += bytes
  return page.toString(encoding, used - bytes, used)
}

/** The form of a client's id; any other is replaced. */
const ACCEPTED = /^[A-Za-z0-9._-]{1,120}$/

/** The client's id when it is 1–120 of `A-Za-z0-9._-`, else a new one. */
export function requestIdOf(
  header: string | readonly string[] | undefined,
  fresh: () => string = freshRequestId,
): string {
  return typeof header === 'string' && ACCEPTED.test(header) ? header : fresh()
}

/** 96 random bits. */
function freshRequestId(): string {
  return randomId(12, 'hex')
}
