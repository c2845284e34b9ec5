// Feeds the last 15 minutes: first from what the server remembers, then from the board that this page follows, also while it is paused.
// Marks where nothing is known: while the connection is lost, and since the source has gone stale.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { createSeries, LEAST_SEC, type Series, WINDOW_SEC } from '../../src/display/series.js'
import { connection, lastByteMs, nowMs, paused, received } from '../model.js'
import { stale } from '../state/staleness.js'
import { askPast } from './past.js'

const kept = createSeries()

export const history: Pick<Series, 'values' | 'ids'> = kept

/** The page's own numbers begin at most so long after those of the server end; what is longer is a gap. */
const SEAM_MS = 5_000

const asked = signal(false)
/** The server has announced what it remembers, or that it does not. */
export const isPastKnown: ReadonlySignal<boolean> = asked

/** From when numbers are known, epoch ms; null before the first. */
const firstMs = signal<number | null>(null)

let drawnMs = 0
/** The time of all drawings, once a second; stops while the page is hidden or paused. */
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

/** Whether there is enough for lines. */
export const hasLines: ReadonlySignal<boolean> = computed(() => knownSec.value >= LEAST_SEC)

/** Starts the history; returns a function that stops it. The values stay. */
export function startHistory(): () => void {
  /** Hashes of the panels taken last; empty while nothing is known. */
  const taken = new Map<string, string>()
  /** When the last byte came, on this connection or the previous one. */
  let heardMs = 0
  /** When the server's numbers end; 0 without any. */
  let filledMs = 0
  /** The connection was lost since the server was asked. */
  let wasLost = false

  async function askServer(): Promise<void> {
    wasLost = false
    const past = await askPast(kept)
    if (past !== null && past.sinceMs !== null) {
      filledMs = past.endSec * 1000
      firstMs.value = Math.min(firstMs.peek() ?? past.sinceMs, past.sinceMs)
    }
    asked.value = true
  }

  void askServer()
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
      if (taken.size === 0 && filledMs > 0 && atMs - filledMs > SEAM_MS) kept.interrupt(filledMs)
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
      const { state } = connection.value
      if (state === 'live' && wasLost) void askServer()
      else if (state !== 'live' && state !== 'connecting') wasLost = true
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
