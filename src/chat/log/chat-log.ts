// The log of a stream: what it said so far, numbered from 0. One generation appends; any number of readers read from
// positions of their own. Written for two kinds: in this process's memory, and shared between instances, so that a resume or
// a stop may reach any of them. So reading and finding may take time; who follows and who stops may be elsewhere; and what a
// shared log cannot hand on at once it keeps and hands on later: appending never waits.
import { createHash } from 'node:crypto'
import type { Wire } from '../../connection/transport.js'

/** What must be known of a stream besides its events, wherever it is resumed or stopped. */
export type StreamFacts = {
  readonly streamId: string
  /** Who started it: `Person.key`, or null for an anonymous stream, whose id is the secret. */
  readonly owner: string | null
  readonly identified: boolean
  readonly connectionId: string
}

/** What log lines call a stream. The id itself gives access to an anonymous answer, so it is not logged. */
export function streamMark(streamId: string): string {
  return createHash('sha256').update(streamId).digest('hex').slice(0, 16)
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

/** What a store tells its instance. */
export type StoreEvents = {
  /** The stream is forgotten. */
  onForgotten(streamId: string): void
  /** Another instance was asked to stop it. */
  onStopAsked(streamId: string): void
  /** Somebody has begun to follow it at other instances, or nobody does there any more. */
  onFollowedElsewhere(streamId: string, isFollowed: boolean): void
}

export interface LogStore {
  /** Called once, before anything else. */
  attach(events: StoreEvents): void
  create(facts: StreamFacts): WritableChatLog
  /** Null: unknown, or expired. The log knows its tail and whether it has ended as of now, and learns of more when followed. */
  find(streamId: string): FoundStream | null | Promise<FoundStream | null>
  /** To whichever instance runs it. */
  askStop(streamId: string): void
  /** The stream has ended: keep it so long and then forget it. */
  expire(streamId: string, afterMs: number): void
  /** Forget it now. */
  remove(streamId: string): void
  /** Hands on what waits, and holds nothing any more; what is shared stays with the others. */
  close(): Promise<void>
}
