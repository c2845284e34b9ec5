// Feeds the last 15 minutes from the board that this page follows, also while it is paused, and marks where nothing is known: while
// the connection is lost, and since the source has gone stale.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { createSeries, LEAST_SEC, type Series, WINDOW_SEC } from '../../src/display/series.js'
import { connection, lastByteMs, nowMs, paused, received } from '../model.js'
import { stale } from '../state/staleness.js'

const kept = createSeries()

export const history: Pick<Series, 'values' | 'ids'> = kept

/** When the first numbers came, epoch ms; null before. */
const firstMs = signal<number | null>(null)

let drawnMs = 0
/** The time of all drawings, once a second; stands still while the page is hidden or paused. */
export const drawnAtMs: ReadonlySignal<number> = computed(() => {
  const now = nowMs.value
  if (!paused.value && (drawnMs === 0 || !document.hidden)) drawnMs = now
  return drawnMs
})

/** For how long this page knows numbers, seconds. */
export const knownSec: ReadonlySignal<number> = computed(() =>
  firstMs.value === null ? 0 : Math.max(0, Math.floor((drawnAtMs.value - firstMs.value) / 1000)),
)

/** The seconds that every drawing shows: what is known, at most 15 minutes. */
export const spanSec: ReadonlySignal<number> = computed(() =>
  Math.min(WINDOW_SEC, Math.max(LEAST_SEC, knownSec.value + 1)),
)

/** Starts the history; returns a function that stops it. The values stay. */
export function startHistory(): () => void {
  /** Hashes of the panels taken last; empty while nothing is known. */
  const taken = new Map<string, string>()
  /** When the last byte came, on this connection or the previous one. */
  let heardMs = 0
  const ends = [
    effect(() => {
      const isLive = connection.value.state === 'live'
      const board = received.value
      const old = stale.value
      if (!isLive || board === null || old !== null) {
        // A stale source says nothing about now, whatever it repeats.
        const sinceMs = old?.why === 'source' ? old.sinceMs : (lastByteMs() ?? heardMs)
        if (taken.size > 0) kept.interrupt(sinceMs)
        taken.clear()
        return
      }
      const atMs = Date.now()
      for (const [key, panel] of board.panels) {
        if (taken.get(key) === panel.hash) continue
        taken.set(key, panel.hash)
        kept.take(key, panel.facts, atMs)
        if (panel.facts !== undefined) firstMs.value = firstMs.peek() ?? atMs
      }
      for (const key of taken.keys()) {
        if (board.panels.has(key)) continue
        taken.delete(key)
        kept.take(key, undefined, atMs)
      }
    }),
    effect(() => {
      heardMs = (nowMs.value > 0 ? lastByteMs() : null) ?? heardMs
      if (connection.peek().state === 'live' && stale.peek() === null) kept.confirm(heardMs)
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}
