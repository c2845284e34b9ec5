// The relay: the generations that run, the logs that are kept, the readers that follow them. It knows nothing about requests.
// It owns every generation and reader until they have ended.
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import { Connections } from '../connection/connections.js'
import type { Wire } from '../connection/transport.js'
import { EMPTY_BYTES } from '../connection/wire.js'
import { HttpError } from '../contract/errors.js'
import type { OpenStream } from '../contract/plugin.js'
import { busyHeaders } from '../contract/refusal.js'
import type { Log } from '../log/log.js'
import { AnswerIds } from './answer-ids.js'
import { routeStreams } from './app-routes/running.js'
import { allBackendsOf } from './backends/backend.js'
import { type AnswerObserver, type BeginParts, begin, type FailedTry, type StartOptions } from './begin.js'

export type { FailedTry } from './begin.js'

import { type ChatConfig, hasChatBackend } from './chat-config.js'
import { encodeResumed, RETRY } from './encode.js'
import { EndOfTurn } from './end-of-turn.js'
import type { Follower, Generation } from './generation.js'
import { Latencies, type RelayStats } from './health.js'
import { IdempotencyKeys } from './idempotency.js'
import {
  type ChatLog,
  type FoundStream,
  type LogStore,
  type SharedClaims,
  type SharedNames,
  type StreamFacts,
  streamMark,
} from './log/chat-log.js'
import { type AuditTrail, type Caller, type ChatLimits, type Credential, ownerOf } from './ports.js'
import { AnswerReader, type Beginning, beginning } from './reader.js'
import { Breakers } from './upstream/breakers.js'
import type { UpstreamEdge } from './upstream/edge.js'

export type RelayParts = {
  readonly config: () => ChatConfig
  readonly store: LogStore
  /** Called for the first question. */
  readonly edge: () => UpstreamEdge
  readonly breakers?: Breakers
  readonly audit: AuditTrail
  readonly observer?: AnswerObserver
  /** Without it no tokens are counted. */
  readonly spent?: ChatLimits['spent']
  readonly log: Log
  readonly clock: Clock
  readonly timers: Timers
  /** Where readers are counted; by default the relay has its own. */
  readonly connections?: Connections
  readonly random?: () => number
  /** A reader gets a comment after this much silence; default 15 000. */
  readonly pingMs?: number
}

export type JoinOptions = {
  /** The number of the first event to send. */
  readonly from: number
  readonly connectionId: string
  readonly credential: Credential
  readonly isResume: boolean
  /** What this connection gets instead: the log in other frames, and nothing of the format of the answer around it. */
  readonly view?: LogView
  /** The connection has closed; called exactly once. */
  onLeave(): void
}

export type LogView = { readonly log: ChatLog; readonly greeting: string }

const PING_MS = 15_000

export class Relay {
  readonly keys = new IdempotencyKeys()
  readonly answers = new AnswerIds()
  readonly routes = routeStreams()
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
  #isShut = false
  /** Set while `close` waits for the running answers. */
  #onIdle: (() => void) | null = null

  constructor(parts: RelayParts) {
    this.#parts = parts
    const { breakers = new Breakers(), observer = {}, spent = () => {}, random = Math.random } = parts
    this.#breakers = breakers
    this.#connections = parts.connections ?? new Connections(parts)
    this.#beginning = {
      ...parts,
      breakers,
      spent,
      random,
      endOfTurn: new EndOfTurn(),
      edge: () => {
        this.#edge ??= parts.edge()
        return this.#edge
      },
      observer: {
        ...observer,
        onFirstToken: ms => {
          this.#latencies.add(ms)
          observer.onFirstToken?.(ms)
        },
      },
    }
    parts.store.attach({
      onForgotten: streamId => {
        this.keys.forget(streamId)
        this.answers.forget(streamId)
        this.routes.forget(streamId)
      },
      onStopAsked: streamId => this.#running.get(streamId)?.abort('client_stop'),
      onFollowedElsewhere: (streamId, isFollowed) =>
        this.#running.get(streamId)?.followedElsewhere(isFollowed),
      onJoinedElsewhere: streamId => {
        if (this.#running.get(streamId)?.facts.owner === null) this.keys.share(streamId)
      },
      onFenced: streamId => this.#running.get(streamId)?.fail('node_lost'),
    })
  }

