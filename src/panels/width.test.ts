import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { measure } from './width.js'

/** Characters that change their neighbours, one or more of each kind, between plain ones. */
const MEETING = [
  ...['a', '指', '\u0301', '\u0308', '\u200d', '\u200c', '\u200b', '\ufe0f', '\ufe0e', '\u20e3', '1', '#'],
  ...['👍', '👩', '💻', '❤', '☝', '✈', '©', '🏽', '🏿', '🇮', '🇳', '🏴', '\u{e0067}', '\u{e007f}'],
  ...['क', '\u094d', 'ष', '\u0903', 'ก', 'ำ', '\u0e31', '\u1100', '\u1161', '\u11a8', '가', '\u0600'],
  ...['ｶ', 'ﾞ', 'か', '\u3099', '\ufffd', '…', '\ud83d', '\udc00', '\u0d4e', '\u{1f469}', ' '],
]
const joined = fc.array(fc.constantFrom(...MEETING), { maxLength: 12 }).map(chars => chars.join(''))
const anyText = fc.oneof(
  joined,
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme' }),
)

describe('the measured width', () => {
  test('is that of string-width for any text', () => {
    fc.assert(
      fc.property(anyText, text => {
        expect([text, measure(text).width]).toEqual([text, stringWidth(text)])
      }),
      { numRuns: 20_000 },
    )
  })

  test('is that of string-width for every character, alone and between others', () => {
    for (let code = 0xa0; code < 0x3_0000; code += code < 0x3000 ? 1 : 7) {
      const char = String.fromCodePoint(code)
      for (const text of [char, `a${char}b`, `${char}\u0301`, `👩\u200d${char}`]) {
        if (measure(text).width !== stringWidth(text))
          expect([text, measure(text).width]).toBe(stringWidth(text))
      }
    }
  })

  test('ends with the text: a limit that is not passed changes nothing', () => {
    fc.assert(
      fc.property(anyText, text => {
        const whole = measure(text)
        expect(measure(text, whole.width)).toMatchObject({ width: whole.width, fits: true })
        if (whole.width > 0) expect(measure(text, whole.width - 1).fits).toBe(false)
      }),
    )
  })

  test('keeps a beginning that leaves one column free, cut between characters', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 8 }), (text, limit) => {
        const { kept } = measure(text, limit)
        expect(stringWidth(text.slice(0, kept))).toBeLessThan(limit)
        const ends = [...new Intl.Segmenter('en').segment(text)].map(({ index }) => index)
        expect([...ends, text.length]).toContain(kept)
      }),
      { numRuns: 5_000 },
    )
  })
})
