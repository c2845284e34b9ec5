// The put loop: what this node's answers say, written to Redis behind their readers. Events are shown first: this reads them from
// the logs in memory on a timer of its own, so a Redis that is slow, hung or gone changes nothing for a reader here.
//
// Cost: while answers run, one call every 25 ms for each of 8 groups of answers (in a cluster: each of 64 buckets), however many answers;
// about 1 µs an event to encode. One call of a group is on its way at a time, so a slow Redis makes calls larger and not more. A server
// that is busy with many answers waits up to four times as long between two rounds: a call for each token would cost more than the token.
import { deflateRaw } from 'node:zlib'
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { Seal } from '../../fleet/seal.js'
import { EngineError } from '../../redis/connection.js'
import type { StoreEvents, StreamFacts, WritableChatLog } from '../log/chat-log.js'
import { encodeEvents } from './compact.js'
import type { Engine, SharedTimes } from './engine.js'
import { type AnswerKeys, sha256 } from './keys.js'
import { Records } from './records.js'
import { openAnswer, type Put, type PutAnswer, putAll, sealAnswer } from './writing.js'

export type UnsharedReason = 'answer_large' | 'full'

export type WriterParts = {
  readonly engine: () => Engine | null
  readonly keysOf: (streamId: string) => AnswerKeys
  /** Redis is a cluster: a call may have answers of one bucket only. */
  readonly isCluster: boolean
  readonly seal: Seal
  readonly events: Pick<StoreEvents, 'onStopAsked' | 'onFollowedElsewhere' | 'onJoinedElsewhere' | 'onFenced'>
  readonly clock: Clock
  readonly timers: Timers
  readonly times: SharedTimes
  /** How long Redis keeps an answer that goes on, and one that has ended. */
  readonly ttl: () => { readonly liveMs: number; readonly endedMs: number }
  readonly newFence: () => string
  readonly observer: {
    onPut?(seconds: number): void
    onUnshared?(why: UnsharedReason): void
    onFault?(what: string, error: unknown): void
  }
}

type Own = {
  readonly facts: StreamFacts
  readonly keys: AnswerKeys
  readonly log: WritableChatLog
  readonly records: Records
  readonly fence: string
  readonly unfollow: () => void
  /** Redis has it, as far as is known. */
  isOpen: boolean
  /** Events that Redis has. */
  acked: number
  bytes: number
  isElsewhere: boolean
  /** No more of it is shared; it can still be stopped elsewhere. */
  isLarge: boolean
  /** When Redis had its end; null: not yet. */
  endedMs: number | null
  isSealed: boolean
  /** This node forgot it: it goes when its end is written. */
  isBrief: boolean
  putMs: number
}

