// Random ids. We fetch a page of random bytes at a time: a system call per id costs ten times as much.
import { randomFillSync } from 'node:crypto'

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
