// The words of the strip: how connection and source stand, each with the tone it is shown in.
import { ageText } from '../state/ages.js'
import type { ConnectionView } from '../state/connection.js'
import { type Health, sourceAgeSec } from '../state/health.js'
import { wordsOf } from '../state/overall.js'
import type { Tone } from '../state/panels.js'

export type Said = { readonly text: string; readonly tone: Tone }

export function connectionWords({ state, retryAtMs }: ConnectionView, nowMs: number): Said {
  switch (state) {
    case 'live':
      return { text: 'live', tone: 'ok' }
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

/** The source may be old while all is well with the connection; null: nothing is known of it. */
export function sourceWords(health: Health | null, nowMs: number): Said {
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