/** Of one answer, in one call. */
const MOST_PUT_BYTES = 128 * 1024
/** Of all answers, every `gatherMs`: 20 MB a second, for a Redis that lost everything. */
const MOST_BYTES_A_ROUND = 512 * 1024
/** Redis is busy with one call for some 2 ms at most. */
const MOST_PUTS_A_CALL = 200
const GROUPS = 8
/** For each so many puts of a round, the next one waits once more for `gatherMs`, up to this many times. */
const PUTS_A_WAIT = 64
const MOST_WAITS = 4
/** A longer answer is not shared: it can be resumed at its own node. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024
const SMALLEST_SEAL_BYTES = 1_024
const MOST_SEAL_BYTES_A_TICK = 8 * 1024 * 1024
const BRIEF_MS = 60_000
const NOTHING = Buffer.alloc(0)

export class Writer {
  readonly #parts: WriterParts
  readonly #own = new Map<string, Own>()
  /** Answers that grew, by the group that they are written with. */
  readonly #dirty = new Map<number, Set<Own>>()
  readonly #busy = new Set<number>()
  #cancelRound: (() => void) | null = null
  #putsOfRound = 0
  /** A call failed: when Redis answers again, everything is checked. */
  #wasAway = false
  #isClosing = false
  #onIdle: (() => void) | null = null
  /** Redis has not enough memory for more. */
  isFull = false

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  add(facts: StreamFacts, log: WritableChatLog): void {
    const own: Own = {
      facts,
      log,
      keys: this.#parts.keysOf(facts.streamId),
      records: new Records(facts.streamId, this.#parts.seal),
      fence: this.#parts.newFence(),
      // On the way of every event: it only notes which answer grew.
      unfollow: log.follow(() => {
        if (!own.isLarge || log.end !== 'open') this.#grown(own)
      }),
      isOpen: false,
      acked: 0,
      bytes: 0,
      isElsewhere: false,
      isLarge: false,
      endedMs: null,
      isSealed: false,
      isBrief: false,
      putMs: this.#parts.clock.monotonicMs(),
    }
    this.#own.set(facts.streamId, own)
    if (this.isFull) this.#parts.observer.onUnshared?.('full')
    this.#grown(own)
  }

  has(streamId: string): boolean {
    return this.#own.has(streamId)
  }

  /** This node forgets it. `isBrief`: others may still wait for its end. */
  forget(streamId: string, isBrief: boolean): void {
    const own = this.#own.get(streamId)
    if (own === undefined || own.isBrief) return
    own.isBrief = isBrief
    if (isBrief) {
      own.endedMs = null
      this.#grown(own)
    } else this.#drop(own)
  }

  /** Others ask: it is written at once, and the answer says what they want. */
  look(streamId: string): void {
    const own = this.#own.get(streamId)
    if (own !== undefined) this.#grown(own, 0)
  }

  /** Everything is checked against what Redis has. */
  checkAll(): void {
    for (const own of this.#own.values()) this.#grown(own)
  }

  /** Once a second: answers that say nothing are written too, which shows that their writer has them and asks what others want. */
  tick(): void {
    const { clock, times } = this.#parts
    const nowMs = clock.monotonicMs()
    let sealBytes = 0
    for (const own of this.#own.values()) {
      const isLive = own.endedMs === null
      if (isLive && nowMs - own.putMs >= times.tickMs) this.#grown(own)
      const isDue = own.endedMs !== null && !own.isSealed && nowMs - own.endedMs >= times.sealMs
      if (!isDue || sealBytes > MOST_SEAL_BYTES_A_TICK) continue
      own.isSealed = true
      sealBytes += own.bytes
      if (own.bytes >= SMALLEST_SEAL_BYTES && own.log.head === 0)
        this.#seal(own).catch((error: unknown) => this.#failed('seal', error))
    }
  }

  /** Events that Redis lacks, of the answer that lacks most. */
  get lag(): number {
    let lag = 0
    for (const { log, acked, isLarge } of this.#own.values())
      if (!isLarge) lag = Math.max(lag, log.tail - acked)
    return lag
  }

  /** Resolves when everything is written, or when the time is up. */
  async close(): Promise<void> {
    const { timers, times } = this.#parts
    this.#isClosing = true
    this.#cancel()
    if (this.#isPending()) {
      await new Promise<void>(resolve => {
        const cancel = timers.after(times.closeMs, resolve)
        this.#onIdle = () => {
          cancel()
          resolve()
        }
        this.#round()
      })
    }
    this.#onIdle = null
    this.#cancel()
    for (const own of this.#own.values()) own.unfollow()
    this.#own.clear()
    this.#dirty.clear()
  }

  #isPending(): boolean {
    return this.#busy.size > 0 || [...this.#dirty.values()].some(({ size }) => size > 0)
  }

  #drop(own: Own): void {
    own.unfollow()
    this.#own.delete(own.facts.streamId)
    this.#dirty.get(this.#groupOf(own))?.delete(own)
  }

  #grown(own: Own, afterMs = this.#gatherMs()): void {
    const group = this.#groupOf(own)
    const dirty = this.#dirty.get(group)
    if (dirty === undefined) this.#dirty.set(group, new Set([own]))
    else dirty.add(own)
    if (afterMs === 0) this.#cancel()
    this.#roundLater(afterMs)
  }

  #groupOf({ keys: { bucket } }: Own): number {
    return this.#parts.isCluster ? bucket : bucket % GROUPS
  }

  #gatherMs(): number {
    const waits = Math.ceil(this.#putsOfRound / PUTS_A_WAIT)
    return this.#parts.times.gatherMs * Math.min(Math.max(1, waits), MOST_WAITS)
  }

  #cancel(): void {
    this.#cancelRound?.()
    this.#cancelRound = null
  }

  #roundLater(afterMs: number): void {
    if (this.#cancelRound !== null) return
    this.#cancelRound = this.#parts.timers.after(this.#isClosing ? 0 : afterMs, () => {
      this.#cancelRound = null
      this.#round()
    })
  }

  #round(): void {
    const { engine: engineOf, times } = this.#parts
    const engine = engineOf()
    if (engine === null || engine.isGone || this.isFull || !engine.link.bulk.isUp) {
      this.#wasAway = true
      if (this.#isClosing) this.#onIdle?.()
      else this.#roundLater(times.retryMs)
      return
    }
    let leftBytes = MOST_BYTES_A_ROUND
    this.#putsOfRound = 0
    for (const [group, dirty] of this.#dirty) {
      if (this.#busy.has(group)) continue
      const puts: { readonly own: Own; readonly put: Put }[] = []
      for (const own of dirty) {
        if (leftBytes <= 0 || puts.length === MOST_PUTS_A_CALL) break
        dirty.delete(own)
        const put = this.#putOf(own)
        leftBytes -= put.events.length
        puts.push({ own, put })
      }
      this.#putsOfRound += puts.length
      if (puts.length > 0) void this.#send(engine, group, puts)
      if (leftBytes <= 0) break
    }
    if (this.#isPending()) this.#roundUnlessBusy()
    else this.#onIdle?.()
  }

  /** A group that is busy goes on by itself when its call is answered. */
  #roundUnlessBusy(): void {
    const waits = [...this.#dirty].some(([group, { size }]) => size > 0 && !this.#busy.has(group))
    if (waits) this.#roundLater(this.#gatherMs())
  }

  #putOf(own: Own): Put {
    const { log, keys, fence, facts, acked } = own
    const { liveMs, endedMs } = this.#parts.ttl()
    const pieces: Buffer[] = []
    let next = acked
    let bytes = 0
    if (!own.isLarge && (acked < log.head || own.bytes > MOST_ANSWER_BYTES)) {
      this.#parts.observer.onUnshared?.('answer_large')
      own.isLarge = true
      own.isSealed = true
    }
    while (!own.isLarge && next < log.tail && bytes < MOST_PUT_BYTES) {
      const slice = log.readFrom(next, 'chunked', MOST_PUT_BYTES - bytes)
      // The log of a running answer is in memory.
      if (slice instanceof Promise) break
      const encoded = encodeEvents(facts.streamId, next, slice)
      pieces.push(encoded.bytes)
      bytes += encoded.bytes.length
      next = encoded.next
    }
    own.bytes += bytes
    own.putMs = this.#parts.clock.monotonicMs()
    const goesOn = log.end === 'open' || (next < log.tail && !own.isLarge)
    const end = goesOn ? (own.isLarge ? 'large' : null) : log.end
    const ttlMs = goesOn ? liveMs : own.isBrief ? BRIEF_MS : endedMs
    const [only = NOTHING] = pieces
    const events = own.isLarge
      ? NOTHING
      : own.records.ofEvents(pieces.length > 1 ? Buffer.concat(pieces) : only, acked)
    return { id: facts.streamId, keys, fence, from: acked, next, events, end, ttlMs }
  }

  async #send(
    engine: Engine,
    group: number,
    puts: readonly { readonly own: Own; readonly put: Put }[],
  ): Promise<void> {
    const { clock, observer, times } = this.#parts
    const { bulk } = engine.link
    const run: typeof bulk.run = (...args) => bulk.run(...args)
    this.#busy.add(group)
    const sentMs = clock.monotonicMs()
    let waitMs = this.#gatherMs()
    try {
      // On one connection they are carried out in this order.
      const opened = puts.flatMap(({ own }) => (own.isOpen ? [] : [this.#open(run, engine, own)]))
      const [answers] = await Promise.all([
        putAll(
          run,
          puts.map(({ put }) => put),
        ),
        ...opened,
      ])
      observer.onPut?.((clock.monotonicMs() - sentMs) / 1000)
      if (this.#wasAway) {
        this.#wasAway = false
        this.checkAll()
      }
      answers.forEach((answer, i) => {
        const sent = puts[i]
        if (sent !== undefined) this.#answered(sent.own, sent.put, answer)
      })
    } catch (error) {
      this.#failed('put', error)
      waitMs = times.retryMs
      for (const { own } of puts) if (this.#own.has(own.facts.streamId)) this.#grown(own, times.retryMs)
    } finally {
      this.#busy.delete(group)
      if ((this.#dirty.get(group)?.size ?? 0) > 0) this.#roundLater(waitMs)
      else if (!this.#isPending()) this.#onIdle?.()
    }
  }

  #open(run: Engine['link']['run'], { node }: Engine, own: Own): Promise<unknown> {
    const { streamId, owner, identified, connectionId, format = '' } = own.facts
    return openAnswer(run, own.keys, {
      id: streamId,
      owner: owner === null ? '' : sha256(owner),
      isIdentified: identified,
      connection: connectionId,
      format,
      node,
      fence: own.fence,
      ttlMs: this.#parts.ttl().liveMs,
    })
  }

  #answered(own: Own, put: Put, answer: PutAnswer): void {
    const { events, clock } = this.#parts
    const { streamId } = own.facts
    if (this.#own.get(streamId) !== own) return
    switch (answer.answer) {
      case 'ok': {
        own.isOpen = true
        own.acked = put.next
        const hasEnd = put.end !== null && put.end !== 'large'
        if (hasEnd && own.endedMs === null) own.endedMs = clock.monotonicMs()
        if (hasEnd && own.isBrief) {
          this.#drop(own)
          return
        }
        if (own.log.end !== 'open') {
          if (!hasEnd) this.#grown(own)
          return
        }
        if (own.log.tail > own.acked && !own.isLarge) this.#grown(own)
        if (answer.isElsewhere !== own.isElsewhere) {
          own.isElsewhere = answer.isElsewhere
          events.onFollowedElsewhere(streamId, own.isElsewhere)
        }
        if (answer.isShared) events.onJoinedElsewhere?.(streamId)
        if (answer.stop) events.onStopAsked(streamId)
        return
      }
      case 'gap':
      case 'lost':
        if (own.isLarge) {
          this.#drop(own)
          return
        }
        // Redis lost this, so it may have lost others.
        if (own.isOpen) this.checkAll()
        own.acked = answer.answer === 'gap' ? answer.next : 0
        if (own.acked === 0) own.bytes = 0
        own.isOpen = answer.answer === 'gap'
        own.isSealed = false
        this.#grown(own)
        return
      case 'fenced':
        this.#drop(own)
        if (own.log.end === 'open') events.onFenced?.(streamId)
    }
  }

  async #seal(own: Own): Promise<void> {
    const { facts, log, keys, fence, records } = own
    const pieces: Buffer[] = []
    for (let next = 0; next < log.tail; ) {
      const slice = await log.readFrom(next, 'chunked', MOST_PUT_BYTES)
      const encoded = encodeEvents(facts.streamId, next, slice)
      pieces.push(encoded.bytes)
      next = encoded.next
    }
    const deflated = await new Promise<Buffer>((resolve, reject) => {
      deflateRaw(Buffer.concat(pieces), (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
    })
    const bulk = this.#parts.engine()?.link.bulk
    if (bulk === undefined || this.#isClosing) return
    const sealed = records.ofDeflated(deflated)
    await sealAnswer((...args) => bulk.run(...args), keys, fence, sealed, this.#parts.ttl().endedMs)
  }

  #failed(what: string, error: unknown): void {
    if (!(error instanceof EngineError)) {
      this.#parts.observer.onFault?.(what, error)
      return
    }
    if (error.isFull) this.isFull = true
    else if (error.fault === 'refused') this.#parts.observer.onFault?.(what, error)
    else this.#wasAway = true
  }
}
