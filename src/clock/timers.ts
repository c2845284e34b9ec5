// Waiting as a parameter: code that waits takes Timers, so that tests can control the time.

export type Timers = {
  /** Runs once after `ms` milliseconds, of any number; returns a function that cancels it. */
  after(ms: number, run: () => void): () => void
}

/** Node runs a timer at once when it is longer than this. */
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
