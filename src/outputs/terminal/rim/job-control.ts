// Ctrl+Z and fg. In raw mode Ctrl+Z is a byte, so the program stops itself as the terminal would have: with its whole process
// group, after giving the terminal back. On SIGCONT it takes the terminal again, however it was stopped.
import type { EventEmitter } from 'node:events'
import type { Timers } from '../keys/reader.js'
import { realTimers } from '../keys/reader.js'

export type JobEdges = {
  readonly signals: Pick<EventEmitter, 'on' | 'removeListener'>
  /** Stops the process group with the default action of SIGTSTP. */
  readonly stopGroup: () => void
  readonly timers: Timers
}

/** A process that no shell looks after is not stopped; then it goes on by itself. */
const NOT_STOPPED_MS = 100

const processEdges: JobEdges = {
  signals: process,
  stopGroup: () => process.kill(0, 'SIGTSTP'),
  timers: realTimers,
}

export function jobControl(
  leave: () => void,
  enter: () => void,
  { signals, stopGroup, timers }: JobEdges = processEdges,
): { suspend(): void; release(): void } {
  let away = false
  let waiting: unknown = null
  const suspend = (): void => {
    if (away) return
    away = true
    leave()
    // Without a listener the signal has its default action again.
    signals.removeListener('SIGTSTP', suspend)
    stopGroup()
    waiting = timers.set(resume, NOT_STOPPED_MS)
  }
  const resume = (): void => {
    if (waiting !== null) timers.clear(waiting)
    waiting = null
    if (away) signals.on('SIGTSTP', suspend)
    away = false
    enter()
  }
  signals.on('SIGTSTP', suspend)
  signals.on('SIGCONT', resume)
  return {
    suspend,
    release: () => {
      if (waiting !== null) timers.clear(waiting)
      signals.removeListener('SIGTSTP', suspend)
      signals.removeListener('SIGCONT', resume)
    },
  }
}
