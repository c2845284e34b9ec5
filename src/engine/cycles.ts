// What turns boards out: the loop that builds them, or the one that follows another server's. The program sees no more.
import type { Verdict } from '../protocol/events.js'
import type { CycleResult, SourceState } from './cycle.js'
import type { OutputObserver } from './output-runner.js'
import type { Statistics } from './statistics.js'

export type LoopEnd = 'cycles' | 'seconds' | 'stopped'

/** Told of every cycle, and of every output that got its result or failed. */
export type CyclesObserver = OutputObserver & {
  onCycle?(result: CycleResult, seconds: number): void
}

export interface Cycles {
  readonly statistics: Statistics
  readonly finished: Promise<LoopEnd>
  /** The newest result; null before the first. */
  readonly latest: CycleResult | null
  /** How the source stands right now. */
  sourceNow(): SourceState
  /** How the system is right now. */
  verdictNow(): Verdict
  start(): void
  /** Looks at the source again now. */
  refresh(): Promise<void>
  /** Ends after the cycle under way; waits for the source and the outputs. Idempotent. */
  stop(): Promise<void>
  /** Closes the outputs; after it has ended. */
  closeOutputs(): Promise<void>
}
