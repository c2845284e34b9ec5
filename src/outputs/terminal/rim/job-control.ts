// Ctrl+Z and fg. In raw mode Ctrl+Z is a byte, so the program releases the terminal and stops its process group as the terminal
// would have done. On SIGCONT it takes the terminal again, however it was stopped.
import type { EventEmitter } from 'node:events'
import { systemTimers, type Timers } from '../../../clock/timers.js'

export type JobEdges = {
  readonly signals: Pick<EventEmitter, 'on' | 'removeListener'>
  /** Stops the process group with the default action of SIGTSTP. */
  readonly stopGroup: () => void
  readonly timers: Timers
}

/** A process without a job-control shell is not stopped: it resumes after this time. */
const NOT_STOPPED_MS = 100

const processEdges: JobEdges = {
  signals: process,
  stopGroup: () => process.kill(0, 'SIGTSTP'),
  timers: systemTimers,
}

export function jobControl(
  leave: () => void,
  enter: () => void,
  { signals, stopGroup, timers }: JobEdges = processEdges,
): { suspend(): void; release(): void } {
  let away = false
  let cancelWait = (): void => {}
  const suspend = (): void => {
    if (away) return
    away = true
    leave()
    // Without a listener the signal has its default action.
    signals.removeListener('SIGTSTP', suspend)
    stopGroup()
    cancelWait = timers.after(NOT_STOPPED_MS, resume)
  }
  const resume = (): void => {
    cancelWait()
    if (away) signals.on('SIGTSTP', suspend)
    away = false
    enter()
  }
  signals.on('SIGTSTP', suspend)
  signals.on('SIGCONT', resume)
  return {
    suspend,
    release: () => {
      cancelWait()
      signals.removeListener('SIGTSTP', suspend)
      signals.removeListener('SIGCONT', resume)
    },
  }
}
