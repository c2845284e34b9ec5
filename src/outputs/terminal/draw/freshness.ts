// The source of the status now: how old what is shown is, and whether it may be judged.
import { shortDuration } from '../../../display/age.js'
import type { CycleResult } from '../../../engine/cycle.js'
import { sourceText } from '../../../engine/source-words.js'
import { MISSING } from '../../../panels/format.js'
import type { Panel, Tone } from '../../../panels/panel.js'

export type Freshness = { readonly text: string; readonly tone: Tone }

/** The age of the shown status now, seconds; null before the first good reading. */
export function statusAgeSec({ source: { changedAtMs } }: CycleResult, nowMs: number): number | null {
  return changedAtMs === null ? null : Math.max(0, nowMs - changedAtMs) / 1000
}

/** `2 s ago`, `closed, last 15:30`, `stale 12 s`, `missing 3 min` (the age of what is still shown), `starting`. */
export function freshness(result: CycleResult, nowMs: number, timezone: string): Freshness {
  const { state, tooOld } = result.source
  const age = statusAgeSec(result, nowMs)
  if (state === 'starting') return { text: state, tone: 'muted' }
  if (state === 'fresh')
    return { text: age === null ? state : `${shortDuration(age * 1000)} ago`, tone: 'ok' }
  if (state === 'closed') return { text: sourceText(result.source, timezone), tone: 'muted' }
  const words = state === 'not_json' ? 'not JSON' : state.replaceAll('_', ' ')
  const text = age === null ? words : `${words} ${shortDuration(age * 1000)}`
  return { text, tone: state === 'stale' && !tooOld ? 'warn' : 'error' }
}

/** The alerts panel with nothing but a count of 0: the bar says it. */
export function isNoAlerts({ key, blocks }: Panel): boolean {
  return (
    key === 'alerts' &&
    blocks.every(
      block =>
        (block.kind === 'fields' &&
          block.items.every(({ text, value }) => value === 0 || text === MISSING)) ||
        (block.kind === 'table' && block.rows.length === 0),
    )
  )
}
