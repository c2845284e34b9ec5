// Whether the page shows old data, since when, and why.
import { computed, type ReadonlySignal } from '@preact/signals'
import { board, connection, health, lastLiveMs } from '../model.js'
import { sourceAgeSec } from './health.js'

type Stale = { readonly why: 'connection' | 'source'; readonly sinceMs: number }

/** Polled ages jitter: a time that moved by less is the same time. */
const JITTER_MS = 3_000
let lastSourceMs = 0

function steady(sinceMs: number): number {
  if (Math.abs(sinceMs - lastSourceMs) > JITTER_MS) lastSourceMs = sinceMs
  return lastSourceMs
}

/** States in which the shown data is current: nobody writes while the market is closed. */
const CALM: ReadonlySet<string> = new Set(['fresh', 'closed', 'unknown'])

/** Null while the data is fresh, and before the first board. */
export const stale: ReadonlySignal<Stale | null> = computed(() => {
  if (board.value === null) return null
  const { state } = connection.value
  // The first board may come before the connection counts as live.
  if (state !== 'live' && state !== 'connecting') return { why: 'connection', sinceMs: lastLiveMs.value }
  const known = health.value
  if (known === null || CALM.has(known.sourceState)) return null
  const ageSec = sourceAgeSec(known, known.atMs)
  return { why: 'source', sinceMs: steady(known.atMs - (ageSec ?? 0) * 1000) }
})

export const isStale: ReadonlySignal<boolean> = computed(() => stale.value !== null)
