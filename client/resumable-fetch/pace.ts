// When a lost connection is made again:
//     max(Retry-After, random × retryDelayMs × min(20, 2^failures))
// A new event ends the run of failures, so an answer that goes on is never given up.
import type { ResumableOptions } from './options.js'

const MOST_TIMES = 20

export type Pace = {
  /** Ends the run of failures. */
  good(): void
  /** Waits until the next attempt; false: there is none, or `signal` has aborted. */
  wait(signal: AbortSignal | undefined, leastMs: number): Promise<boolean>
}

export function createPace({
  maxAttempts = 8,
  maxOutageMs = 60_000,
  retryDelayMs = 250,
}: ResumableOptions): Pace {
  let failures = 0
  let firstMs = 0
  return {
    good() {
      failures = 0
    },
    async wait(signal, leastMs) {
      const nowMs = performance.now()
      if (failures === 0) firstMs = nowMs
      const longestMs = retryDelayMs * Math.min(MOST_TIMES, 2 ** failures++)
      const ms = Math.max(leastMs, Math.random() * longestMs)
      if (failures > maxAttempts || nowMs + ms > firstMs + maxOutageMs) return false
      await new Promise<void>(resolve => {
        const end = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        signal?.addEventListener('abort', end)
        if (signal?.aborted) end()
      })
      return !signal?.aborted
    },
  }
}

/** `Retry-After` in milliseconds, 0 or less without a sensible one: seconds, a list of which the first counts, or a date (RFC 9110 10.2.3). */
export function retryAfterMs(text: string): number {
  return Number.parseFloat(text) * 1000 || Date.parse(text) - Date.now() || 0
}
