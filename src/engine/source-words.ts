// The state of the source in words. They name moments, not ages, so that they change only when the state does.
import { clockTime } from '../panels/format.js'
import type { Remark } from '../panels/verdict.js'
import type { SourceState } from './cycle.js'
import type { UnchangedPrices } from './price-watch.js'

/** `fresh`, `closed, last 15:30`, `stale, last 10:02`, `not json, last 10:02`; last: when the shown document was written. */
export function sourceText({ state, changedAtMs }: SourceState, timezone: string): string {
  const word = state.replaceAll('_', ' ')
  if (state === 'fresh' || changedAtMs === null) return word
  return `${word}, last ${clockTime(changedAtMs, timezone)}`
}

const NAMES = 3

/** `prices unchanged since 10:02`, `NIFTY, SENSEX unchanged since 10:02` */
function unchangedText({ names, sinceMs }: UnchangedPrices, timezone: string): string {
  const since = `unchanged since ${clockTime(sinceMs, timezone)}`
  if (names.length === 0) return `prices ${since}`
  const more = names.length > NAMES ? ` and ${names.length - NAMES} more` : ''
  return `${names.slice(0, NAMES).join(', ')}${more} ${since}`
}

/** What the verdict takes from the source. A source that cannot be read is failing: the board shows the past. */
export function sourceRemarks(source: SourceState, timezone: string): readonly Remark[] {
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
