// The texts of the strip for the states of connection and source, each with its tone.
import { ageText } from '../state/ages.js'
import type { ConnectionView } from '../state/connection.js'
import { type Health, sourceAgeSec } from '../state/health.js'
import { wordsOf } from '../state/overall.js'
import type { Tone } from '../state/panels.js'

export type FactText = { readonly text: string; readonly tone: Tone }

/** `heardMs`: when the last byte came. */
export function connectionWords(
  { state, retryAtMs }: ConnectionView,
  nowMs: number,
  heardMs: number,
): FactText {
  switch (state) {
    case 'live':
      return { text: 'live', tone: 'ok' }
    case 'silent':
      return { text: `no sign of life for ${ageText(nowMs - heardMs)}`, tone: 'error' }
    case 'signed-out':
      return { text: 'signed out', tone: 'error' }
    case 'reconnecting': {
      const sec = Math.ceil(((retryAtMs ?? nowMs) - nowMs) / 1000)
      return { text: sec > 0 ? `reconnecting in ${sec} s` : 'reconnecting', tone: 'error' }
    }
    case 'stale':
      return { text: 'stale', tone: 'error' }
    case 'connecting':
      return { text: 'connecting', tone: 'info' }
  }
}

/** `health` is null when the state of the source is unknown. */
export function sourceWords(health: Health | null, nowMs: number): FactText {
  if (health === null) return { text: '—', tone: 'muted' }
  const { sourceState, sourceText } = health
  if (sourceState === 'closed') return { text: sourceText ?? sourceState, tone: 'muted' }
  const ageSec = sourceAgeSec(health, nowMs)
  const age = ageSec === null ? '' : `, ${ageText(ageSec * 1000)}`
  const text = `${wordsOf(sourceState)}${age}`
  if (sourceState === 'fresh') return { text, tone: 'ok' }
  if (sourceState === 'stale') return { text, tone: 'warn' }
  return { text, tone: sourceState === 'starting' || sourceState === 'unknown' ? 'info' : 'error' }
}

/** `98.4 %` */
export function percentText(ratio: number | null): string {
  return ratio === null ? '—' : `${(ratio * 100).toFixed(1)} %`
}
