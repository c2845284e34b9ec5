// A second kind of log store: several servers share it, each at a distance. Everything that crosses it comes in a
// later turn of the event loop, as over a network: finding, reading, growth, stops, and followers.
import type {
  ChatLog,
  FoundStream,
  LogEnd,
  LogSlice,
  LogStore,
  StoreEvents,
  StreamFacts,
  WritableChatLog,
} from '../../src/chat/log/chat-log.js'
import { MemoryLog } from '../../src/chat/log/memory-log.js'
import type { Wire } from '../../src/connection/transport.js'

const later = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

type Stream = {
  readonly facts: StreamFacts
  readonly log: MemoryLog
  readonly runsAt: SharedStore
  /** Other servers with a follower of it. */
  readonly followedAt: Map<SharedStore, number>
}

/** The part that the servers share. */
export class SharedStreams {
  readonly all = new Map<string, Stream>()
  readonly stores: SharedStore[] = []
  /** Other servers can read nothing of them. */
  isBroken = false
}

/** A stream as another server sees it. */
class DistantLog implements ChatLog {
  readonly #followers = new Set<() => void>()
  head: number
  tail: number
  end: LogEnd
  #unfollow: (() => void) | null = null

  constructor(
    readonly stream: Stream,
    readonly shared: SharedStreams,
    readonly onFollowed: (isFollowed: boolean) => void,
  ) {
    this.head = stream.log.head
    this.tail = stream.log.tail
    this.end = stream.log.end
  }

  async readFrom(from: number, framing: Wire['framing'], aboutBytes: number): Promise<LogSlice> {
    await later()
    if (this.shared.isBroken) throw new Error('the shared log cannot be reached')
    return this.stream.log.readFrom(from, framing, aboutBytes)
  }

  follow(onGrowth: () => void): () => void {
    this.#followers.add(onGrowth)
    if (this.#followers.size === 1) {
      this.#unfollow = this.stream.log.follow(() => void this.#grow())
      this.onFollowed(true)
      // What came between find and follow.
      void this.#grow()
    }
    return () => {
      if (!this.#followers.delete(onGrowth) || this.#followers.size > 0) return
      this.#unfollow?.()
      this.onFollowed(false)
    }
  }

  async #grow(): Promise<void> {
    await later()
    const { head, tail, end } = this.stream.log
    this.head = head
    this.tail = tail
    this.end = end
    for (const onGrowth of this.#followers) onGrowth()
  }
}

/** One server's side. */
export class SharedStore implements LogStore {
  events: StoreEvents | null = null

  constructor(readonly shared: SharedStreams) {
    shared.stores.push(this)
  }

  attach(events: StoreEvents): void {
    this.events = events
  }

  create(facts: StreamFacts): WritableChatLog {
    const log = new MemoryLog(1 << 20)
    this.shared.all.set(facts.streamId, { facts, log, runsAt: this, followedAt: new Map() })
    return log
  }

  async find(streamId: string): Promise<FoundStream | null> {
    await later()
    const stream = this.shared.all.get(streamId)
    if (stream === undefined) return null
    const { facts, log } = stream
    if (stream.runsAt === this) return { facts, log }
    return {
      facts,
      log: new DistantLog(stream, this.shared, isFollowed => void this.#tell(stream, isFollowed)),
    }
  }

  async #tell(stream: Stream, isFollowed: boolean): Promise<void> {
    await later()
    const { followedAt, runsAt, facts } = stream
    const isAlone = (): boolean => [...followedAt.values()].every(count => count === 0)
    const wasFollowed = !isAlone()
    followedAt.set(this, (followedAt.get(this) ?? 0) + (isFollowed ? 1 : -1))
    const isNow = !isAlone()
    if (isNow !== wasFollowed) runsAt.events?.onFollowedElsewhere(facts.streamId, isNow)
  }

  async askStop({ streamId }: StreamFacts): Promise<boolean> {
    await later()
    this.shared.all.get(streamId)?.runsAt.events?.onStopAsked(streamId)
    return true
  }

  /** Longer than any test runs. */
  expire(): void {}

  remove(streamId: string): void {
    this.shared.all.delete(streamId)
    for (const { events } of this.shared.stores) events?.onForgotten(streamId)
  }

  async close(): Promise<void> {
    await later()
  }
}
