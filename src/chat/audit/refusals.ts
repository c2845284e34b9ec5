// Refused requests anybody can cause at will, so their records are bounded: an attack may neither fill the disk nor take the
// place of what streams have to say. Up to the bound each refusal has a record of its own; beyond it they are counted, and the
// counts are told in the chain (`audit.left_out`). Time comes in as numbers.
import { countingKey } from '../../guards/address.js'
import { SlidingWindow, type WindowLimit } from '../../guards/sliding-window.js'
import type { AuditEntry } from '../ports.js'

export type RefusalEntry = Extract<AuditEntry, { readonly operation: `security.${string}` }>

/** Records of one operation in any hour: from one address (IPv6: /64), so that nobody alone hides others, and from all. */
const FROM_ONE: WindowLimit = { count: 300, windowMs: 3_600_000 }
const FROM_ALL: WindowLimit = { count: 3_000, windowMs: 3_600_000 }

/** How many of each operation have no record, and since when (epoch milliseconds). */
export type LeftOut = { readonly sinceMs: number; readonly counts: Readonly<Record<string, number>> }

export function isRefusal(entry: AuditEntry): entry is RefusalEntry {
  return entry.operation.startsWith('security.')
}

export class Refusals {
  readonly #recorded = new SlidingWindow()
  #leftOut: LeftOut | null = null

  /** True: it gets a record. False: it was counted. */
  take({ operation, address, atMs }: RefusalEntry, monoMs: number): boolean {
    const ofOne = `${operation} ${countingKey(address)}`
    const waitMs = Math.max(
      this.#recorded.waitMs(ofOne, FROM_ONE, monoMs),
      this.#recorded.waitMs(operation, FROM_ALL, monoMs),
    )
    if (waitMs > 0) {
      const { sinceMs = atMs, counts = {} } = this.#leftOut ?? {}
      this.#leftOut = { sinceMs, counts: { ...counts, [operation]: (counts[operation] ?? 0) + 1 } }
      return false
    }
    this.#recorded.add(ofOne, FROM_ONE, monoMs)
    this.#recorded.add(operation, FROM_ALL, monoMs)
    return true
  }

  /** Null: every refusal so far has a record, or was told. */
  get leftOut(): LeftOut | null {
    return this.#leftOut
  }

  /** These counts are safe. */
  told({ counts: told }: LeftOut, nowMs: number): void {
    const left = Object.entries(this.#leftOut?.counts ?? {})
      .map(([operation, count]): [string, number] => [operation, count - (told[operation] ?? 0)])
      .filter(([, count]) => count > 0)
    this.#leftOut = left.length === 0 ? null : { sinceMs: nowMs, counts: Object.fromEntries(left) }
  }
}
