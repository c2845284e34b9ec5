// The state of the source now, as a text and a tone, and ages as text.
import type { CycleResult } from '../../../engine/cycle.js'
import { sourceText } from '../../../engine/source-words.js'
import type { Tone } from '../../../panels/panel.js'

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
]

/** `12s`, `3m`, `2h`, `4d`; a unit is used from two on, so 119 s stay seconds. */
export function ageText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  for (const [size, name] of UNITS) if (whole >= 2 * size) return `${Math.floor(whole / size)}${name}`
  return `${whole}s`
}

export type Freshness = { readonly text: string; readonly tone: Tone }

/** The age of the shown status now, seconds; null before the first good reading. */
export function statusAgeSec({ source: { changedAtMs } }: CycleResult, nowMs: number): number | null {
  return changedAtMs === null ? null : Math.max(0, nowMs - changedAtMs) / 1000
}

/**
 * `fresh`, `closed, last 15:30`, `stale 12s`, `missing 3m` (the kind of error and the age of what is still shown), `starting`.
 */
export function freshness(result: CycleResult, nowMs: number, timezone: string): Freshness {
  const { state, tooOld } = result.source
  if (state === 'starting') return { text: state, tone: 'muted' }
  if (state === 'fresh') return { text: state, tone: 'ok' }
  if (state === 'closed') return { text: sourceText(result.source, timezone), tone: 'muted' }
  const age = statusAgeSec(result, nowMs)
  const text = age === null ? state : `${state} ${ageText(age)}`
  return { text, tone: state === 'stale' && !tooOld ? 'warn' : 'error' }
}
