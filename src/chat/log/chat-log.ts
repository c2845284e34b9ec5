// The log of a stream: what it said so far, numbered from 0. One generation appends; any number of readers read from
// positions of their own. Written for two kinds: in this process's memory, and shared between instances; so reading and
// finding may take time, and appending reports what went wrong later, if it is later that it is known.
import type { Wire } from '../../hub/transport.js'

/** What must be known of a stream besides its events, wherever it is resumed or stopped. */
export type StreamFacts = {
  readonly streamId: string
  /** Who started it: `Person.key`, or null for an anonymous stream, whose id is the secret. */
  readonly owner: string | null
  readonly identified: boolean
  readonly connectionId: string
}

export type AppendOptions = {
  /** Nothing follows. */
  readonly isTerminal: boolean
  /** It belongs to the end of the stream: it fits, whatever the limit. */
  readonly isLast: boolean
}

export type LogSlice = {
  /** Whole events as they go over the wire in this framing; nobody changes them. */
  readonly bytes: Buffer
  /** The number of the first event that is not in it. */
  readonly next: number
}

/** Reading. */
export interface ChatLog {
  /** The number the next event will have. */
  readonly tail: number
  /** The terminal event is in. */
  readonly ended: boolean
  /** From this number on, at least one event and about as many bytes as asked for. `from` must be below `tail`. */
  readFrom(from: number, framing: Wire['framing'], aboutBytes: number): LogSlice | Promise<LogSlice>
  /** Called after events were appended and published; returns how to end it. */
  follow(onGrowth: () => void): () => void
}

/** Writing; one writer. */
export interface WritableChatLog extends ChatLog {
  /** One encoded event. False: it would pass the log's limit, and is not in. */
  append(text: string, options?: AppendOptions): boolean
  /** Tells the followers: once for everything that was appended since. */
  publish(): void
  /** Bytes of the events before this number: how far ahead of a reader the log is. */
  bytesBefore(sequence: number): number
}

export type FoundStream = { readonly facts: StreamFacts; readonly log: ChatLog }

export interface LogStore {
  create(facts: StreamFacts): WritableChatLog
  /** Null: unknown, or expired. */
  find(streamId: string): FoundStream | null | Promise<FoundStream | null>
  /** The stream has ended: keep it so long and then forget it. */
  expire(streamId: string, afterMs: number): void
  /** Forget it now. */
  remove(streamId: string): void
  /** Called with every id that is forgotten. */
  onForgotten(listener: (streamId: string) => void): void
  /** Forgets everything and holds nothing any more. */
  close(): Promise<void>
}
