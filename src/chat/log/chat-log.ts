// The log of a stream: its events so far, numbered from 0. One generation appends; any number of readers read from positions
// of their own. There are two kinds: in the memory of this process, and shared between instances, so that a resume or a stop
// may reach any of them. So reading and finding may be asynchronous; followers and stops may be on another instance; and
// appending never waits: a shared log buffers what it cannot send at once.
import { hash } from 'node:crypto'
import type { Wire } from '../../connection/transport.js'

/** What an instance needs to know about a stream, besides its events, to resume or stop it. */
export type StreamFacts = {
  readonly streamId: string
  /** `Person.key` of the caller who started it; null for an anonymous stream, whose id is the secret. */
  readonly owner: string | null
  readonly identified: boolean
  readonly connectionId: string
  /** Of the trace that the caller's question belongs to, for log lines. */
  readonly traceId?: string
  /** `pass`: its events are those of the upstream, passed on; else those of the `bali-zero` routes. */
  readonly format?: 'pass'
}

/** What log lines call a stream. The id itself gives access to an anonymous answer, so it is not logged. */
export function streamMark(streamId: string): string {
  return hash('sha256', streamId, 'hex').slice(0, 16)
}

/**
 * Whether more may come, and if not, how it ended: `whole`, and its readers end in order behind the last event; `cut`, and they are
 * destroyed, so that no client takes what it has for a whole answer.
 */
export type LogEnd = 'open' | 'whole' | 'cut'

export type LogSlice = {
  /** Whole events in the wire's framing; must not be changed. */
  readonly bytes: Buffer
  /** The number of the first event after it. */
  readonly next: number
}

/** Reading. */
export interface ChatLog {
  /** The number of the oldest event that is kept. */
  readonly head: number
  /** The number the next event will have. */
  readonly tail: number
  readonly end: LogEnd
  /** At least one event, and about this many bytes. `from` must be `head` or more, and below `tail`. */
  readFrom(from: number, framing: Wire['framing'], aboutBytes: number): LogSlice | Promise<LogSlice>
  /** Calls back after events were appended and published; returns the function that ends it. */
  follow(onGrowth: () => void): () => void
  /** It is a copy that may lack the newest events: a reader may already have more than `tail`. */
  readonly isBehind?: boolean
  /**
   * Where the server that made the answer was lost: the last event, for a reader that has the events before this number, which may
   * be more than are kept. Absent: the end is in the log.
   */
  readonly lostEnd?: ((sequence: number) => string) | null
}

/** Writing; one writer. */
export interface WritableChatLog extends ChatLog {
  /**
   * Adds an encoded event. False: it would exceed the log's limit, and was not added; for what belongs to the end of the stream
   * (`isLast`) there is no limit.
   */
  append(text: string, isLast?: boolean): boolean
  /**
   * The same for an event whose first line is ASCII and whose rest are bytes, which are copied. At the limit the oldest events are
   * dropped for it. False: alone it exceeds the limit.
   */
  appendBytes(firstLine: string, bytes: Buffer, isLast?: boolean): boolean
  /** Nothing follows. */
  close(end: 'whole' | 'cut'): void
  /** Notifies the followers, once for everything appended since. */
  publish(): void
  /** Bytes of the events before this number. */
  bytesBefore(sequence: number): number
}

export type FoundStream = { readonly facts: StreamFacts; readonly log: ChatLog }

/** How a store notifies its instance. */
export type StoreEvents = {
  /** The stream is forgotten. */
  onForgotten(streamId: string): void
  /** Another instance was asked to stop it. */
  onStopAsked(streamId: string): void
  /** Other instances have begun to follow it, or the last one has stopped. */
  onFollowedElsewhere(streamId: string, isFollowed: boolean): void
  /** A caller of another instance joined it by its idempotency key. */
  onJoinedElsewhere?(streamId: string): void
  /** Others ended it, since this instance seemed to be lost. */
  onFenced?(streamId: string): void
}

/** Whose question a key was claimed for. `gone`: Redis does not answer, so it is not known. */
export type Claimed =
  | { readonly kind: 'mine' | 'conflict' | 'gone' }
  | { readonly kind: 'joined'; readonly streamId: string }

/** Idempotency keys over all instances: one is claimed before anything is asked. */
export interface SharedClaims {
  /** How long a caller waits for the answer of another one's claim to begin. */
  readonly joinMs: number
  claim(scoped: string, fingerprint: string, streamId: string): Promise<Claimed>
  /** Nothing was asked, or nothing came of it. Resolves when it may be asked again anywhere. */
  giveUp(streamId: string): Promise<void>
}

/** Names by which callers find streams, over all instances. */
export interface SharedNames {
  keep(name: string, value: string): void
  /** Null: unknown. Rejects when nobody can say. */
  find(name: string): Promise<string | null>
}

export interface LogStore {
  /** Called once, before anything else. */
  attach(events: StoreEvents): void
  create(facts: StreamFacts): WritableChatLog
  /**
   * Null: unknown, or expired; it may be null where the stream is of another owner. `tail` and `end` are those of now; a followed
   * log updates them. Rejects when nobody can say.
   */
  find(streamId: string, owner: string | null): FoundStream | null | Promise<FoundStream | null>
  /** Asks the instance that runs it. False: it is not known. Rejects when it cannot be asked. */
  askStop(facts: StreamFacts): boolean | Promise<boolean>
  /** A second caller joined a stream that another instance runs. */
  share?(streamId: string): Promise<void>
  readonly claims?: SharedClaims
  readonly names?: SharedNames
  /** The stream has ended: forget it after this time. */
  expire(streamId: string, afterMs: number): void
  /** Forget it now. Resolves when no other instance joins it any more. */
  remove(streamId: string): void | Promise<void>
  /** Sends what is buffered and releases everything; shared streams remain for other instances. */
  close(): Promise<void>
}
