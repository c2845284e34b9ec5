// The counts of a body that is passed on unread: of its beginning and its end, where APIs have them. Costs a copy of 8 KiB a body.
import type { TokenCounts } from '../events.js'
import { parsedObject, tokenCounts } from '../upstream/values.js'

const KEPT_BYTES = 4 * 1024
const USAGE = /"(?:usage|usageMetadata|billed_units)"\s*:\s*(?=\{)/g

export class UsageTap {
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)
  /** Of the whole body. */
  bytes = 0

  take(chunk: Buffer): void {
    this.bytes += chunk.length
    const missing = KEPT_BYTES - this.#head.length
    if (missing > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, missing)])
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES)
  }

  /** Null: it counts nothing. Of several the last one is meant. */
  get counts(): TokenCounts | null {
    return countsIn(this.#tail.toString('latin1')) ?? countsIn(this.#head.toString('latin1'))
  }
}

function countsIn(text: string): TokenCounts | null {
  const found = [...text.matchAll(USAGE)].map(match => objectAt(text, match.index + match[0].length))
  return found.findLast(counts => counts !== null) ?? null
}

function objectAt(text: string, from: number): TokenCounts | null {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return countsOf(text.slice(from, at + 1))
  }
  return null
}

/** An API that counts only what goes in may call that the total. */
function countsOf(text: string): TokenCounts | null {
  const usage = parsedObject(text)
  return tokenCounts(usage) ?? tokenCounts({ input_tokens: usage?.total_tokens })
}
