import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DECODER_START, type DecoderState, decodeKeys, timedOut } from './decode.js'
import type { Key } from './key.js'

const named = (name: string) => ({ kind: 'named', name })
const char = (text: string) => ({ kind: 'char', char: text })
const keysOf = (...chunks: readonly string[]): readonly Key[] => {
  let state: DecoderState = DECODER_START
  const keys: Key[] = []
  for (const chunk of chunks) {
    const decoded = decodeKeys(state, chunk)
    keys.push(...decoded.keys)
    state = decoded.state
  }
  return keys
}

const SEQUENCES = [
  'q',
  'é',
  '日',
  '👍',
  '\r',
  '\t',
  '\u001b[A',
  '\u001bOB',
  '\u001b[1;5C',
  '\u001b[5~',
  '\u001b[Z',
  '\u001b[<64;10;20M',
  '\u001b[<0;3;4M',
  '\u001b[200~q\u001b[A\u001b[201~',
  '\u001b[?62c',
  '\u001bx',
]

describe('bytes of a terminal', () => {
  test('become named keys', () => {
    expect(keysOf('q\u0003\u001a\u007f\t\r \u000c')).toEqual([
      char('q'),
      named('interrupt'),
      named('suspend'),
      named('backspace'),
      named('tab'),
      named('enter'),
      char(' '),
      named('redraw'),
    ])
    expect(keysOf('\u001b[A\u001b[B\u001b[C\u001b[D\u001bOH\u001b[F\u001b[5~\u001b[6~\u001b[Z')).toEqual(
      ['up', 'down', 'right', 'left', 'home', 'end', 'pageup', 'pagedown', 'backtab'].map(named),
    )
  })

  test('give the same keys, wherever they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...SEQUENCES), { maxLength: 8 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        (parts, cuts) => {
          const text = parts.join('')
          const at = [0, ...cuts.map(cut => cut % (text.length + 1)), text.length].sort((a, b) => a - b)
          // The reader joins cut UTF-8 characters, not the decoder.
          const chunks = at.slice(1).map((end, i) => text.slice(at[i], end))
          if (chunks.some(chunk => /[\ud800-\udbff]$/.test(chunk))) return
          expect(keysOf(...chunks)).toEqual(keysOf(text))
        },
      ),
    )
  })

  test('turn the wheel, and nothing else of the mouse', () => {
    expect(keysOf('\u001b[<64;1;1M\u001b[<65;1;1M\u001b[<0;1;1M\u001b[<0;1;1m\u001b[<66;1;1M')).toEqual([
      { kind: 'wheel', direction: 'up' },
      { kind: 'wheel', direction: 'down' },
    ])
  })

  test('that were pasted are no keys', () => {
    expect(keysOf('a\u001b[200~quit q \u001b[A\u001b[20', '1~b')).toEqual([char('a'), char('b')])
  })

  test('of unknown sequences are skipped whole', () => {
    expect(keysOf('\u001b[?62;4c\u001b[99~\u001b[1;2Px')).toEqual([char('x')])
    expect(keysOf('\u001bx\u001b[\u001bq')).toEqual([])
  })

  test('never accumulate: a sequence without an end is dropped', () => {
    const { state } = decodeKeys(DECODER_START, `\u001b[${'1;'.repeat(1000)}`)
    expect(state.pending.length).toBeLessThanOrEqual(64)
    const paste = decodeKeys(DECODER_START, `\u001b[200~${'x'.repeat(100_000)}`)
    expect(paste.state.pending.length).toBeLessThanOrEqual(6)
  })

  test('never throw', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), chunks => void keysOf(...chunks)))
  })
})

describe('a lone ESC', () => {
  test('is a key when nothing follows', () => {
    const { keys, state } = decodeKeys(DECODER_START, '\u001b')
    expect(keys).toEqual([])
    expect(timedOut(state).keys).toEqual([named('escape')])
    expect(timedOut(state).state).toEqual(DECODER_START)
  })

  test('is the beginning of a sequence when that follows', () => {
    expect(keysOf('\u001b', '[A')).toEqual([named('up')])
  })

  test('followed by another is a key at once', () => {
    expect(keysOf('\u001b\u001b')).toEqual([named('escape')])
  })
})
