// The relay: the generations that run, the logs that are kept, the readers that follow them. Routes ask it; it knows nothing
// of requests. It owns every generation and reader until they have ended.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import { Connections } from '../connection/connections.js'
import type { OpenStream } from '../contract/plugin.js'
import type { Log } from '../log/log.js'
import { type AnswerObserver, type BeginParts, begin, type StartOptions } from './begin.js'
import type { ChatConfig } from './chat-config.js'
import { encodeResumed, encodeRetryOnce } from './encode.js'
import type { Follower, Generation } from './generation.js'
import { IdempotencyKeys } from './idempotency.js'
import { Latencies, type Percentiles } from './latencies.js'
import type { FoundStream, LogStore, StreamFacts } from './log/chat-log.js'
import { AnswerReader } from './reader.js'
import type { AuditTrail, Credential, Person } from './seams.js'
import { streamMark } from './stream-mark.js'
import { Turn } from './turn.js'
import { type BreakerState, Breakers } from './upstream/breakers.js'
import type { UpstreamEdge } from './upstream/edge.js'

export type RelayParts = {
  readonly config: () => ChatConfig
  readonly store: LogStore
  /** Made when the first question is asked. */
  readonly edge: () => UpstreamEdge
  readonly breakers?: Breakers
  readonly audit: AuditTrail
  readonly observer?: AnswerObserver
  readonly log: Log
  readonly clock: Clock
  readonly timers: Timers
  /** Where readers are counted; by default the relay has its own. */
  readonly connections?: Connections
  readonly random?: () => number
  /** A comment after so long a silence; default 15 000. */
  readonly pingMs?: number
}

export type JoinOptions = {
  /** The number of the first event it lacks. */
  readonly from: number
  readonly connectionId: string
  readonly credential: Credential
  readonly isResume: boolean
  /** Its connection has closed; comes exactly once. */
  onLeave(): void
}

const PING_MS = 15_000

export type RelayStats = {
  readonly activeStreams: number
  readonly activeReaders: number
  readonly breakers: readonly { readonly upstream: string; readonly state: BreakerState }[]
  readonly firstTokenMs: Percentiles | null
}

export class Relay {
  readonly keys = new IdempotencyKeys()
  readonly #parts: RelayParts
  readonly #breakers: Breakers
  readonly #connections: Connections
  readonly #running = new Map<string, Generation>()
  readonly #readers = new Set<AnswerReader>()
  readonly #latencies = new Latencies()
  /** The same for every question. */
  readonly #beginning: BeginParts
  #edge: UpstreamEdge | null = null
  #isClosed = false

  constructor(parts: RelayParts) {
    this.#parts = parts
    this.#breakers = parts.breakers ?? new Breakers()
    this.#connections = parts.connections ?? new Connections(parts)
    const { config, store, audit, log, clock, timers, random = Math.random, observer = {} } = parts
    this.#beginning = {
      config,
      store,
      edge: () => {
        this.#edge ??= parts.edge()
        return this.#edge
      },
      breakers: this.#breakers,
      audit,
      observer: {
        ...observer,
        onFirstToken: ms => {
          this.#latencies.add(ms)
          observer.onFirstToken?.(ms)
        },
      },
      log,
      clock,
      timers,
      turn: new Turn(),
      random,
    }
    parts.store.attach({
      onForgotten: streamId => this.keys.forget(streamId),
      onStopAsked: streamId => this.#running.get(streamId)?.abort('client_stop'),
      onFollowedElsewhere: (streamId, isFollowed) =>
        this.#running.get(streamId)?.followedElsewhere(isFollowed),
    })
  }

  /** Begins a generation. The lease is released when it ends, however it ends. */
  start(options: StartOptions): Generation {
    if (this.#isClosed) throw new Error('the relay is closed')
    const generation = begin(this.#beginning, options, this.#ended)
    this.#running.set(generation.facts.streamId, generation)
    generation.start()
    return generation
  }

  readonly #ended = ({ streamId }: StreamFacts): void => {
    const { store, config } = this.#parts
    this.#running.delete(streamId)
    store.expire(streamId, config().chatResumeTtlMs)
  }

  /** The stream, if it is known and this caller's. */
  async find(streamId: string, person: Person | null): Promise<FoundStream | null> {
    const found = await this.#parts.store.find(streamId)
    if (found === null) return null
    const { owner } = found.facts
    return owner === null || owner === person?.key ? found : null
  }

  /** The generation behind it, while it runs here. */
  running(streamId: string): Generation | null {
    return this.#running.get(streamId) ?? null
  }

  /** Wherever it runs; nothing happens to one that has ended. */
  stop({ facts: { streamId }, log }: FoundStream): void {
    const generation = this.#running.get(streamId)
    if (generation !== undefined) generation.abort('client_stop')
    else if (!log.ended) this.#parts.store.askStop(streamId)
  }

  /** A stream that failed before anybody read of it leaves nothing to resume. */
  forget(streamId: string): void {
    this.#parts.store.remove(streamId)
  }

  /** A connection that follows the stream from a position on. */
  join(found: FoundStream, stream: OpenStream, options: JoinOptions): void {
    const { clock, config, pingMs = PING_MS } = this.#parts
    const { facts, log } = found
    const generation = this.#running.get(facts.streamId)
    const { connectionId, isResume, from, credential } = options
    const { streamId, identified } = facts
    const resumed = isResume ? encodeResumed({ connectionId, streamId, identified }, clock.nowMs()) : ''
    const { chatHeartbeatMs, chatReaderStallMs } = config()
    const reader: AnswerReader = new AnswerReader({
      ...stream,
      log,
      from: Math.min(from, log.tail),
      greeting: `${encodeRetryOnce()}${resumed}`,
      credential,
      limits: { heartbeatMs: chatHeartbeatMs, pingMs, stallMs: chatReaderStallMs },
      clock,
      connections: this.#connections,
      onMoved: () => generation?.balance(),
      onFault: error =>
        this.#parts.log.error(
          { err: error, stream: streamMark(streamId) },
          'the log of a chat stream cannot be read',
        ),
      onLeave: () => {
        options.onLeave()
        this.#readers.delete(reader)
        generation?.unfollow(reader)
      },
    })
    this.#readers.add(reader)
    generation?.follow(reader)
    reader.start()
  }

  /** Somebody inside waits for the answer, without a connection. */
  follow(generation: Generation): () => void {
    const follower: Follower = { position: Number.POSITIVE_INFINITY }
    generation.follow(follower)
    return () => generation.unfollow(follower)
  }

  /** Ends connections whose credential is no longer valid; what they followed goes on and can be resumed. */
  async dismiss(isOut: (credential: Credential) => Promise<boolean>): Promise<void> {
    for (const reader of [...this.#readers]) if (await isOut(reader.credential)) reader.dismiss()
  }

  get readers(): number {
    return this.#readers.size
  }

  stats(): RelayStats {
    const backends = this.#parts.config().ragBackendUrl
    return {
      activeStreams: this.#running.size,
      activeReaders: this.#readers.size,
      breakers: backends.map(url => {
        const { origin, href } = new URL(url)
        return { upstream: origin, state: this.#breakers.stateOf(href) }
      }),
      firstTokenMs: this.#latencies.percentiles(),
    }
  }

  /** Ends every stream with `shutdown`, waits until readers have got it, and closes everything; idempotent. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    for (const generation of [...this.#running.values()]) generation.abort('shutdown')
    await this.#connections.drain('chat', graceMs)
    await this.#parts.store.close()
    await this.#edge?.close()
    this.#edge = null
  }
}
