// Waiting as a parameter: whoever waits takes Timers, so tests can own the time.

export type Timers = {
  /** Runs once after so many milliseconds; returns how to take it back. */
  after(ms: number, run: () => void): () => void
}

/** Longer waits than Node can count would run at once. */
const LONGEST_MS = 2 ** 31 - 1

export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), LONGEST_MS))
    return () => clearTimeout(timer)
  },
}
