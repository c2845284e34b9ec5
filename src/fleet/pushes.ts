// Documents that are pushed to one server of a fleet and are for all of them: each is kept in Redis, and every server with such a source
// takes the newest. So the publisher has it wherever it was pushed, and so has the next publisher. As with boards there is no queue:
// a notice says that there is a newer one, and a look each second finds what a lost notice was about (one short command a source).
import { systemTimers, type Timers } from '../clock/timers.js'
import type { PushFault, PushTarget } from '../engine/push-target.js'
import { EngineError } from '../redis/connection.js'
import type { Run } from '../redis/link.js'
import { MOST_BOARD_BYTES } from './board-text.js'
import type { FleetKeys } from './keys.js'
import { push, pushed } from './scripts/push.js'
import type { Seal } from './seal.js'

const LOOK_MS = 1_000
/** Of a patch whose document another server replaces meanwhile. */
const MOST_TRIES = 3

export type PushesOptions = {
  readonly targets: readonly PushTarget[]
  readonly seal: Seal
  readonly timers?: Timers
  readonly onFault: (error: unknown) => void
}

/** What is there once the link is open. */
export type PushesLink = { readonly run: Run; readonly keys: Pick<FleetKeys, 'push' | 'channels'> }

export class Pushes {
  /** In place of the server's own: what is pushed to these is for the fleet. */
  readonly targets: readonly PushTarget[]
  readonly #options: PushesOptions
  readonly #shared: readonly SharedTarget[]
  #cancel: () => void = () => {}

  constructor(options: PushesOptions) {
    this.#options = options
    this.#shared = options.targets.map(target => new SharedTarget(target, options))
    this.targets = this.#shared
  }

  start(link: PushesLink): void {
    for (const target of this.#shared) target.link = link
    if (this.#shared.length > 0) this.#look()
  }

  /** A notice: the document of this source is another one. */
  notice(name: string): void {
    void this.#shared.find(target => target.name === name)?.take()
  }

  stop(): void {
    this.#cancel()
    for (const target of this.#shared) target.link = null
  }

  #look(): void {
    this.#cancel = (this.#options.timers ?? systemTimers).after(LOOK_MS, () => this.#look())
    for (const target of this.#shared) void target.take()
  }
}

class SharedTarget implements PushTarget {
  readonly name: string
  link: PushesLink | null = null
  readonly #target: PushTarget
  readonly #options: PushesOptions
  /** The number of the document that the source here has. */
  #at = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(target: PushTarget, options: PushesOptions) {
    this.#target = target
    this.#options = options
    this.name = target.name
  }

  token(): Promise<string | null> {
    return this.#target.token()
  }

  document(): Uint8Array | null {
    return this.#target.document()
  }

  /** Here first, which checks it. When Redis is away this server still shows it, and the sender pushes again. */
  replace(body: Uint8Array): Promise<PushFault | null> {
    return this.#inTurn(async () => (await this.#target.replace(body)) ?? (await this.#share(body, null)))
  }

  merge(body: Uint8Array): Promise<PushFault | null> {
    return this.#inTurn(async () => {
      for (let i = 0; i < MOST_TRIES; i++) {
        if (!(await this.#takeNewer())) return UNSHARED
        const fault = await this.#target.merge(body)
        const document = this.#target.document()
        if (fault !== null || document === null) return fault
        const shared = await this.#share(document, this.#at)
        if (shared?.kind !== 'busy') return shared
      }
      return { kind: 'busy' }
    })
  }

  /** Takes the newest document where it is not here yet. */
  take(): Promise<unknown> {
    return this.#inTurn(() => this.#takeNewer())
  }

  /** One after the other: each needs the number that the one before it left. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  /** False: Redis does not answer. */
  async #takeNewer(): Promise<boolean> {
    const { link } = this
    if (link === null) return false
    const key = link.keys.push(this.name)
    try {
      const newer = await pushed(link.run, key, this.#at)
      if (newer === null || newer.at <= this.#at) return true
      const body = this.#options.seal.open(newer.body, key)
      if (body === null)
        throw new Error(`the document pushed to ${this.name} was not written with the key of this fleet`)
      const fault = await this.#target.replace(Buffer.from(body, 'base64'), newer.ageMs)
      if (fault?.kind !== 'busy') this.#at = newer.at
      return true
    } catch (error) {
      if (!(error instanceof EngineError)) this.#options.onFault(error)
      return false
    }
  }

  /** `busy`: another document than `base` is there. */
  async #share(body: Uint8Array, base: number | null): Promise<PushFault | null> {
    const { link, name } = this
    if (link === null) return UNSHARED
    if (body.length > MOST_BOARD_BYTES)
      return { kind: 'too_large', message: 'the servers of a fleet share documents of up to 4 MiB' }
    const key = link.keys.push(name)
    const sealed = this.#options.seal.seal(Buffer.from(body).toString('base64'), key)
    try {
      const at = await push(link.run, { key, channel: link.keys.channels.push, name, base, body: sealed })
      if (at === null) return { kind: 'busy' }
      this.#at = at
      return null
    } catch (error) {
      if (!(error instanceof EngineError)) this.#options.onFault(error)
      return UNSHARED
    }
  }
}

const UNSHARED: PushFault = { kind: 'unshared' }
