// The data of the pictures in docs/: a busy simulated platform, the same every time.
import { runSimulator } from '../../../src/simulator/run.js'
import { createScenario } from '../../../src/simulator/scenario.js'

/** Writes the status file until the returned function is called and awaited. */
export function startPictureSource(path: string, refreshSec: number): () => Promise<void> {
  const stop = new AbortController()
  const writing = runSimulator({
    path,
    refreshSec,
    cycles: 0,
    signal: stop.signal,
    scenario: createScenario({
      seed: 11,
      indices: ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'],
      intervalSec: 60,
      shape: 'both',
      scenario: 'busy',
      openMarket: true,
      withAnalytics: true,
    }),
  })
  return async () => {
    stop.abort()
    await writing
  }
}
