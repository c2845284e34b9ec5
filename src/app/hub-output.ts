// The hub as an output of the loop: each board goes out in the cycle that made it.
import type { Output } from '../engine/cycle.js'
import type { Hub } from '../hub/hub.js'

export function createHubOutput(hub: Hub): Output {
  return {
    name: 'stream',
    inCycle: true,
    publish({ board, stats }) {
      // Before the first good reading there is nothing to show: readers wait for the first board.
      if (board.generation === 0) return
      hub.publishNow(board, stats.hitRatio, stats.intervals)
    },
    close: () => Promise.resolve(),
  }
}
