// The answers of other nodes that have readers here: read when a notice says that they grew, and once a second; ended when their
// writer is dead. A copy stays a moment without readers, for those that come back.
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { Seal } from '../../fleet/seal.js'
import { EngineError } from '../../redis/connection.js'
import type { FoundStream } from '../log/chat-log.js'
import { UnopenedError } from './compact.js'
import { endOrphan, readShared, type SharedAnswer, unreadShared } from './elsewhere.js'
import { channelsOf, type Engine, engineGone, type SharedTimes } from './engine.js'
import { answerKeys, sha256 } from './keys.js'
import { Mirror } from './mirror.js'
import type { WriterWatch } from './watch.js'

export type MirrorsParts = {
  readonly engine: () => Engine | null
  readonly watch: WriterWatch
  readonly clock: Clock
  readonly timers: Timers
  readonly times: SharedTimes
  readonly seal: Seal
  readonly limitBytes: () => number
  readonly endedMs: () => number
  readonly newFence: () => string
  readonly observer: {
    onBuried?(): void
    /** False: an answer cannot be opened with the keys of this server. True: the next one can. */
    onReadable?(isReadable: boolean): void
    onFault?(what: string, error: unknown): void
  }
}

type Kept = { readonly mirror: Mirror; cancelLinger: () => void; unknownSinceMs: number | null }

const MOST_MIRRORS = 10_000

const UNREADABLE =
  'This server cannot read the answer: it does not have the key that the answer is encrypted with; try again later, or at another server.'

export class Mirrors {
  readonly #parts: MirrorsParts
  readonly #kept = new Map<string, Kept>()
  /** Answers with readers here, by the channel of their bucket. */
  readonly #followed = new Map<string, Set<string>>()
  #isClosed = false
  #isReadable = true

  constructor(parts: MirrorsParts) {
    this.#parts = parts
  }

  /** Nodes that run answers with readers here. */
  get writers(): readonly string[] {
    return [...this.#kept.values()].flatMap(({ mirror }) => (mirror.last === null ? [] : [mirror.last.node]))
  }

  /** Null: Redis does not know it, or it is of another owner. Throws the 503 when Redis does not answer. */
  async find(streamId: string, owner: string | null): Promise<FoundStream | null> {
    const { engine, timers, times } = this.#parts
    if (engine()?.isGone !== false) throw engineGone()
    const { mirror } = this.#keep(streamId)
    try {
      await mirror.refresh()
      if (mirror.isUnknown && mirror.last === null) {
        // Its first write may be on its way.
        await new Promise<void>(resolve => void timers.after(times.againMs, resolve))
        await mirror.refresh()
      }
      this.#saw(mirror)
    } catch (error) {
      if (error instanceof UnopenedError && mirror.tail === 0) {
        // Another server may be able to. It is tried anew each time: what Redis has may be another by then.
        this.#forget(streamId)
        this.#setReadable(false)
        throw engineGone(UNREADABLE)
      }
      if (error instanceof EngineError) throw engineGone()
      throw error
    } finally {
      if (!mirror.isFollowed) this.#linger(streamId)
    }
    const { last } = mirror
    if (last === null) {
      this.#forget(streamId)
      return null
    }
    if (last.owner !== '' && (owner === null || last.owner !== sha256(owner))) return null
    if (mirror.end === 'open') await this.#buryIfDead(mirror)
    return { facts: mirror.factsFor(owner), log: mirror }
  }

  #saw(mirror: Mirror): void {
    if (mirror.tail > 0) this.#setReadable(true)
  }

  #setReadable(isReadable: boolean): void {
    if (isReadable === this.#isReadable) return
    this.#isReadable = isReadable
    this.#parts.observer.onReadable?.(isReadable)
  }

