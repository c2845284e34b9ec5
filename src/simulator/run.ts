// Runs a scenario on a real status file, at a steady pace.
import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock/clock.js'
import { writeAtomically } from '../files/atomic.js'
import { documentText, type Scenario, type ScenarioStep } from './scenario.js'

export type SimulatorOptions = {
  /** The status file; a missing folder is created. */
  readonly path: string
  /** Time between two steps. */
  readonly refreshSec: number
  /** Number of steps; 0 = until the signal aborts. */
  readonly cycles: number
  readonly scenario: Scenario
  /** Ends the run; a write in progress is finished first. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

async function waitOrAbort(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function perform(step: ScenarioStep, path: string): Promise<void> {
  switch (step.kind) {
    case 'document':
      return writeAtomically(path, documentText(step.document))
    case 'half_written':
      // Only the text is cut short: the file is still replaced atomically, so a link in its place is not followed.
      return writeAtomically(path, step.text)
    case 'delete':
      return rm(path, { force: true })
    case 'pause':
    case 'restart':
      return
  }
}

/**
 * Runs the scenario for `cycles` steps or until the signal aborts, and leaves the file in place. Steps have a fixed schedule:
 * a late one does not delay the next, and missed ones are skipped. Rejects when the file cannot be written, and names it.
 */
export async function runSimulator(options: SimulatorOptions): Promise<void> {
  try {
    await run(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`the status file ${options.path} cannot be written: ${reason}`, { cause: error })
  }
}

async function run(options: SimulatorOptions): Promise<void> {
  const { path, refreshSec, cycles, scenario, signal, clock = systemClock, wait = waitOrAbort } = options
  const refreshMs = refreshSec * 1000
  const startMs = clock.monotonicMs()
  let slot = 0
  for (let n = 0; !signal.aborted && (cycles === 0 || n < cycles); n += 1) {
    if (n > 0) {
      const elapsedMs = clock.monotonicMs() - startMs
      slot = Math.max(slot + 1, Math.floor(elapsedMs / refreshMs))
      const aheadMs = slot * refreshMs - elapsedMs
      if (aheadMs > 0) await wait(aheadMs, signal)
      if (signal.aborted) return
    }
    await perform(scenario.step(n, clock.nowMs()), path)
  }
}