  /** Begins a generation, which releases the lease when it ends. */
  start<Item>(options: StartOptions<Item>): Generation<Item> {
    // Admitted before the server began to stop.
    if (this.#isClosed) throw new HttpError('draining', undefined, busyHeaders())
    const generation = begin(this.#beginning, options, this.#ended)
    this.#running.set(generation.facts.streamId, generation)
    generation.start()
    return generation
  }

  readonly #ended = ({ streamId }: StreamFacts): void => {
    const { store, config } = this.#parts
    this.#running.delete(streamId)
    if (this.#running.size === 0) this.#onIdle?.()
    store.expire(streamId, config().chatResumeTtlMs)
  }

  /** Null: unknown, or of another caller. */
  async find(streamId: string, caller: Caller): Promise<FoundStream | null> {
    const callers = ownerOf(caller)
    const found = await this.#parts.store.find(streamId, callers)
    if (found === null) return null
    const { owner } = found.facts
    return owner === null || owner === callers ? found : null
  }

  /** Null: it has ended, or runs on another instance. */
  running(streamId: string): Generation | null {
    return this.#running.get(streamId) ?? null
  }

  /** On whichever instance it runs. Idempotent. False: nobody may stop it. */
  async stop({ facts, log }: FoundStream): Promise<boolean> {
    const generation = this.#running.get(facts.streamId)
    if (generation !== undefined) generation.abort('client_stop')
    else if (log.end === 'open') return await this.#parts.store.askStop(facts)
    return true
  }

  /** Idempotency keys over all instances; undefined: there is one instance. */
  get claims(): SharedClaims | undefined {
    return this.#parts.store.claims
  }

  /** Names of streams over all instances; undefined: there is one instance. */
  get names(): SharedNames | undefined {
    return this.#parts.store.names
  }

  /** Another caller joined it, and nothing shows that it is the same person: nobody can stop it from now on. */
  async share({ streamId, owner }: StreamFacts): Promise<void> {
    if (owner !== null) return
    if (this.#parts.store.share !== undefined && !this.#running.has(streamId))
      await this.#parts.store.share(streamId)
    this.keys.share(streamId)
  }

  /** For a stream that failed before anything was sent: it cannot be resumed. */
  async forget(streamId: string): Promise<void> {
    await this.#parts.store.remove(streamId)
  }

  /**
   * Adds a connection that follows the stream. `open` makes it, with these first bytes; null: the client is gone, and so is the
   * result false.
   */
  join(
    { facts, log }: FoundStream,
    open: (begin: (wire: Wire) => Buffer) => OpenStream | null,
    options: JoinOptions,
  ): boolean {
    const { clock, config, pingMs = PING_MS } = this.#parts
    const { streamId, identified, format, traceId } = facts
    const { connectionId, isResume, from, credential, view } = options
    const generation = this.#running.get(streamId)
    const resumed = isResume ? encodeResumed({ connectionId, streamId, identified }, clock.nowMs()) : ''
    const { chatHeartbeatMs, chatReaderStallMs } = config()
    // What is passed on is the upstream's alone.
    const isOwn = view === undefined && format !== 'pass'
    const shown = view ?? { log, greeting: isOwn ? `${RETRY}${resumed}` : '' }
    // A reader may have more than a copy of the log.
    const next = shown.log.isBehind === true ? from : Math.min(from, shown.log.tail)
    let first: Beginning = { bytes: EMPTY_BYTES, next, later: null }
    const stream = open(wire => {
      first = beginning(shown.log, first.next, shown.greeting, wire)
      return first.bytes
    })
    if (stream === null) return false
    const heartbeatMs = isOwn ? chatHeartbeatMs : Number.POSITIVE_INFINITY
    const reader: AnswerReader = new AnswerReader({
      ...stream,
      log: shown.log,
      from: first.next,
      credential,
      limits: { heartbeatMs, pingMs, stallMs: chatReaderStallMs },
      clock,
      connections: this.#connections,
      onMoved: () => generation?.balance(),
      onFault: error =>
        this.#parts.log.error(
          { err: error, stream: streamMark(streamId), ...(traceId === undefined ? {} : { traceId }) },
          'the log of a chat stream cannot be read; the connection is closed',
        ),
      onLeave: () => {
        options.onLeave()
        this.#readers.delete(reader)
        generation?.unfollow(reader)
      },
    })
    this.#readers.add(reader)
    generation?.follow(reader)
    reader.start(first.later)
    return true
  }

  /** Counts as a follower without a connection, until the returned function is called. */
  follow(generation: Generation): () => void {
    const follower: Follower = { position: Number.POSITIVE_INFINITY }
    generation.follow(follower)
    return () => generation.unfollow(follower)
  }

  /** Ends connections whose credential is no longer valid; their streams go on and can be resumed. */
  async dismiss(isRevoked: (credential: Credential) => Promise<boolean>): Promise<void> {
    for (const reader of [...this.#readers]) if (await isRevoked(reader.credential)) reader.dismiss()
  }

  get breakers(): Breakers {
    return this.#breakers
  }

  /** The pool of connections to the backends. */
  get edge(): UpstreamEdge {
    // Nobody would close another one.
    if (this.#isShut) throw new HttpError('draining', undefined, busyHeaders())
    return this.#beginning.edge()
  }

  /** Of a request that is passed on without a stream of its own. */
  reportFailures(requestId: string, failures: readonly FailedTry[]): void {
    const { observer } = this.#beginning
    for (const { code } of failures) observer.onUpstreamError?.(code)
    this.#parts.log.info({ requestId, failures }, 'a request that was passed on failed at a backend')
  }

  get readers(): number {
    return this.#readers.size
  }

  stats(): RelayStats {
    const config = this.#parts.config()
    return {
      activeStreams: this.#running.size,
      activeReaders: this.#readers.size,
      breakers: allBackendsOf(config).map(({ name, url }) => ({
        name,
        upstream: url.origin,
        state: this.#breakers.stateOf(name),
      })),
      hasChatBackend: hasChatBackend(config),
      firstTokenMs: this.#latencies.percentiles(),
    }
  }

  /**
   * Takes no new answers and lets those that run finish for `finishMs`; meanwhile they can be read and resumed. Then it ends the
   * rest with `shutdown`, and the connections of readers whose answers go on at other servers; it closes everything at the latest
   * `graceMs` after the call. Idempotent.
   */
  async close(graceMs: number, finishMs = 0): Promise<void> {
    const { clock, store } = this.#parts
    const startMs = clock.monotonicMs()
    this.#isClosed = true
    if (finishMs > 0) await this.#untilIdle(finishMs)
    for (const generation of [...this.#running.values()]) generation.abort('shutdown')
    for (const reader of [...this.#readers]) reader.leaveOpen()
    await this.#connections.drain('chat', Math.max(0, graceMs - (clock.monotonicMs() - startMs)))
    await store.close()
    this.#isShut = true
    await this.#edge?.close()
    this.#edge = null
  }

  /** Resolves when no answer runs, at the latest after this time. */
  #untilIdle(forMs: number): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.#parts.timers.after(forMs, resolve)
      this.#onIdle = () => {
        cancel()
        resolve()
      }
    })
  }
}
