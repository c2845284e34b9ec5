// The store of a node of a fleet: its own answers in memory, as without one, and written to Redis behind their readers; those of
// other nodes read from there. Any caller may come to any node.
import { type Clock, systemClock } from '../../clock/clock.js'
import { systemTimers, type Timers } from '../../clock/timers.js'
import { CLEAR, type Seal } from '../../fleet/seal.js'
import { EngineError } from '../../redis/connection.js'
import type {
  FoundStream,
  LogStore,
  SharedClaims,
  SharedNames,
  StoreEvents,
  StreamFacts,
  WritableChatLog,
} from '../log/chat-log.js'
import { MemoryStore } from '../log/memory-store.js'
import { beatWriter, shareAnswer, stopAnswer } from './elsewhere.js'
import { channelsOf, type Engine, engineGone, SHARED_TIMES, type SharedTimes } from './engine.js'
import { answerKeys, nodeChannel, sha256, writersKey } from './keys.js'
import { isMemoryFull } from './memory.js'
import { Mirrors } from './mirrors.js'
import { Claims, Names } from './names.js'
import { sweep } from './sweep.js'
import { WriterWatch } from './watch.js'
import { type UnsharedReason, Writer } from './writer.js'

export type SharedStoreParts = {
  readonly fleet: string
  /** The number of the database. */
  readonly db: number
  /** Redis is a cluster; default: it is not. */
  readonly isCluster?: boolean
  /** What it writes of answers is encrypted with it; in clear without one. */
  readonly seal?: Seal
  /** The limit of each log. */
  readonly logBytes: () => number
  readonly ttl: () => { readonly liveMs: number; readonly endedMs: number }
  readonly newFence: () => string
  readonly clock?: Clock
  readonly timers?: Timers
  readonly times?: SharedTimes
  readonly observer?: SharedObserver
}

export type SharedObserver = {
  /** From sending events to the answer of Redis. */
  onPut?(seconds: number): void
  onUnshared?(why: UnsharedReason): void
  /** This node ended the answer of a dead one. */
  onBuried?(): void
  /** False: an answer cannot be opened with the keys of this server. True: the next one can. */
  onReadable?(isReadable: boolean): void
  /** Redis's memory is nearly full, or is not any more. */
  onFull?(isFull: boolean): void
  onFault?(what: string, error: unknown): void
}

const WRITERS_MS = 60_000
const NO_EVENTS: StoreEvents = {
  onForgotten: () => {},
  onStopAsked: () => {},
  onFollowedElsewhere: () => {},
}

export class SharedStore implements LogStore {
  readonly claims: SharedClaims
  readonly names: SharedNames
  readonly #parts: SharedStoreParts
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #times: SharedTimes
  readonly #memory: MemoryStore
  readonly #writer: Writer
  readonly #mirrors: Mirrors
  readonly #claims: Claims
  readonly #watch: WriterWatch
  #events: StoreEvents = NO_EVENTS
  #engine: Engine | null = null
  #cancelTick: () => void = () => {}
  #ticks = 0
  /** How often this node has beaten, as Redis has it. */
  #beats = 0
  #runners: ReadonlySet<string> = new Set()
  #isClosed = false

