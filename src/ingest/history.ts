// The newest events of a status stream, limited in number and size, for readers that reconnect.

export type HistoryEvent = {
  readonly id: number
  readonly type: string
  /** Null for an event that belongs to no baseline. */
  readonly generation: number | null
  /** The event as text/event-stream, with its blank line. */
  readonly bytes: Buffer
  readonly sizeBytes: number
}

export const MAX_HISTORY_EVENTS = 2048
export const MAX_HISTORY_BYTES = 8 * 1024 * 1024

export class StatusHistory {
  readonly #maxEvents: number
  readonly #maxBytes: number
  /** In order of their ids. A dropped event must leave no reference: a full status may take a megabyte. */
  readonly #byId = new Map<number, HistoryEvent>()
  #newestId = 0
  #bytes = 0
  #mostEvents = 0

  constructor(maxEvents: number = MAX_HISTORY_EVENTS, maxBytes: number = MAX_HISTORY_BYTES) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#byId.size
  }
  /** The largest number of events so far. */
  get mostEvents(): number {
    return this.#mostEvents
  }
  get bytes(): number {
    return this.#bytes
  }
  get oldestId(): number | null {
    return this.length === 0 ? null : this.#newestId - this.length + 1
  }

  /** The id must be one more than the last. */
  append(event: HistoryEvent): void {
    this.#byId.set(event.id, event)
    this.#newestId = event.id
    this.#bytes += event.sizeBytes
    for (const [id, { sizeBytes }] of this.#byId) {
      if (this.length <= this.#maxEvents && this.#bytes <= this.#maxBytes) break
      this.#byId.delete(id)
      this.#bytes -= sizeBytes
    }
    this.#mostEvents = Math.max(this.#mostEvents, this.length)
  }

  /** Undefined for one that was dropped, or is still to come. */
  at(id: number): HistoryEvent | undefined {
    return this.#byId.get(id)
  }

  /** Whether all events after `id` are here. */
  continues(id: number): boolean {
    const oldest = this.oldestId
    return oldest !== null && id >= oldest - 1
  }
}
