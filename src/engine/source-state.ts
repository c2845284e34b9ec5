// The state of the input in one word. It depends on when the document was written, and on whether anybody should have written
// since: silence is normal while the market is closed.
import { agoMs, type Moment, wallTimeOf } from '../clock/moment.js'
import type { Staleness } from '../panels/definition.js'
import { opensAfter, tradingMsBetween } from '../snapshot/market.js'
import type { GoodReading, Reading, SourcePart } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { isAhead } from '../snapshot/time.js'
import type { PartState, SourceState, StatusState } from './cycle.js'
import type { UnchangedPrices } from './price-watch.js'

export type StaleLimits = {
  readonly warnSec: number
  readonly errorSec: number
  /** `G6_STALENESS`; `market` when not given. */
  readonly staleness?: Staleness
  /** Prices that stay the same for this long in an open market are reported as unchanged; absent: never. */
  readonly unchangedSec?: number
}

/**
 * When the document was written: by its own time (unless it is in the future), else by the age that its source gives, else when its
 * file last changed. The age is taken once, when it was read, and grows by the steady clock from then on.
 */
export function writtenAt(
  { readAtMs, modifiedAtMs, ageMs, isRecorded = false }: GoodReading,
  documentMs: number | null,
  now: Moment,
): Moment {
  const changedMs = ageMs === undefined ? Math.min(modifiedAtMs, readAtMs) : readAtMs - ageMs
  const isUsable = documentMs !== null && !isRecorded && !isAhead(documentMs, readAtMs)
  const wallMs = isUsable ? Math.min(documentMs, readAtMs) : changedMs
  return { wallMs, monotonicMs: now.monotonicMs - Math.max(0, now.wallMs - wallMs) }
}

export type SourceFacts = {
  /** The newest reading; null before the first. */
  readonly reading: Reading | null
  /** When the last good document was written; null before the first. */
  readonly written: Moment | null
  readonly market: Snapshot['market'] | null
  readonly unchanged: UnchangedPrices | null
  readonly limits: StaleLimits
  /** The limits of a source that is asked again after this time, for the parts of a document. */
  readonly limitsAt?: (everySec: number) => StaleLimits
  readonly now: Moment
}

/**
 * For how long a document has been overdue, seconds. While the market is closed it is not overdue: the time begins at the next opening. A
 * writer of indices that never names the market works in trading hours, so only these count.
 */
function overdueSec(ageSec: number, atMs: number, { market, limits, now }: SourceFacts): number {
  if (limits.staleness === 'always' || market === null) return ageSec
  if (market.keepsTradingHours) return Math.min(ageSec, tradingMsBetween(atMs, now.wallMs) / 1000)
  if (market.state !== 'closed') return ageSec
  return Math.min(ageSec, Math.max(0, (now.wallMs - opensAfter(market, atMs)) / 1000))
}

function wordOf(ageSec: number | null, overdue: number | null, { warnSec }: StaleLimits): StatusState {
  if (overdue !== null && overdue > warnSec) return 'stale'
  return ageSec !== null && ageSec > warnSec ? 'closed' : 'fresh'
}

/** Empty while the source is well. */
function partState(
  { name, fault, writtenAtMs, everyMs }: SourcePart,
  wholeAgeSec: number,
  facts: SourceFacts & { readonly written: Moment },
): readonly PartState[] {
  const limits = everyMs === undefined ? facts.limits : (facts.limitsAt?.(everyMs / 1000) ?? facts.limits)
  // Both times are by the clock of the reading; the age grows by the steady clock.
  const ageSec =
    writtenAtMs === null ? null : Math.max(0, wholeAgeSec + (facts.written.wallMs - writtenAtMs) / 1000)
  const overdue = ageSec === null || writtenAtMs === null ? null : overdueSec(ageSec, writtenAtMs, facts)
  const tooOld = overdue !== null && overdue > limits.errorSec
  if (fault !== null)
    return [{ name, state: fault.error, changedAtMs: writtenAtMs, error: fault.message, tooOld }]
  const state = wordOf(ageSec, overdue, limits)
  return state === 'stale' ? [{ name, state, changedAtMs: writtenAtMs, error: null, tooOld }] : []
}

export function sourceState(facts: SourceFacts): SourceState {
  const { reading, written, unchanged, limits, now } = facts
  const ageSec = written === null ? null : agoMs(written, now) / 1000
  const changedAtMs = written === null ? null : wallTimeOf(written, now)
  const overdue = ageSec === null || changedAtMs === null ? null : overdueSec(ageSec, changedAtMs, facts)
  const tooOld = overdue !== null && overdue > limits.errorSec
  if (reading === null) return { state: 'starting', ageSec, changedAtMs, error: null, tooOld }
  if (!reading.ok) return { state: reading.error, ageSec, changedAtMs, error: reading.message, tooOld }
  const state = wordOf(ageSec, overdue, limits)
  const parts =
    written === null || ageSec === null
      ? []
      : (reading.parts ?? []).flatMap(part => partState(part, ageSec, { ...facts, written }))
  const known = { state, ageSec, changedAtMs, error: null, tooOld, ...(parts.length === 0 ? {} : { parts }) }
  // Without new documents there are no new prices.
  return unchanged === null || state !== 'fresh' ? known : { ...known, unchanged }
}