  /** What is followed is read, and ended where its writer is dead. */
  tick(): void {
    for (const { mirror } of this.#kept.values()) {
      if (mirror.isFollowed && mirror.end === 'open') void this.#look(mirror)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const { cancelLinger } of this.#kept.values()) cancelLinger()
    const link = this.#parts.engine()?.link
    for (const channel of this.#followed.keys()) link?.unsubscribe(channel)
    this.#kept.clear()
    this.#followed.clear()
  }

  async #look(mirror: Mirror): Promise<void> {
    if (await this.#buryIfDead(mirror)) return
    try {
      await mirror.refresh()
    } catch (error) {
      // The beats report a Redis that is gone.
      if (!(error instanceof EngineError)) this.#parts.observer.onFault?.('read', error)
      return
    }
    this.#checkUnknown(mirror)
  }

  /** Redis lost it: its writer sends it again, if there is one. */
  #checkUnknown(mirror: Mirror): void {
    const kept = this.#kept.get(mirror.streamId)
    if (kept === undefined) return
    const nowMs = this.#parts.clock.monotonicMs()
    kept.unknownSinceMs = mirror.isUnknown ? (kept.unknownSinceMs ?? nowMs) : null
    if (kept.unknownSinceMs !== null && nowMs - kept.unknownSinceMs >= this.#parts.times.deadMs)
      mirror.giveUp()
  }

  async #buryIfDead(mirror: Mirror): Promise<boolean> {
    const { last } = mirror
    if (last === null || !this.#parts.watch.isDead(last.node)) return false
    await this.bury(mirror.streamId, last)
    await mirror.refresh().catch(() => {})
    return mirror.end !== 'open'
  }

  /** Ends the answer of a dead writer, unless somebody did, or it was written since. */
  async bury(streamId: string, { fence, next }: Pick<SharedAnswer, 'fence' | 'next'>): Promise<void> {
    const { engine, endedMs, newFence, observer } = this.#parts
    const found = engine()
    if (found === null) return
    const keys = answerKeys(found.fleet, found.db, streamId)
    try {
      const answer = await endOrphan(found.link.run, keys, {
        id: streamId,
        fence,
        next,
        newFence: newFence(),
        ttlMs: endedMs(),
      })
      if (answer === 'ok') observer.onBuried?.()
    } catch (error) {
      if (!(error instanceof EngineError)) observer.onFault?.('bury', error)
    }
  }

  #keep(streamId: string): Kept {
    const known = this.#kept.get(streamId)
    if (known !== undefined) return known
    if (this.#kept.size >= MOST_MIRRORS) throw engineGone()
    const { times, limitBytes, clock, seal } = this.#parts
    const mirror = new Mirror({
      streamId,
      seal,
      limitBytes: limitBytes(),
      nowMs: clock.nowMs,
      onFollowed: isFollowed => this.#onFollowed(streamId, isFollowed),
      read: (fromByte, mostBytes, isRead) => {
        const engine = this.#parts.engine()
        if (engine === null) throw new EngineError('gone', 'this server is not in its fleet yet')
        const { link, node } = engine
        return readShared(link.bulk, answerKeys(engine.fleet, engine.db, streamId), {
          id: streamId,
          fromByte,
          mostBytes,
          node,
          keepMs: isRead ? times.readersMs : 0,
          channel: channelsOf(engine),
        })
      },
    })
    const kept: Kept = { mirror, cancelLinger: () => {}, unknownSinceMs: null }
    this.#kept.set(streamId, kept)
    return kept
  }

  #linger(streamId: string): void {
    const kept = this.#kept.get(streamId)
    if (kept === undefined) return
    kept.cancelLinger()
    kept.cancelLinger = this.#parts.timers.after(this.#parts.times.lingerMs, () => {
      if (!kept.mirror.isFollowed) this.#forget(streamId)
    })
  }

  #forget(streamId: string): void {
    this.#kept.get(streamId)?.cancelLinger()
    this.#kept.delete(streamId)
  }

  #onFollowed(streamId: string, isFollowed: boolean): void {
    const engine = this.#parts.engine()
    const kept = this.#kept.get(streamId)
    if (engine === null || this.#isClosed) return
    const keys = answerKeys(engine.fleet, engine.db, streamId)
    const { channel } = keys
    const followed = this.#followed.get(channel) ?? new Set()
    if (isFollowed) {
      kept?.cancelLinger()
      if (followed.size === 0) engine.link.subscribe(channel, message => this.#onNotice(message))
      this.#followed.set(channel, followed.add(streamId))
      // What came between finding and following.
      if (kept?.mirror.end === 'open') void this.#look(kept.mirror)
      return
    }
    followed.delete(streamId)
    if (followed.size === 0) {
      this.#followed.delete(channel)
      engine.link.unsubscribe(channel)
    }
    this.#linger(streamId)
    if (kept?.mirror.end !== 'open') return
    const leaving = { id: streamId, node: engine.node, channel: channelsOf(engine) }
    // Without it this node counts as a reader for a few seconds more.
    unreadShared(engine.link.run, keys, leaving).catch(() => {})
  }

  #onNotice(message: string): void {
    const [streamId = ''] = message.split(' ')
    const mirror = this.#kept.get(streamId)?.mirror
    if (mirror?.isFollowed) void this.#look(mirror)
  }
}
