// The keys as a running server knows them: read from the database when something changed there, and what callers use written
// to it. One timer does both, only while there is a database; a request with a key also looks when the last look was a while ago.
import { statSync } from 'node:fs'
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { Log } from '../../log/log.js'
import { codeOf } from '../audit/files.js'
import type { FoundKey, RelayKey, RelayKeys, Spent, Used } from '../ports.js'
import type * as databaseModule from './database.js'
import type { KeysDatabase, StoredKey } from './database.js'
import { keyOf } from './key-text.js'
import { dayOf, TokenUses } from './token-uses.js'

/** How often the timer looks, and writes what was used. */
const TICK_MS = 1_000
/** A request with a key looks again after this. */
const LOOK_MS = 500
/** After so long without a successful look nobody with a key is let in: a revoked one might be among them. */
const STALE_MS = 2_000

export type LiveKeysParts = {
  /** `G6_KEYS_DB`. */
  readonly path: string
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** Keys are no longer in force: their connections must end. */
  readonly onRevoked: () => void
  readonly onSpent?: (key: RelayKey, tokens: Spent) => void
}

/** `version`: of what was read; null: nothing yet. */
type Open = { readonly database: KeysDatabase; readonly mark: string; version: number | null }

/**
 * Changes when the file is replaced, and when something other than a commit changes it: commits go into SQLite's log first. Null:
 * there is none.
 */
function markOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`
}

const digestOf = ({ digest }: StoredKey): string => digest.toString('hex')

export class LiveKeys implements RelayKeys {
  readonly #parts: LiveKeysParts
  readonly #uses = new TokenUses()
  #module: typeof databaseModule | null = null
  #open: Open | null = null
  #byDigest: ReadonlyMap<string, StoredKey> = new Map()
  #byId: ReadonlyMap<string, StoredKey> = new Map()
  /** Digests: of what the database says, and of what other servers of a fleet say; the second is never forgotten. */
  #revokedHere: readonly string[] = []
  readonly #revokedElsewhere = new Set<string>()
  /** Names of keys that were revoked elsewhere, until the database has it. */
  readonly #toRevoke = new Set<string>()
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #goodAtMs = Number.NEGATIVE_INFINITY
  /** Why the last look failed. */
  #fault: string | null = null
  #isWriteFaulty = false
  #cancelTick: (() => void) | null = null
  #isClosed = false

  constructor(parts: LiveKeysParts) {
    this.#parts = parts
  }

  /** Reads the keys that there are; again when called again. */
  async start(): Promise<void> {
    await this.#look(0)
  }

  async find(text: string): Promise<FoundKey> {
    await this.#look(LOOK_MS)
    if (!this.#isReadable) return { kind: 'unavailable' }
    const key = keyOf(this.#byDigest, text)
    if (key === null) return { kind: 'unknown' }
    return this.#isExpired(key) ? { kind: 'expired' } : { kind: 'found', key }
  }

  /** As far as is known: while the database cannot be read, open connections stay. */
  isInForce(id: string): boolean {
    const key = this.#byId.get(id)
    return key !== undefined && !this.#isExpired(key)
  }

  spent(key: RelayKey, tokens: Spent): void {
    this.#uses.add(key.id, tokens, this.#parts.clock.nowMs())
    this.#parts.onSpent?.(key, tokens)
  }

  used(key: RelayKey): Used {
    return this.#uses.used(key.id, this.#parts.clock.nowMs())
  }

  get names(): readonly string[] | null {
    if (!this.#isReadable) return null
    return [...this.#byId.values()].filter(key => !this.#isExpired(key)).map(({ name }) => name)
  }

  /** Writes what is pending. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTick?.()
    this.#write()
    const { pending } = this.#uses
    if (pending.length > 0) this.#parts.log.error({ keys: pending.length }, 'the tokens of keys are lost')
    this.#shut()
  }

  get #isReadable(): boolean {
    return this.#fault === null || this.#parts.clock.monotonicMs() - this.#goodAtMs < STALE_MS
  }

  #isExpired({ expiresAtMs }: RelayKey): boolean {
    return expiresAtMs !== null && expiresAtMs <= this.#parts.clock.nowMs()
  }

  /** A stat and a read of 4 bytes while nothing changed: about 20 µs. Never throws. */
  async #look(afterMs: number): Promise<void> {
    const { path, clock } = this.#parts
    if (this.#isClosed || clock.monotonicMs() - this.#lookedAtMs < afterMs) return
    // Loaded first, so that the look itself is one step: no request passes between its parts.
    if (this.#module === null && markOf(path) !== null) this.#module = await import('./database.js')
    this.#lookedAtMs = clock.monotonicMs()
    try {
      this.#read(markOf(path))
      this.#succeeded()
    } catch (error) {
      this.#failed(error)
    }
  }

  #read(mark: string | null): void {
    if (mark === null || this.#module === null) {
      this.#shut()
      this.#uses.clear()
      this.#take([])
      return
    }
    if (this.#open?.mark !== mark) {
      this.#shut()
      this.#open = { database: this.#module.openLiveKeys(this.#parts.path), mark, version: null }
    }
    this.#tickLater()
    const { database } = this.#open
    const version = database.version()
    if (version === this.#open.version) return
    const all = database.keys('all')
    this.#revokedHere = all.flatMap(key => (key.revokedAtMs === null ? [] : [digestOf(key)]))
    this.#take(all.filter(({ revokedAtMs }) => revokedAtMs === null))
    this.#loadUses(database)
    this.#open.version = version
  }

  get revokedHere(): readonly string[] {
    return this.#revokedHere
  }

  async inForce(): Promise<readonly StoredKey[]> {
    await this.#look(LOOK_MS)
    return [...this.#byId.values()]
  }

  revoke(digests: Iterable<string>): void {
    for (const digest of digests) this.#revokedElsewhere.add(digest)
    this.#take([...this.#byId.values()])
  }

  /** Into the database, so that every command finds it here too; makes one where there is none. */
  async learn(key: StoredKey): Promise<boolean> {
    const { path, log } = this.#parts
    this.#module ??= await import('./database.js')
    if (this.#isClosed) return false
    try {
      if (markOf(path) === null) this.#module.openKeys(path, true).close()
      if (this.#open === null) await this.#look(0)
      const open = this.#open
      if (open === null) throw new Error('the database of keys cannot be used')
      open.database.add(key)
      // Its own writes do not change the version: the next look reads all keys again.
      open.version = null
    } catch (error) {
      if (!(error instanceof this.#module.KeysError)) throw error
      log.error(
        { why: error.message },
        'a relay key that another server of the fleet made cannot be used here',
      )
      return false
    }
    return true
  }

  #take(read: readonly StoredKey[]): void {
    const before = this.#byId
    const keys = read.filter(key => !this.#revokedElsewhere.has(digestOf(key)))
    for (const key of read) if (this.#revokedElsewhere.has(digestOf(key))) this.#toRevoke.add(key.name)
    this.#byId = new Map(keys.map(key => [key.id, key]))
    this.#byDigest = new Map(keys.map(key => [digestOf(key), key]))
    if ([...before.keys()].some(id => !this.#byId.has(id))) this.#parts.onRevoked()
  }

  #loadUses(database: KeysDatabase): void {
    const day = dayOf(this.#parts.clock.nowMs())
    this.#uses.load(day, database.usage(day))
  }

  #tickLater(): void {
    if (this.#isClosed) return
    this.#cancelTick ??= this.#parts.timers.after(TICK_MS, () => {
      this.#cancelTick = null
      this.#write()
      void this.#look(0)
    })
  }

  /** All or nothing; what could not be written waits for the next tick. */
  #write(): void {
    const { pending } = this.#uses
    if ((pending.length === 0 && this.#toRevoke.size === 0) || this.#open === null) return
    const { database } = this.#open
    try {
      for (const name of this.#toRevoke) {
        database.revoke(name, this.#parts.clock.nowMs())
        this.#toRevoke.delete(name)
      }
      if (pending.length > 0) {
        database.addUsage(pending)
        this.#uses.clear()
        this.#loadUses(database)
      }
      this.#isWriteFaulty = false
    } catch (error) {
      // Another program writes; a database that cannot be used at all is found by the look.
      if (!this.#isWriteFaulty) {
        const why = this.#faultText(error)
        this.#parts.log.warn(
          { why },
          'the tokens of keys cannot be written now; they are counted here, and written later',
        )
      }
      this.#isWriteFaulty = true
    }
  }

  #faultText(error: unknown): string {
    return this.#module?.faultText(this.#parts.path, error) ?? `its file cannot be read (${codeOf(error)})`
  }

  #succeeded(): void {
    this.#goodAtMs = this.#parts.clock.monotonicMs()
    if (this.#fault !== null) this.#parts.log.info('the database of keys can be used again')
    this.#fault = null
  }

  #failed(error: unknown): void {
    const why = this.#faultText(error)
    if (why !== this.#fault) this.#parts.log.error({ why }, 'the database of keys cannot be used')
    this.#fault = why
    // Opened again at the next look.
    this.#shut()
    this.#tickLater()
  }

  #shut(): void {
    const open = this.#open
    this.#open = null
    try {
      open?.database.close()
    } catch {
      // Nothing of it is used any more.
    }
  }
}
