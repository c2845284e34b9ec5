import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { fakeTimers } from '../../../../test/terminal/support/timers.js'
import { jobControl } from './job-control.js'

function job() {
  const signals = new EventEmitter()
  const timers = fakeTimers()
  const steps: string[] = []
  const control = jobControl(
    () => steps.push('leave'),
    () => steps.push('enter'),
    {
      signals,
      timers,
      stopGroup: () => steps.push(`stop with ${signals.listenerCount('SIGTSTP')} listeners`),
    },
  )
  return { signals, timers, steps, control }
}

describe('suspending', () => {
  test('releases the terminal, stops the group by the default action, and takes the terminal again on SIGCONT', () => {
    const { signals, steps, control } = job()
    control.suspend()
    expect(steps).toEqual(['leave', 'stop with 0 listeners'])
    signals.emit('SIGCONT')
    expect(steps.at(-1)).toBe('enter')
    expect(signals.listenerCount('SIGTSTP')).toBe(1)
  })

  test('works the same when SIGTSTP comes from outside', () => {
    const { signals, steps } = job()
    signals.emit('SIGTSTP')
    expect(steps).toEqual(['leave', 'stop with 0 listeners'])
  })

  test('resumes by itself when the process was not stopped', () => {
    const { timers, steps, control } = job()
    control.suspend()
    timers.advance(1_000)
    expect(steps).toEqual(['leave', 'stop with 0 listeners', 'enter'])
  })

  test('redraws also after a stop without SIGTSTP', () => {
    const { signals, steps } = job()
    signals.emit('SIGCONT')
    expect(steps).toEqual(['enter'])
  })

  test('listens to nothing after its release', () => {
    const { signals, timers, control } = job()
    control.suspend()
    control.release()
    expect(signals.eventNames()).toEqual([])
    expect(timers.pending()).toBe(0)
  })
})
