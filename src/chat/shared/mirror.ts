// An answer of another node as its readers here see it: a copy of its log, kept in step with Redis and shared by all of them. The
// copy holds the same bytes as the log at its own node. A notice or a poll asks for what is new; there is one reading at a time.
import { Puller } from '../../fleet/puller.js'
import type { Seal } from '../../fleet/seal.js'
import { EngineError } from '../../redis/connection.js'
import { encodeLost } from '../encode.js'
import type { ChatLog, LogEnd, LogSlice, StreamFacts } from '../log/chat-log.js'
import { MemoryLog } from '../log/memory-log.js'
import { AnswerReader } from './answer-reader.js'
import { type DecodedEvent, UnopenedError } from './compact.js'
import type { SharedAnswer } from './elsewhere.js'

export type MirrorParts = {
  readonly streamId: string
  /** What Redis has from this byte on. `isRead`: this node has readers of it. */
  readonly read: (fromByte: number, mostBytes: number, isRead: boolean) => Promise<SharedAnswer | null>
  readonly seal: Seal
  readonly limitBytes: number
  readonly nowMs: () => number
  /** Its first reader has come, or its last has left. */
  readonly onFollowed: (isFollowed: boolean) => void
}

const MOST_READ_BYTES = 256 * 1024

export class Mirror implements ChatLog {
  readonly isBehind = true
  readonly streamId: string
  readonly #parts: MirrorParts
  readonly #puller = new Puller(() => this.#pull())
  readonly #followers = new Set<() => void>()
  readonly #log: MemoryLog
  #reader: AnswerReader
  #end: SharedAnswer['end'] = null
  /** Nobody knows it any more. */
  #isGivenUp = false
  /** The last reading, or why there is none. */
  #last: SharedAnswer | null = null
  #fault: unknown = null
  #isUnknown = false

  constructor(parts: MirrorParts) {
    this.#parts = parts
    this.streamId = parts.streamId
    this.#log = new MemoryLog(parts.limitBytes)
    this.#reader = new AnswerReader(parts.streamId, parts.seal)
  }

  get head(): number {
    return this.#log.head
  }
  get tail(): number {
    return this.#log.tail
  }
  get end(): LogEnd {
    if (this.#isGivenUp) return 'cut'
    const end = this.#end
    if (end === null || this.#log.tail < (this.#last?.next ?? 0)) return 'open'
    return end === 'lost' || end === 'large' ? 'cut' : end
  }
  get lostEnd(): ((sequence: number) => string) | null {
    const isLarge = this.#end === 'large'
    const isLost = this.#isGivenUp || this.#end === 'lost' || isLarge
    if (!isLost || this.#last?.format === 'pass') return null
    const facts = { streamId: this.streamId, connectionId: this.#last?.connection ?? '' }
    return sequence => encodeLost(facts, sequence, this.#parts.nowMs(), isLarge ? 'too_large' : 'node_lost')
  }

  /** Who runs it, and how far it is, as last read; null: nothing was read. */
  get last(): SharedAnswer | null {
    return this.#last
  }
  /** The last reading did not find it. */
  get isUnknown(): boolean {
    return this.#isUnknown
  }
  get isFollowed(): boolean {
    return this.#followers.size > 0
  }

  /** `owner`: of the caller, whose digest is that of the answer. */
  factsFor(owner: string | null): StreamFacts {
    const last = this.#last
    return {
      streamId: this.streamId,
      owner: last === null || last.owner === '' ? null : owner,
      identified: last?.isIdentified ?? false,
      connectionId: last?.connection ?? '',
      ...(last?.format === 'pass' ? { format: 'pass' } : {}),
    }
  }

  /** Resolves when what Redis has now is here. Rejects when it cannot be read. */
  async refresh(): Promise<void> {
    if (this.end !== 'open') return
    await this.#puller.request()
    if (this.#fault !== null) throw this.#fault
  }

  /** It is not known any more, and its writer is not either. */
  giveUp(): void {
    this.#isGivenUp = true
    this.#publish()
  }

  readFrom(from: number, framing: 'raw' | 'chunked', aboutBytes: number): LogSlice {
    return this.#log.readFrom(from, framing, aboutBytes)
  }

  follow(onGrowth: () => void): () => void {
    this.#followers.add(onGrowth)
    if (this.#followers.size === 1) this.#parts.onFollowed(true)
    return () => {
      if (this.#followers.delete(onGrowth) && this.#followers.size === 0) this.#parts.onFollowed(false)
    }
  }

  #publish(): void {
    for (const onGrowth of [...this.#followers]) onGrowth()
  }

  async #pull(): Promise<void> {
    const before = `${this.tail} ${this.end}`
    this.#fault = null
    try {
      await this.#readAll()
    } catch (error) {
      this.#fault = error
      // Bytes that are none of ours: nothing more of it can be understood.
      if (!(error instanceof EngineError)) this.#isGivenUp = true
    }
    if (`${this.tail} ${this.end}` !== before) this.#publish()
  }

  async #readAll(): Promise<void> {
    try {
      while (await this.#readOnce());
    } catch (error) {
      if (!(error instanceof UnopenedError)) throw error
      // Redis lost a part, and it was written anew in other records: once more from the beginning, for what is not here yet.
      const { streamId, seal } = this.#parts
      this.#reader = new AnswerReader(streamId, seal)
      while (await this.#readOnce());
    }
  }

  /** True: there is more. */
  async #readOnce(): Promise<boolean> {
    const read = await this.#parts.read(this.#reader.fromByte, MOST_READ_BYTES, this.isFollowed)
    this.#isUnknown = read === null
    if (read === null) return false
    const { tail } = this.#log
    const events = read.isDeflated
      ? await this.#reader.takeDeflated(read.events, tail)
      : this.#reader.take(read.events, tail)
    this.#last = read
    this.#end = read.end
    this.#append(events)
    if (read.isDeflated) return false
    const hasMore = read.events.length === MOST_READ_BYTES
    if (!hasMore) this.#reader.checkEnd(read.next)
    return hasMore
  }

  #append(events: Iterable<DecodedEvent>): void {
    const isPass = this.#last?.format === 'pass'
    for (const { firstLine, rest } of events) {
      // What is passed on makes room for itself, as it does in the log at its node; another answer ends at the limit there.
      const isAdded = this.#log.appendBytes(firstLine, rest, !isPass)
      if (!isAdded) throw new Error('an event of the shared log is larger than a log may be')
    }
  }
}
