// The newest events of a status stream, bounded by count and by size: what a reader that comes back may still be given.

export type HistoryEvent = {
  readonly id: number
  readonly type: string
  /** Null for what belongs to no baseline. */
  readonly generation: number | null
  /** As it goes on the wire, its blank line included. */
  readonly text: string
  readonly sizeBytes: number
}

export const MAX_HISTORY_EVENTS = 2048
export const MAX_HISTORY_BYTES = 8 * 1024 * 1024

export class StatusHistory {
  readonly #maxEvents: number
  readonly #maxBytes: number
  #events: HistoryEvent[] = []
  /** Events before this index have been let go. */
  #first = 0
  #bytes = 0

  constructor(maxEvents: number = MAX_HISTORY_EVENTS, maxBytes: number = MAX_HISTORY_BYTES) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#events.length - this.#first
  }
  get bytes(): number {
    return this.#bytes
  }
  get oldestId(): number | null {
    return this.#events[this.#first]?.id ?? null
  }

  /** Ids rise by one. */
  append(event: HistoryEvent): void {
    this.#events.push(event)
    this.#bytes += event.sizeBytes
    while (this.length > this.#maxEvents || (this.#bytes > this.#maxBytes && this.length > 0)) {
      this.#bytes -= this.#events[this.#first]?.sizeBytes ?? 0
      this.#first++
    }
    if (this.#first > this.#maxEvents) {
      this.#events = this.#events.slice(this.#first)
      this.#first = 0
    }
  }

  /** Everything after `id`; null when some of it has been let go. */
  after(id: number): readonly HistoryEvent[] | null {
    const oldest = this.oldestId
    if (oldest === null || id < oldest - 1) return null
    return this.#events.slice(this.#first + (id - oldest + 1))
  }

  newest(count: number): readonly HistoryEvent[] {
    return this.#events.slice(Math.max(this.#first, this.#events.length - count))
  }
}
