// One structured log line per refusal, but never a flood: each guard may write a burst and then a few lines a second; its next line
// says how many were left out. An attack on one guard does not hide the refusals of the others.

import type { Clock } from '../clock/clock.js'
import type { Guard } from '../contract/refusal.js'
import type { Log } from '../log/log.js'

const BURST = 20
const PER_SEC = 2

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

type Bucket = { tokens: number; atMs: number; left: number }

export class RefusalLog {
  readonly #buckets = new Map<Guard, Bucket>()

  constructor(
    readonly log: Log,
    readonly clock: Clock,
  ) {}

  write(facts: RefusalFacts): void {
    const nowMs = this.clock.monotonicMs()
    const bucket = this.#buckets.get(facts.guard) ?? { tokens: BURST, atMs: nowMs, left: 0 }
    this.#buckets.set(facts.guard, bucket)
    bucket.tokens = Math.min(BURST, bucket.tokens + ((nowMs - bucket.atMs) * PER_SEC) / 1000)
    bucket.atMs = nowMs
    if (bucket.tokens < 1) {
      bucket.left += 1
      return
    }
    bucket.tokens -= 1
    const suppressed = bucket.left > 0 ? { suppressed: bucket.left } : {}
    bucket.left = 0
    const what = facts.guard === 'connection' ? 'connection closed' : 'request refused'
    this.log.warn({ ...facts, ...suppressed }, what)
  }
}
