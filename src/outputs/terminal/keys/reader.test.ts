import { describe, expect, test } from 'vitest'
import { fakeTimers } from '../../../../test/terminal/support/timers.js'
import type { Key } from './key.js'
import { ESCAPE_WAIT_MS, KeyReader } from './reader.js'

function reading() {
  const timers = fakeTimers()
  const keys: Key[] = []
  const reader = new KeyReader(more => keys.push(...more), timers)
  return { timers, keys, reader }
}

describe('the key reader', () => {
  test('treats an ESC as a key only after the wait', () => {
    const { timers, keys, reader } = reading()
    reader.push(Buffer.from('\u001b'))
    timers.advance(ESCAPE_WAIT_MS - 1)
    expect(keys).toEqual([])
    timers.advance(1)
    expect(keys).toEqual([{ kind: 'named', name: 'escape' }])
  })

  test('does not wait when the sequence goes on', () => {
    const { timers, keys, reader } = reading()
    reader.push(Buffer.from('\u001b'))
    reader.push(Buffer.from('[B'))
    timers.advance(1_000)
    expect(keys).toEqual([{ kind: 'named', name: 'down' }])
  })

  test('restarts the wait with every byte of a slow sequence', () => {
    const { timers, keys, reader } = reading()
    for (const byte of '\u001b[B') {
      reader.push(Buffer.from(byte))
      timers.advance(ESCAPE_WAIT_MS - 10)
    }
    expect(keys).toEqual([{ kind: 'named', name: 'down' }])
  })

  test('joins characters that arrive byte by byte', () => {
    const { keys, reader } = reading()
    for (const byte of Buffer.from('é日')) reader.push(Buffer.from([byte]))
    expect(keys).toEqual([
      { kind: 'char', char: 'é' },
      { kind: 'char', char: '日' },
    ])
  })

  test('leaves no timer behind when it is closed', () => {
    const { timers, reader } = reading()
    reader.push(Buffer.from('\u001b'))
    reader.close()
    expect(timers.pending()).toBe(0)
  })
})
