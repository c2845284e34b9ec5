// Several sources as one: a new reading of any is a new reading of the whole. The part of a failed source keeps its last good
// status, marked stale; the whole fails only when every source has failed.
import { type Clock, systemClock } from '../clock/clock.js'
import type { PushTarget } from '../engine/push-target.js'
import type { Source } from '../engine/source.js'
import { compose } from '../ingest/compose.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { joinedWarnings } from '../ingest/json-text.js'
import type { BadReading, DataWarning, GoodReading, Reading } from '../snapshot/reading.js'

type Member = {
  readonly source: Source
  good: GoodReading | null
  /** When `good` was new, by the monotonic clock. */
  newAtMs: number
  /** Null while the source is up. */
  bad: BadReading | null
}

/** Of a very large document only the beginning can be united with others (`LargeReading.omitted`). */
export function warningsOf(good: GoodReading | null): readonly DataWarning[] {
  const { warnings = [], large } = good ?? {}
  if (large === undefined || large.omitted === 0) return warnings
  const what = 'too large to be united with other sources'
  return [...warnings, { kind: 'cut', path: 'the document', what, count: large.omitted }]
}

export class CompositeSource implements Source {
  readonly name: string
  readonly #members: readonly Member[]
  readonly #clock: Clock

  /** The first is the primary. */
  constructor(sources: readonly Source[], clock: Clock = systemClock) {
    this.#members = sources.map(source => ({ source, good: null, newAtMs: 0, bad: null }))
    this.#clock = clock
    this.name = sources.map(source => source.name).join(', ')
  }

  start(onReading: (reading: Reading) => void): void {
    for (const member of this.#members) {
      member.source.start(reading => {
        if (reading.ok) {
          member.good = reading
          member.newAtMs = this.#clock.monotonicMs() - (reading.ageMs ?? 0)
          member.bad = null
        } else member.bad = reading
        const whole = this.#whole()
        if (whole !== null) onReading(whole)
      })
    }
  }

  get pushTargets(): readonly PushTarget[] {
    return this.#members.flatMap(({ source }) => source.pushTargets ?? [])
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#members.map(({ source }) => source.refresh()))
  }

  ingest(nowMs: number, intervalSec: number | null): readonly IngestStats[] {
    return this.#members.flatMap(({ source }) => source.ingest?.(nowMs, intervalSec) ?? [])
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ source }) => source.close()))
  }

  /** Null while there is no good status and a source may still deliver one. */
  #whole(): Reading | null {
    const faults = this.#members.flatMap(({ bad }) => bad ?? [])
    if (faults.length === this.#members.length) return faults[0] ?? null
    return this.#members.some(({ good }) => good !== null) ? this.#composed() : null
  }

  /** With the name of the source before each path. */
  #warnings(): readonly DataWarning[] {
    return this.#members
      .flatMap(({ source, good }) =>
        warningsOf(good).map(warning => ({ ...warning, path: `${source.name}: ${warning.path}` })),
      )
      .reduce<readonly DataWarning[]>((all, warning) => joinedWarnings(all, [warning]), [])
  }

  #composed(): GoodReading {
    const warnings = this.#warnings()
    const parts = this.#members.flatMap(({ source, good, newAtMs, bad }) =>
      good === null ? [] : [{ name: source.name, status: good.status, down: bad !== null, good, newAtMs }],
    )
    // As old as its newest part.
    const ageMs = this.#clock.monotonicMs() - Math.max(...parts.map(({ newAtMs }) => newAtMs))
    return {
      ok: true,
      status: compose(parts),
      readAtMs: this.#clock.nowMs(),
      modifiedAtMs: Math.max(...parts.map(({ good }) => good.modifiedAtMs)),
      sizeBytes: parts.reduce((sum, { good }) => sum + good.sizeBytes, 0),
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(ageMs > 0 ? { ageMs } : {}),
    }
  }
}
