// Feeds the history from the board that this page follows, also while paused, and marks where the connection was lost.
import { effect } from '@preact/signals'
import { connection, lastByteMs, nowMs, received } from '../model.js'
import { createHistory, type History } from './history.js'
import { PANELS_WITH_NUMBERS, samplesOf } from './numbers.js'

const kept = createHistory()

export const history: Pick<History, 'labels' | 'lines'> = kept

/** Starts the history; returns a function that stops it. The values stay. */
export function startHistory(): () => void {
  /** Hashes of the panels taken last; empty while the connection is lost. */
  const taken = new Map<string, string>()
  /** When the last byte came, on this connection or the previous one. */
  let heardMs = 0
  const ends = [
    effect(() => {
      const isLive = connection.value.state === 'live'
      const board = received.value
      if (!isLive || board === null) {
        if (taken.size > 0) kept.interrupt(lastByteMs() ?? heardMs)
        taken.clear()
        return
      }
      for (const key of PANELS_WITH_NUMBERS) {
        const panel = board.panels.get(key)
        const hash = panel?.hash ?? ''
        if (taken.get(key) === hash) continue
        taken.set(key, hash)
        kept.take(key, samplesOf(key, panel?.facts), Date.now())
      }
    }),
    effect(() => {
      heardMs = (nowMs.value > 0 ? lastByteMs() : null) ?? heardMs
      if (connection.peek().state === 'live') kept.confirm(heardMs)
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}
