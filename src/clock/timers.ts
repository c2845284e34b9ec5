// Waiting as a parameter: whoever waits takes Timers, so tests can own the time.

export type Timers = {
  /** Runs once after so many milliseconds, however many; returns how to take it back. */
  after(ms: number, run: () => void): () => void
}

/** Longer waits than Node can count would run at once. */
const LONGEST_MS = 2 ** 31 - 1

export const systemTimers: Timers = {
  after: (ms, run) => {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      const nextMs = Math.min(leftMs, LONGEST_MS)
      timer = setTimeout(() => (leftMs > nextMs ? wait(leftMs - nextMs) : run()), nextMs)
    }
    wait(Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}
