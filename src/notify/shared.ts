// Keeps the state of the rules where all servers of a fleet find it. The publisher decides: what it decides is kept there before it is
// sent, so the next publisher goes on from it, also with messages that were not delivered. While the shared place is away, the one
// that decided last goes on by itself, and writes all again when it is back.
import type { Moment } from '../clock/moment.js'
import { parseJson } from '../ingest/json-text.js'
import type { LineLog } from '../log/silent.js'
import { type ChangeText, changeText, type Kept, keptOf, NOTHING_KEPT } from './stored.js'

export type SharedState = {
  /** Alone: the shared place is away. */
  readonly seat: () => 'leading' | 'following' | 'alone' | 'adrift'
  /** False: another server is the publisher. Rejects while the place is away. */
  put(text: string, wallMs: number): Promise<boolean>
  /** `wallMs`: what the writer's clock would show now. */
  get(): Promise<{ readonly text: string; readonly wallMs: number } | null>
}

/** What it keeps the state of. */
export type Decider = {
  whole(): ChangeText
  load(kept: Kept, withEntries: boolean): void
  setDeciding(isDeciding: boolean): void
  forgetEntries(): void
}

export type SharedKeepOptions = {
  readonly shared: SharedState
  readonly decider: () => Decider
  readonly now: () => Moment
  readonly log: LineLog
}

export class SharedKeep {
  readonly #options: SharedKeepOptions
  #isDeciding = false
  #loading: Promise<void> | null = null
  /** What is decided here and not kept there. */
  #isUnkept = false
  #isDirty = false
  #writing: Promise<void> | null = null

  constructor(options: SharedKeepOptions) {
    this.#options = options
  }

  get isDeciding(): boolean {
    return this.#isDeciding
  }

  /** After a change of the seat, and once a cycle. */
  look(): void {
    const seat = this.#options.shared.seat()
    if (seat === 'leading') {
      if (!this.#isDeciding) this.#loading ??= this.#begin()
      else if (this.#isUnkept) void this.save()
    } else if (seat !== 'alone' && this.#isDeciding) {
      this.#end()
    }
  }

  /** Resolves when all that is decided is kept, or cannot be. */
  save(): Promise<void> {
    this.#isDirty = true
    // A write under way may have begun before this change: it goes with the next one.
    const before = this.#writing ?? Promise.resolve()
    const mine = before.then(() => (this.#isDirty ? this.#write() : undefined))
    this.#writing = mine
    return mine
  }

  /** What is there, for a server that does not decide. */
  async read(): Promise<Kept> {
    const found = await this.#options.shared.get()
    if (found === null) return NOTHING_KEPT
    const { now, log } = this.#options
    const json = parseJson(found.text)
    const change = changeText.safeParse(json.ok ? json.value : null)
    if (!change.success) {
      log.error('the shared state of the notifications cannot be read: incidents begin anew')
      return NOTHING_KEPT
    }
    return keptOf([change.data], { wallMs: found.wallMs, monotonicMs: now().monotonicMs })
  }

  async #begin(): Promise<void> {
    const { shared, decider, log } = this.#options
    try {
      const kept = await this.read()
      if (shared.seat() !== 'leading') return
      decider().load(kept, true)
      this.#isDeciding = true
      decider().setDeciding(true)
    } catch (error) {
      // The next cycle tries again.
      log.warn({ why: String(error) }, 'the shared state of the notifications cannot be read yet')
    } finally {
      this.#loading = null
    }
  }

  /** What is kept there belongs to the next publisher; what is not is still delivered here. */
  #end(): void {
    const { decider } = this.#options
    this.#isDeciding = false
    decider().setDeciding(false)
    if (!this.#isUnkept) decider().forgetEntries()
    this.#isUnkept = false
  }

  async #write(): Promise<void> {
    this.#isDirty = false
    if (!this.#isDeciding) return
    const { shared, decider, now } = this.#options
    const text = JSON.stringify(decider().whole())
    try {
      const isKept = await shared.put(text, now().wallMs)
      if (isKept) this.#isUnkept = false
      else if (this.#isDeciding) this.#end()
    } catch {
      // The fleet says that its Redis is away; a cycle tries again when it is back.
      this.#isUnkept = true
    }
  }
}
