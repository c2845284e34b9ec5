// The state of the source in words. They name moments, not ages, so that they change only when the state does.
import { clockTime, momentText } from '../panels/format.js'
import type { Remark } from '../panels/verdict.js'
import type { PartState, SourceState } from './cycle.js'
import type { UnchangedPrices } from './price-watch.js'

/** `fresh`, `closed, last 15:30`, `stale, last 10:02`, `not json, last 10:02`; last: when the shown document was written. */
export function sourceText(source: SourceState, timezone: string): string {
  return stateText(source, nowOf(source), timezone)
}

/** By the clock that its times are read on. */
function nowOf({ changedAtMs, ageSec }: SourceState): number | null {
  return changedAtMs === null || ageSec === null ? null : changedAtMs + ageSec * 1000
}

function stateText(
  { state, changedAtMs }: Pick<SourceState, 'state' | 'changedAtMs'>,
  nowMs: number | null,
  timezone: string,
): string {
  const word = state.replaceAll('_', ' ')
  if (state === 'fresh' || changedAtMs === null) return word
  return `${word}, last ${momentText(changedAtMs, nowMs ?? changedAtMs, timezone)}`
}

const NAMES = 3

/** `prices unchanged since 10:02`, `NIFTY, SENSEX unchanged since 10:02` */
function unchangedText({ names, sinceMs }: UnchangedPrices, timezone: string): string {
  const since = `unchanged since ${clockTime(sinceMs, timezone)}`
  if (names.length === 0) return `prices ${since}`
  const more = names.length > NAMES ? ` and ${names.length - NAMES} more` : ''
  return `${names.slice(0, NAMES).join(', ')}${more} ${since}`
}

/** `es: timeout, last 10:02` */
function partRemark({ name, tooOld, ...state }: PartState, nowMs: number | null, timezone: string): Remark {
  const tone = state.state === 'stale' && !tooOld ? 'warn' : 'error'
  return { tone, text: `${name}: ${stateText(state, nowMs, timezone)}` }
}

function wholeRemarks(source: SourceState, timezone: string): readonly Remark[] {
  const { state, tooOld, unchanged } = source
  const text = sourceText(source, timezone)
  switch (state) {
    case 'fresh':
      return unchanged === undefined ? [] : [{ tone: 'warn', text: unchangedText(unchanged, timezone) }]
    case 'starting':
      return []
    case 'closed':
      return [{ tone: 'muted', text }]
    case 'stale':
      return [{ tone: tooOld ? 'error' : 'warn', text }]
    default:
      return [{ tone: 'error', text: `source ${text}` }]
  }
}

/** What the verdict takes from the source. A source that cannot be read is failing: the board shows the past. */
export function sourceRemarks(source: SourceState, timezone: string): readonly Remark[] {
  const parts = (source.parts ?? []).map(part => partRemark(part, nowOf(source), timezone))
  // The names of the old ones say it better.
  const isSaid = source.state === 'stale' && parts.length > 0
  return isSaid ? parts : [...wholeRemarks(source, timezone), ...parts]
}
