// A scenario on a real file, at a steady pace. Good documents replace the file whole; faults do to it what a bad day does.
import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock/clock.js'
import { writeAtomically } from '../files/atomic.js'
import { documentText, type Scenario, type ScenarioStep } from './scenario.js'

export type SimulatorOptions = {
  /** The status file; its folder is made when it is missing. */
  readonly path: string
  /** From one step to the next. */
  readonly refreshSec: number
  /** Steps in all; 0 = until the signal. */
  readonly cycles: number
  readonly scenario: Scenario
  /** Ends the run; what is being written is finished first. */
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
      // The text is cut short, the file is still replaced as a whole: a link in its place is not followed.
      return writeAtomically(path, step.text)
    case 'delete':
      return rm(path, { force: true })
    case 'pause':
    case 'restart':
      return
  }
}

/**
 * Runs the scenario until the signal or after `cycles` steps; the file stays as it was last. Steps lie on a fixed grid: a
 * late one does not shift the next, and those that were missed are left out. Rejects when the file cannot be written, and
 * says which.
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
  let place = 0
  for (let n = 0; !signal.aborted && (cycles === 0 || n < cycles); n += 1) {
    if (n > 0) {
      const elapsedMs = clock.monotonicMs() - startMs
      place = Math.max(place + 1, Math.floor(elapsedMs / refreshMs))
      const aheadMs = place * refreshMs - elapsedMs
      if (aheadMs > 0) await wait(aheadMs, signal)
      if (signal.aborted) return
    }
    await perform(scenario.step(n, clock.nowMs()), path)
  }
}
