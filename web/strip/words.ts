// The texts of the bar for the states of connection and source.
import { durationText, shortDuration } from '../../src/display/age.js'
import type { ConnectionView } from '../state/connection.js'
import { type Health, sourceAgeSec } from '../state/health.js'
import { wordsOf } from '../state/overall.js'

export type FactText = { readonly text: string }

/** `heardMs`: when the last byte came. */
export function connectionWords(
  { state, retryAtMs }: ConnectionView,
  nowMs: number,
  heardMs: number,
): FactText {
  switch (state) {
    case 'live':
    case 'stale':
    case 'connecting':
      return { text: state }
    case 'silent':
      return { text: `no sign of life for ${shortDuration(nowMs - heardMs)}` }
    case 'signed-out':
      return { text: 'signed out' }
    case 'reconnecting': {
      const sec = Math.ceil(((retryAtMs ?? nowMs) - nowMs) / 1000)
      return { text: sec > 0 ? `reconnecting in ${sec} s` : 'reconnecting' }
    }
  }
}

/** `2 s ago`, `missing, 6 min 40 s`; `health` is null when the state of the source is unknown. */
export function sourceWords(health: Health | null, nowMs: number): FactText {
  if (health === null) return { text: '—' }
  const { sourceState, sourceText } = health
  if (sourceState === 'closed') return { text: sourceText ?? sourceState }
  const ageSec = sourceAgeSec(health, nowMs)
  if (ageSec === null) return { text: wordsOf(sourceState) }
  const age = durationText(ageSec * 1000)
  return { text: sourceState === 'fresh' ? `${age} ago` : `${wordsOf(sourceState)}, ${age}` }
}

/** `39 min`; for a phone. Of a source that is not fresh its state: the cause next to it has the age. */
export function shortSourceWords(health: Health | null, nowMs: number): string {
  const ageSec = health === null ? null : sourceAgeSec(health, nowMs)
  if (health?.sourceState !== 'fresh' || ageSec === null) return wordsOf(health?.sourceState ?? '—')
  return shortDuration(ageSec * 1000)
}

/** `98.4 %` */
export function percentText(ratio: number | null): string {
  return ratio === null ? '—' : `${(ratio * 100).toFixed(1)} %`
}
