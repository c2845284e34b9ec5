// Messages that are not delivered yet, oldest first, bounded in number and in bytes. Where it is full the target with the most
// messages gives one up, so that a receiver that is away does not cost the others theirs: a repeat if it has one, else its oldest.
import { agoMs, type Moment } from '../clock/moment.js'
import type { Notification } from './message.js'

export type Entry = { readonly target: string; readonly message: Notification; readonly addedAt: Moment }

export const MAX_ENTRIES = 1_000
export const MAX_BYTES = 2 * 1024 * 1024

export const keyOf = ({ target, message }: Pick<Entry, 'target' | 'message'>): string =>
  `${message.id} ${target}`

export class Outbox {
  readonly #entries = new Map<string, Entry & { readonly bytes: number }>()
  #bytes = 0

  constructor(
    private readonly maxEntries = MAX_ENTRIES,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get all(): readonly Entry[] {
    return [...this.#entries.values()]
  }

  oldestMs(now: Moment): number | null {
    const [first] = this.#entries.values()
    return first === undefined ? null : agoMs(first.addedAt, now)
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** The next message of a target. */
  next(target: string): Entry | null {
    for (const entry of this.#entries.values()) if (entry.target === target) return entry
    return null
  }

  /** Returns what had to be given up; it may be the new one. */
  add(entry: Entry): readonly Entry[] {
    const key = keyOf(entry)
    if (this.#entries.has(key)) return []
    const bytes = Buffer.byteLength(JSON.stringify(entry.message))
    this.#entries.set(key, { ...entry, bytes })
    this.#bytes += bytes
    const given: Entry[] = []
    while (this.#entries.size > this.maxEntries || this.#bytes > this.maxBytes) {
      const victim = this.#victim()
      if (victim === null) break
      this.remove(keyOf(victim))
      given.push(victim)
    }
    return given
  }

  remove(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  #victim(): Entry | null {
    const counts = new Map<string, number>()
    for (const { target } of this.#entries.values()) counts.set(target, (counts.get(target) ?? 0) + 1)
    const [most] = [...counts].sort(([, a], [, b]) => b - a)
    const own = this.all.filter(({ target }) => target === most?.[0])
    return own.find(({ message }) => message.event === 'repeat') ?? own[0] ?? null
  }
}
