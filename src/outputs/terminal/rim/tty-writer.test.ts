import { describe, expect, test } from 'vitest'
import { fakeTimers } from '../../../../test/terminal/support/timers.js'
import { TtyWriter } from './tty-writer.js'

/** A terminal that accepts `room` bytes, then none until it has room again. */
function slowTerminal(room: number) {
  const timers = fakeTimers()
  const state = { room, taken: '', drained: 0, gone: 0, closed: 0, slept: 0, broken: false }
  const writer = new TtyWriter(
    { onDrained: () => state.drained++, onGone: () => state.gone++ },
    {
      write(bytes) {
        if (state.broken) throw Object.assign(new Error('gone'), { code: 'EIO' })
        if (state.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' })
        const part = bytes.subarray(0, state.room)
        state.taken += Buffer.from(part).toString('utf8')
        state.room -= part.length
        return part.length
      },
      close: () => state.closed++,
      sleepMs: ms => {
        state.slept += ms
      },
      timers,
    },
  )
  return { writer, state, timers }
}

describe('a writer to a terminal', () => {
  test('that takes everything is never blocked', () => {
    const { writer, state, timers } = slowTerminal(1_000)
    writer.write('hello')
    expect(writer.blocked).toBe(false)
    expect(state.taken).toBe('hello')
    expect(timers.pending()).toBe(0)
  })

  test('that is full keeps the rest and reports when it is written', () => {
    const { writer, state, timers } = slowTerminal(3)
    writer.write('hello')
    expect(writer.blocked).toBe(true)
    timers.advance(1_000)
    expect(state.taken).toBe('hel')
    state.room = 100
    timers.advance(1_000)
    expect(state.taken).toBe('hello')
    expect(writer.blocked).toBe(false)
    expect(state.drained).toBe(1)
    expect(timers.pending()).toBe(0)
  })

  test('that is full accepts no other write', () => {
    const { writer } = slowTerminal(0)
    writer.write('a')
    expect(() => writer.write('b')).toThrow('the last write is not complete')
  })

  test('writes the rest before the last words, and waits only for the timeout', () => {
    const { writer, state, timers } = slowTerminal(2)
    writer.write('rest')
    state.room = 1_000
    expect(writer.writeNow(' end', 100)).toBe(true)
    expect(state.taken).toBe('rest end')
    expect(timers.pending()).toBe(0)
    state.room = 0
    expect(writer.writeNow('never', 100)).toBe(false)
    expect(state.slept).toBe(100)
  })

  test('that is gone reports it once', () => {
    const { writer, state } = slowTerminal(1)
    writer.write('ab')
    state.broken = true
    expect(writer.writeNow('c', 1_000)).toBe(false)
    writer.write('d')
    expect(state.gone).toBe(1)
    expect(writer.blocked).toBe(true)
  })

  test('that is gone while the rest was waiting reports no drain', () => {
    const { writer, state, timers } = slowTerminal(1)
    writer.write('ab')
    state.broken = true
    timers.advance(1_000)
    expect(state).toMatchObject({ gone: 1, drained: 0 })
    expect(timers.pending()).toBe(0)
  })

  test('that is gone is closed too', () => {
    const { writer, state } = slowTerminal(1_000)
    state.broken = true
    writer.write('x')
    writer.close()
    expect(state).toMatchObject({ gone: 1, closed: 1 })
  })

  test('is closed once and leaves no timer', () => {
    const { writer, state, timers } = slowTerminal(0)
    writer.write('x')
    writer.close()
    writer.close()
    expect(state.closed).toBe(1)
    expect(timers.pending()).toBe(0)
  })
})
