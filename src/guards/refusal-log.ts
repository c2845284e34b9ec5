// One structured log line per refusal, but never a flood: each guard may write a burst and then a few lines a second; its next line
// says how many were left out. An attack on one guard does not hide the refusals of the others.

import type { Clock } from '../clock/clock.js'
import type { Guard } from '../contract/refusal.js'
import { LineLimit } from '../log/line-limit.js'
import type { Log } from '../log/log.js'

export type RefusalFacts = {
  readonly guard: Guard
  readonly code: string
  /** Of the audit record of this refusal, if there is one. */
  readonly operation?: string
  /** Parsed, so free of anything but digits, letters, dots and colons. */
  readonly address: string
  /** A connection has neither this nor a route. */
  readonly requestId?: string
  /** The template of the route, never the client's text. */
  readonly route?: string
}

export class RefusalLog {
  readonly #limits = new Map<Guard, LineLimit>()

  constructor(
    readonly log: Log,
    readonly clock: Clock,
  ) {}

  write(facts: RefusalFacts): void {
    const nowMs = this.clock.monotonicMs()
    const limit = this.#limits.get(facts.guard) ?? new LineLimit(nowMs)
    this.#limits.set(facts.guard, limit)
    const suppressed = limit.take(nowMs)
    if (suppressed === null) return
    const what = facts.guard === 'connection' ? 'connection closed' : 'request refused'
    this.log.warn({ ...facts, ...suppressed }, what)
  }
}
