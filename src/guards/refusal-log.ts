// One structured log line a refusal, but never a flood: each guard may write a burst and then a few lines a second; how many
// were left out stands in the next line. An attack on one guard does not hide what the others refuse.

import type { Clock } from '../clock/clock.js'
import type { Guard } from '../contract/refusal.js'
import type { Log } from '../log/log.js'

const BURST = 20
const PER_SEC = 2

export type RefusalFacts = {
  readonly guard: Guard
  readonly code: string
  /** Of the audit record that says the same, where there is one. */
  readonly operation?: string
  /** Parsed, so free of anything but digits, letters, dots and colons. */
  readonly address: string
  /** Of a request; a connection has neither. */
  readonly requestId?: string
  /** The route's template, never what the client wrote. */
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
