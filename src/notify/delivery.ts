// Delivers the outbox: for each target one message at a time, in order, with backoff while the target fails. A message leaves the
// outbox when its receiver took it, when it refused it for good, or after a day: at least once, with the same id each time.
import { agoMs, type Moment } from '../clock/moment.js'
import type { Timers } from '../clock/timers.js'
import { type Entry, keyOf, type Outbox } from './outbox.js'

export type Outcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      /** Why, without any address: `ECONNREFUSED`, `status 500`. */
      readonly why: string
      /** The receiver will never take it. */
      readonly isFinal?: boolean
      /** How long the receiver asks to wait. */
      readonly waitMs?: number
    }

export type Sender = {
  /** For people: `webhook https://hooks.example`. */
  readonly shown: string
  send(message: Entry['message'], signal: AbortSignal): Promise<Outcome>
  close(): Promise<void>
}

export type Result = 'sent' | 'retried' | 'failed' | 'expired' | 'dropped'

export type DeliveryOptions = {
  readonly outbox: Outbox
  /** Null: the target exists no more. */
  readonly senderOf: (target: string) => Sender | null
  readonly timers: Timers
  readonly now: () => Moment
  /** 0 up to 1. */
  readonly random: () => number
  /** `done`: the message left the outbox. */
  readonly onResult: (entry: Entry, result: Result, why: string | null) => void
}

const FIRST_BACKOFF_MS = 1_000
const MOST_BACKOFF_MS = 300_000
const MOST_ASKED_MS = 3_600_000
/** Older ones help nobody. */
export const EXPIRES_MS = 24 * 3_600_000

/** After so many failures in a row: 1 s, 2 s, 4 s … 5 min, and up to half of it more. */
export function backoffMs(failures: number, random: number): number {
  const base = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(20, failures - 1))
  return Math.round(base * (1 + random / 2))
}

type Line = {
  failures: number
  /** Cancels the wait. */
  cancel: (() => void) | null
  sending: AbortController | null
  done: Promise<void>
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #lines = new Map<string, Line>()
  #isStopped = false

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Looks whether there is something to send to this target. */
  kick(target: string): void {
    if (this.#isStopped) return
    const line = this.#line(target)
    if (line.sending !== null || line.cancel !== null) return
    const entry = this.#options.outbox.next(target)
    if (entry === null) {
      if (line.failures === 0) this.#lines.delete(target)
      return
    }
    const sender = this.#options.senderOf(target)
    if (sender === null) {
      this.#end(entry, 'dropped', 'its target is no longer configured')
      this.kick(target)
      return
    }
    const sending = new AbortController()
    line.sending = sending
    line.done = this.#send(entry, sender, line, sending)
  }

  /** Ends what is sent at the moment after `graceMs`; what is not delivered stays in the outbox. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true
    const lines = [...this.#lines.values()]
    for (const line of lines) line.cancel?.()
    const cancel = this.#options.timers.after(graceMs, () => {
      for (const line of lines) line.sending?.abort('stopped')
    })
    await Promise.all(lines.map(line => line.done))
    cancel()
  }

  #line(target: string): Line {
    const known = this.#lines.get(target)
    if (known !== undefined) return known
    const made: Line = { failures: 0, cancel: null, sending: null, done: Promise.resolve() }
    this.#lines.set(target, made)
    return made
  }

  async #send(entry: Entry, sender: Sender, line: Line, sending: AbortController): Promise<void> {
    const outcome = await sender
      .send(entry.message, sending.signal)
      .catch(
        (error: unknown): Outcome => ({ ok: false, why: error instanceof Error ? error.name : 'unknown' }),
      )
    line.sending = null
    // It may have been given up meanwhile.
    const isThere = this.#options.outbox.has(keyOf(entry))
    if (outcome.ok) {
      line.failures = 0
      if (isThere) this.#end(entry, 'sent', null)
    } else if (!this.#isStopped) {
      line.failures++
      this.#failed(entry, outcome, line, isThere)
    }
    this.kick(entry.target)
  }

  #failed(entry: Entry, outcome: Outcome & { readonly ok: false }, line: Line, isThere: boolean): void {
    const { now, timers, random, onResult } = this.#options
    if (isThere) {
      if (outcome.isFinal) this.#end(entry, 'failed', outcome.why)
      else if (agoMs(entry.addedAt, now()) > EXPIRES_MS) this.#end(entry, 'expired', outcome.why)
      else onResult(entry, 'retried', outcome.why)
    }
    if (outcome.isFinal) line.failures = 0
    const asked = Math.min(outcome.waitMs ?? 0, MOST_ASKED_MS)
    const waitMs = outcome.isFinal ? 0 : Math.max(asked, backoffMs(line.failures, random()))
    if (waitMs === 0) return
    line.cancel = timers.after(waitMs, () => {
      line.cancel = null
      this.kick(entry.target)
    })
  }

  #end(entry: Entry, result: Result, why: string | null): void {
    this.#options.outbox.remove(keyOf(entry))
    this.#options.onResult(entry, result, why)
  }
}
