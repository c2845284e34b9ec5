import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statusText } from './status-text.js'

const textOf = (bytes: Buffer): string => {
  const decoded = statusText(bytes)
  return decoded.ok ? decoded.text : decoded.message
}
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const ADVICE = 'write UTF-8, or UTF-16 with a byte-order mark'

describe('the text of a status file', () => {
  test('is the same in every encoding that is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), inner => {
        const text = JSON.stringify({ inner })
        const marked = `\ufeff${text}`
        for (const bytes of [text, marked].map(each => Buffer.from(each))) expect(textOf(bytes)).toBe(text)
        expect(textOf(Buffer.from(marked, 'utf16le'))).toBe(text)
        expect(textOf(utf16be(marked))).toBe(text)
      }),
    )
  })

  test('ends before the zeros that pad it', () => {
    expect(textOf(Buffer.from('{"a": 1}\n\0\0\0'))).toBe('{"a": 1}\n')
    expect(textOf(Buffer.from('\ufeff{}\0\0', 'utf16le'))).toBe('{}')
    expect(textOf(Buffer.alloc(64))).toBe('it holds nothing but NUL bytes')
    expect(textOf(Buffer.alloc(0))).toBe('')
  })

  test.each([
    ['UTF-16 LE', Buffer.from('{"a": 1}', 'utf16le'), `it is UTF-16 LE without a byte-order mark; ${ADVICE}`],
    ['UTF-16 BE', utf16be('{"a": 1}'), `it is UTF-16 BE without a byte-order mark; ${ADVICE}`],
    ['UTF-32 LE', Buffer.from('{\0"\0', 'utf16le'), `it is UTF-32 LE; ${ADVICE}`],
    ['UTF-32 BE', utf16be('\0{\0"'), `it is UTF-32 BE; ${ADVICE}`],
    ['UTF-32 LE with a mark', Buffer.from('\ufeff\0{\0', 'utf16le'), `it is UTF-32 LE; ${ADVICE}`],
    [
      'Latin-1',
      Buffer.from('{"a":\n "caf\u00e9"}', 'latin1'),
      `it is not UTF-8 at line 2, column 6; ${ADVICE}`,
    ],
    [
      'a surrogate as three bytes',
      Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
      `it is not UTF-8 at line 1, column 2; ${ADVICE}`,
    ],
    [
      'a wrong byte behind a mark and a replacement character',
      Buffer.concat([Buffer.from('\ufeff"\ufffd₹😀'), Buffer.from([0xff, 0x22])]),
      `it is not UTF-8 at line 1, column 6; ${ADVICE}`,
    ],
    [
      'half a pair of surrogates',
      Buffer.from('\ufeff{\n"\ufffd\ud800"}', 'utf16le'),
      `it is not UTF-16 LE at line 2, column 3; ${ADVICE}`,
    ],
    ['half a character of UTF-8', Buffer.from('"₹').subarray(0, -1), 'it ends in the middle of a character'],
    [
      'half a character of UTF-16',
      Buffer.from('\ufeff"₹', 'utf16le').subarray(0, -1),
      'it ends in the middle of a character',
    ],
  ])('of %s is refused', (_, bytes, message) => {
    expect(statusText(bytes)).toEqual({ ok: false, message })
  })

  test('any bytes give text or a message, in linear time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        expect(textOf(Buffer.from(bytes))).toBeTypeOf('string')
      }),
    )
    const startMs = performance.now()
    expect(
      textOf(Buffer.concat([Buffer.from('\ufffd'.repeat(1_000_000)), Buffer.from([0xff, 0x20])])),
    ).toMatch(/column 1000001/)
    expect(performance.now() - startMs).toBeLessThan(5_000)
  })
})