  constructor(parts: SharedStoreParts) {
    this.#parts = parts
    const { logBytes, clock = systemClock, timers = systemTimers, times = SHARED_TIMES } = parts
    const { observer = {}, seal = CLEAR } = parts
    this.#clock = clock
    this.#timers = timers
    this.#times = times
    this.#memory = new MemoryStore({ logBytes, timers })
    this.#watch = new WriterWatch(times)
    const engine = (): Engine | null => this.#engine
    const common = { engine, clock, timers, times, observer, newFence: parts.newFence, seal }
    const events: Omit<StoreEvents, 'onForgotten'> = {
      onStopAsked: streamId => this.#events.onStopAsked(streamId),
      onFollowedElsewhere: (streamId, isFollowed) => this.#events.onFollowedElsewhere(streamId, isFollowed),
      onJoinedElsewhere: streamId => this.#events.onJoinedElsewhere?.(streamId),
      onFenced: streamId => this.#events.onFenced?.(streamId),
    }
    const keysOf = (streamId: string) => answerKeys(parts.fleet, parts.db, streamId)
    this.#writer = new Writer({
      ...common,
      keysOf,
      events,
      ttl: parts.ttl,
      isCluster: parts.isCluster ?? false,
    })
    this.#mirrors = new Mirrors({
      ...common,
      watch: this.#watch,
      limitBytes: logBytes,
      endedMs: () => parts.ttl().endedMs,
    })
    this.#claims = new Claims({ ...common, ttl: parts.ttl })
    this.claims = this.#claims
    this.names = new Names({ ...common, ttl: parts.ttl })
  }

  /** The fleet is there: also what came before is shared from now on. Call once. */
  join(engine: Engine): void {
    if (this.#isClosed) return
    this.#engine = engine
    const { link, fleet, db, node } = engine
    link.subscribe(nodeChannel(fleet, db, node), message => this.#onMessage(message))
    // Opens it: the first who comes back does not wait for a connection.
    void link.bulk
    this.#tick()
  }

  /** Events that Redis lacks, of the answer that lacks most. */
  get lag(): number {
    return this.#writer.lag
  }

  attach(events: StoreEvents): void {
    this.#events = events
    this.#memory.attach({
      ...events,
      onForgotten: streamId => {
        this.#writer.forget(streamId, false)
        this.#claims.forgotten(streamId)
        events.onForgotten(streamId)
      },
    })
  }

  create(facts: StreamFacts): WritableChatLog {
    const log = this.#memory.create(facts)
    this.#writer.add(facts, log)
    this.#claims.begun(facts.streamId)
    return log
  }

  find(streamId: string, owner: string | null): FoundStream | null | Promise<FoundStream | null> {
    return this.#memory.find(streamId) ?? this.#mirrors.find(streamId, owner)
  }

  async askStop({ streamId, owner }: StreamFacts): Promise<boolean> {
    const answer = await this.#ask(engine =>
      stopAnswer(engine.link.run, answerKeys(engine.fleet, engine.db, streamId), {
        id: streamId,
        owner: owner === null ? '' : sha256(owner),
        channel: channelsOf(engine),
      }),
    )
    return answer !== 'unknown'
  }

  async share(streamId: string): Promise<void> {
    await this.#ask(engine =>
      shareAnswer(engine.link.run, answerKeys(engine.fleet, engine.db, streamId), {
        id: streamId,
        channel: channelsOf(engine),
      }),
    )
  }

  expire(streamId: string, afterMs: number): void {
    this.#claims.ended(streamId)
    this.#memory.expire(streamId, afterMs)
  }

  /** Callers of other nodes that joined it by its key still get its end. */
  async remove(streamId: string): Promise<void> {
    this.#writer.forget(streamId, true)
    const givenUp = this.#claims.giveUp(streamId)
    this.#memory.remove(streamId)
    await givenUp
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTick()
    await this.#writer.close()
    this.#mirrors.close()
    const engine = this.#engine
    if (engine !== null) {
      const { link, fleet, db, node } = engine
      link.unsubscribe(nodeChannel(fleet, db, node))
      // Nobody waits for a beat of it; the answer is of no use here.
      link.commands.send(['HDEL', writersKey(fleet), node]).catch(() => {})
    }
    await this.#memory.close()
  }

  /** Throws the 503 when Redis does not answer. */
  async #ask<T>(run: (engine: Engine) => Promise<T>): Promise<T> {
    const engine = this.#engine
    if (engine === null || engine.isGone) throw engineGone()
    try {
      return await run(engine)
    } catch (error) {
      if (error instanceof EngineError) throw engineGone()
      throw error
    }
  }

  #onMessage(message: string): void {
    const [word, streamId = ''] = message.split(' ')
    if (!this.#writer.has(streamId)) return
    if (word === 'stop') this.#events.onStopAsked(streamId)
    else if (word === 'look') this.#writer.look(streamId)
  }

  #tick(): void {
    this.#cancelTick = this.#timers.after(this.#times.tickMs, () => this.#tick())
    const engine = this.#engine
    if (engine === null || this.#isClosed) return
    this.#writer.tick()
    this.#mirrors.tick()
    this.#claims.tick()
    const isRare = this.#ticks++ % this.#times.rareTicks === 0
    this.#beat(engine, isRare).catch((error: unknown) => this.#failed('beat', error))
    if (isRare) this.#checkMemory(engine).catch((error: unknown) => this.#failed('memory', error))
  }

  async #beat(engine: Engine, isRare: boolean): Promise<void> {
    const { link, fleet, node } = engine
    const before = this.#watch.dead.length
    const beats = await beatWriter(link.run, writersKey(fleet), node, WRITERS_MS)
    if (this.#isClosed) return
    this.#watch.observe(beats, [...this.#mirrors.writers, ...this.#runners], this.#clock.monotonicMs())
    const own = Number(beats.get(node) ?? 0)
    // Redis forgot, or went back: what it should have is checked.
    if (own <= this.#beats) {
      this.#writer.checkAll()
      this.#claims.checkAll()
    }
    this.#beats = own
    const hasNewDead = this.#watch.dead.length > before
    // One of them is enough; more do no harm.
    if ((isRare || hasNewDead) && this.#watch.firstAlive === node)
      this.#runners = await sweep(engine, this.#watch, (id, answer) => this.#mirrors.bury(id, answer))
  }

  async #checkMemory({ link }: Engine): Promise<void> {
    const isFull = await isMemoryFull(link.commands, this.#writer.isFull)
    if (isFull === null || isFull === this.#writer.isFull) return
    this.#writer.isFull = isFull
    this.#parts.observer?.onFull?.(isFull)
    if (!isFull) this.#writer.checkAll()
  }

  #failed(what: string, error: unknown): void {
    if (error instanceof EngineError && error.fault !== 'refused') return
    this.#parts.observer?.onFault?.(what, error)
  }
}
