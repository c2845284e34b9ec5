// Idempotency keys and names of answers, over all nodes. Both last as long as the answer that they belong to.
import type { Timers } from '../../clock/timers.js'
import { EngineError } from '../../redis/connection.js'
import type { Claimed, SharedClaims, SharedNames } from '../log/chat-log.js'
import { claim, keepClaim } from './claims.js'
import { type Engine, engineGone, type SharedTimes } from './engine.js'
import { claimKey, nameKey, sha256 } from './keys.js'

export type NamesParts = {
  readonly engine: () => Engine | null
  readonly times: SharedTimes
  readonly timers: Timers
  readonly ttl: () => { readonly liveMs: number; readonly endedMs: number }
  readonly observer: { onFault?(what: string, error: unknown): void }
}

type Held = { readonly key: string; readonly fingerprint: string; phase: 'asking' | 'running' | 'ended' }

export class Claims implements SharedClaims {
  readonly #parts: NamesParts
  /** By the answer that they are for. */
  readonly #held = new Map<string, Held>()
  #ticks = 0

  constructor(parts: NamesParts) {
    this.#parts = parts
  }

  get joinMs(): number {
    return this.#parts.times.joinMs
  }

  async claim(scoped: string, fingerprint: string, streamId: string): Promise<Claimed> {
    const engine = this.#parts.engine()
    if (engine === null || engine.isGone) return { kind: 'gone' }
    const key = claimKey(engine.fleet, scoped)
    const digest = sha256(fingerprint)
    try {
      const found = await claim(engine.link.run, key, digest, streamId, this.#parts.times.claimMs)
      if (found.answer === 'other') return { kind: 'conflict' }
      if (found.answer === 'joined') return { kind: 'joined', streamId: found.id }
      this.#held.set(streamId, { key, fingerprint: digest, phase: 'asking' })
      return { kind: 'mine' }
    } catch (error) {
      if (error instanceof EngineError) return { kind: 'gone' }
      throw error
    }
  }

  begun(streamId: string): void {
    this.#enters(streamId, 'running')
  }

  ended(streamId: string): void {
    this.#enters(streamId, 'ended')
  }

  /** The answer is forgotten here; its claim ends by itself. */
  forgotten(streamId: string): void {
    this.#held.delete(streamId)
  }

  async giveUp(streamId: string): Promise<void> {
    const held = this.#held.get(streamId)
    this.#held.delete(streamId)
    if (held !== undefined) await this.#keep(streamId, held, 0)
  }

  /** Renews those whose answer has not begun: an app may take its time. */
  tick(): void {
    if (this.#ticks++ % this.#parts.times.rareTicks !== 0) return
    for (const [streamId, held] of this.#held)
      if (held.phase === 'asking') void this.#keep(streamId, held, this.#ttlMs(held))
  }

  /** Redis may have lost them. */
  checkAll(): void {
    const engine = this.#parts.engine()
    if (engine === null) return
    for (const [streamId, held] of this.#held)
      claim(engine.link.run, held.key, held.fingerprint, streamId, this.#ttlMs(held)).catch(
        (error: unknown) => this.#failed(error),
      )
  }

  #ttlMs({ phase }: Held): number {
    const { ttl, times } = this.#parts
    if (phase === 'asking') return times.claimMs
    return phase === 'running' ? ttl().liveMs : ttl().endedMs
  }

  #enters(streamId: string, phase: Held['phase']): void {
    const held = this.#held.get(streamId)
    if (held === undefined) return
    held.phase = phase
    void this.#keep(streamId, held, this.#ttlMs(held))
  }

  /** Without Redis a claim ends by itself. */
  async #keep(streamId: string, { key }: Held, ttlMs: number): Promise<void> {
    const engine = this.#parts.engine()
    if (engine === null) return
    try {
      await keepClaim(engine.link.run, key, streamId, ttlMs)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof EngineError)) this.#parts.observer.onFault?.('claim', error)
  }
}

export class Names implements SharedNames {
  readonly #parts: NamesParts

  constructor(parts: NamesParts) {
    this.#parts = parts
  }

  /** Not awaited: an answer that goes on does not wait for its name. */
  keep(name: string, value: string): void {
    const engine = this.#parts.engine()
    if (engine === null) return
    const { liveMs } = this.#parts.ttl()
    const key = nameKey(engine.fleet, name)
    engine.link.commands.send(['SET', key, value, 'PX', liveMs]).catch((error: unknown) => {
      if (!(error instanceof EngineError)) this.#parts.observer.onFault?.('name', error)
    })
  }

  async find(name: string): Promise<string | null> {
    const engine = this.#parts.engine()
    if (engine === null || engine.isGone) throw engineGone()
    try {
      const value = await engine.link.commands.send(['GET', nameKey(engine.fleet, name)])
      return typeof value === 'string' ? value : null
    } catch (error) {
      if (error instanceof EngineError) throw engineGone()
      throw error
    }
  }
}
