// Whether what is shown may be the past, since when, and why.
import { computed, type ReadonlySignal } from '@preact/signals'
import { board, connection, health, lastLiveMs, nowMs } from '../model.js'
import { ageText } from './ages.js'
import { sourceAgeSec } from './health.js'

type Stale = { readonly why: 'connection' | 'source'; readonly sinceMs: number }

/** Ages are asked for again and again and jitter; a moment that moved less than this is the same one. */
const JITTER_MS = 3_000
let lastSourceMs = 0

function steady(sinceMs: number): number {
  if (Math.abs(sinceMs - lastSourceMs) > JITTER_MS) lastSourceMs = sinceMs
  return lastSourceMs
}

/** In these states what is shown is what there is: while the market is closed nobody writes. */
const CALM: ReadonlySet<string> = new Set(['fresh', 'closed', 'unknown'])

/** Null while all is fresh, and while there is nothing to be stale. Moves in whole seconds. */
export const stale: ReadonlySignal<Stale | null> = computed(() => {
  if (board.value === null) return null
  if (connection.value.state !== 'live') return { why: 'connection', sinceMs: lastLiveMs.value }
  const known = health.value
  if (known === null || CALM.has(known.sourceState)) return null
  const ageSec = sourceAgeSec(known, known.atMs)
  return { why: 'source', sinceMs: steady(known.atMs - (ageSec ?? 0) * 1000) }
})

export const isStale: ReadonlySignal<boolean> = computed(() => stale.value !== null)

/** `3 min`; empty while fresh. */
export const staleAge: ReadonlySignal<string> = computed(() =>
  stale.value === null ? '' : ageText(nowMs.value - stale.value.sinceMs),
)
