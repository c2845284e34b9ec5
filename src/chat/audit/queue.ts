// What waits for the store, bounded. Records: in order, limited in number and text; those that do not fit are counted as lost.
// Refusals: anybody can cause them at will, so they may neither fill the disk nor displace records of streams. Up to a limit
// each refusal has a record; the rest is counted, and the counts are recorded (`audit.left_out`). Time comes in as numbers.
import { countingKey } from '../../guards/address.js'
import { SlidingWindow, type WindowLimit } from '../../guards/sliding-window.js'
import type { AuditEntry } from '../ports.js'
import type { Draft } from './draft.js'

const MAX_RECORDS = 20_000
/** UTF-16 units. */
const MAX_LENGTH = 16 * 1024 * 1024

const lengthOf = ({ secrets }: Draft): number =>
  Object.values(secrets).reduce((sum, text) => sum + text.length, 0)

export class WaitingRecords {
  #drafts: Draft[] = []
  #length = 0
  #lost = 0

  constructor(readonly maxRecords = MAX_RECORDS) {}

  get count(): number {
    return this.#drafts.length
  }
  get lost(): number {
    return this.#lost
  }

  /** False: it does not fit, and is lost. */
  add(draft: Draft): boolean {
    const length = lengthOf(draft)
    if (this.#drafts.length >= this.maxRecords || this.#length + length > MAX_LENGTH) {
      this.lose()
      return false
    }
    this.#drafts.push(draft)
    this.#length += length
    return true
  }

  lose(): void {
    this.#lost++
  }

  /** The oldest; they stay until `committed`. */
  oldest(count: number): readonly Draft[] {
    return this.#drafts.slice(0, count)
  }

  /** Removes these, the oldest, and this many of the lost ones: both are recorded. */
  committed(drafts: readonly Draft[], lost: number): void {
    this.#drafts = this.#drafts.slice(drafts.length)
    this.#length -= drafts.reduce((sum, draft) => sum + lengthOf(draft), 0)
    this.#lost -= lost
  }
}

export type RefusalEntry = Extract<AuditEntry, { readonly operation: `security.${string}` }>

/** Records of one operation in any hour: of one address (IPv6: /64), so that it cannot hide others, and of all. */
const OF_ADDRESS: WindowLimit = { count: 300, windowMs: 3_600_000 }
const OF_ALL: WindowLimit = { count: 3_000, windowMs: 3_600_000 }

/** How many refusals of each operation have no record, and since when (epoch milliseconds). */
export type LeftOut = { readonly sinceMs: number; readonly counts: Readonly<Record<string, number>> }

export function isRefusal(entry: AuditEntry): entry is RefusalEntry {
  return entry.operation.startsWith('security.')
}

export class Refusals {
  readonly #recorded = new SlidingWindow()
  #leftOut: LeftOut | null = null

  /** True: it gets a record. False: it is counted. */
  take({ operation, address, atMs }: RefusalEntry, monoMs: number): boolean {
    const ofAddress = `${operation} ${countingKey(address)}`
    const waitMs = Math.max(
      this.#recorded.waitMs(ofAddress, OF_ADDRESS, monoMs),
      this.#recorded.waitMs(operation, OF_ALL, monoMs),
    )
    if (waitMs > 0) {
      const { sinceMs = atMs, counts = {} } = this.#leftOut ?? {}
      this.#leftOut = { sinceMs, counts: { ...counts, [operation]: (counts[operation] ?? 0) + 1 } }
      return false
    }
    this.#recorded.add(ofAddress, OF_ADDRESS, monoMs)
    this.#recorded.add(operation, OF_ALL, monoMs)
    return true
  }

  /** Null: every refusal so far is recorded. */
  get leftOut(): LeftOut | null {
    return this.#leftOut
  }

  /** These counts are recorded. */
  committed({ counts: recorded }: LeftOut, nowMs: number): void {
    const left = Object.entries(this.#leftOut?.counts ?? {})
      .map(([operation, count]): [string, number] => [operation, count - (recorded[operation] ?? 0)])
      .filter(([, count]) => count > 0)
    this.#leftOut = left.length === 0 ? null : { sinceMs: nowMs, counts: Object.fromEntries(left) }
  }
}
