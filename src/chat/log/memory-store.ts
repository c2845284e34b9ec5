// Streams of this process: the running ones, and the ended ones while they can be resumed. Ended ones are also limited in
// number and bytes; beyond that the oldest is forgotten early.
import { systemTimers, type Timers } from '../../clock/timers.js'
import type { FoundStream, LogStore, StoreEvents, StreamFacts, WritableChatLog } from './chat-log.js'
import { MemoryLog } from './memory-log.js'

export type MemoryStoreOptions = {
  /** The limit of each log. */
  readonly logBytes: () => number
  readonly maxEndedStreams?: number
  readonly maxEndedBytes?: number
  readonly timers?: Timers
}

const MAX_ENDED_STREAMS = 10_000
const MAX_ENDED_BYTES = 256 * 1024 * 1024

type Entry = { readonly facts: StreamFacts; readonly log: MemoryLog; cancelExpiry: (() => void) | null }

export class MemoryStore implements LogStore {
  readonly #entries = new Map<string, Entry>()
  /** In the order in which they ended. */
  readonly #ended = new Set<string>()
  #events: StoreEvents | null = null
  readonly #timers: Timers
  #endedBytes = 0

  constructor(readonly options: MemoryStoreOptions) {
    this.#timers = options.timers ?? systemTimers
  }

  attach(events: StoreEvents): void {
    this.#events = events
  }

  /** There is no other instance that could run it. */
  askStop(): boolean {
    return false
  }

  create(facts: StreamFacts): WritableChatLog {
    const log = new MemoryLog(this.options.logBytes())
    this.#entries.set(facts.streamId, { facts, log, cancelExpiry: null })
    return log
  }

  find(streamId: string): FoundStream | null {
    return this.#entries.get(streamId) ?? null
  }

  expire(streamId: string, afterMs: number): void {
    const entry = this.#entries.get(streamId)
    if (entry === undefined || entry.cancelExpiry !== null) return
    entry.cancelExpiry = this.#timers.after(afterMs, () => this.remove(streamId))
    this.#ended.add(streamId)
    this.#endedBytes += entry.log.sizeBytes
    const { maxEndedStreams = MAX_ENDED_STREAMS, maxEndedBytes = MAX_ENDED_BYTES } = this.options
    for (const oldest of this.#ended) {
      if (this.#ended.size <= maxEndedStreams && this.#endedBytes <= maxEndedBytes) break
      this.remove(oldest)
    }
  }

  remove(streamId: string): void {
    const entry = this.#entries.get(streamId)
    if (entry === undefined) return
    entry.cancelExpiry?.()
    this.#entries.delete(streamId)
    if (this.#ended.delete(streamId)) this.#endedBytes -= entry.log.sizeBytes
    this.#events?.onForgotten(streamId)
  }

  async close(): Promise<void> {
    for (const streamId of [...this.#entries.keys()]) this.remove(streamId)
  }
}
