import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { addKnownTexts, cleanText, clipText, displayWidth, shownText, takeKnownTexts } from './text.js'

describe('clean text', () => {
  test.each([
    [
      'stays as it is when there is nothing to clean',
      'NIFTY 24512.30 — ₹ 指数 👍',
      'NIFTY 24512.30 — ₹ 指数 👍',
    ],
    ['loses C0 controls and DEL', 'a\u0000b\u0007c\u007fd', 'abcd'],
    ['loses C1 controls', 'a\u0080b\u009fc', 'abc'],
    ['loses colours and cursor moves whole', '\u001b[31mred\u001b[0m\u001b[2J \u009b1mbold', 'red bold'],
    ['loses terminal titles and links whole', '\u001b]0;owned\u0007a\u001b]8;;http://x\u001b\\b', 'ab'],
    ['loses an escape that begins nothing', 'a\u001bb', 'ab'],
    ['has blanks for line breaks and tabs', 'a\r\nb\tc\u2028d\u0085e', 'a b c d e'],
    ['loses bidi overrides, isolates and marks', 'a\u202eb\u2066c\u2069d\u200fe\u061cf', 'abcdef'],
    ['loses invisible characters that split words', 'a\u200bb\u00adc\ufeffd\u2060e', 'abcde'],
    ['shows half a surrogate pair as unreadable', 'a\ud83db', 'a\ufffdb'],
    [
      'keeps the marks of any writing',
      'n\u0303\u0323 क\u094d\u0937\u093f \u0e01\u0e33',
      'n\u0303\u0323 क\u094d\u0937\u093f \u0e01\u0e33',
    ],
    ['loses the rest of a pile of marks', `a${'\u0301'.repeat(50)}b`, `a${'\u0301'.repeat(8)}b`],
    ['loses the rest of a row of joiners', `👩${'\u200d'.repeat(50)}💻`, `👩${'\u200d'.repeat(8)}💻`],
    ['keeps what joins an emoji', '👩\u200d💻', '👩\u200d💻'],
  ])('%s', (_, given, expected) => {
    expect(cleanText(given)).toBe(expected)
  })
})

describe('the width of text', () => {
  test.each([
    ['ascii', 5],
    ['指数', 4],
    ['👍', 2],
    ['👩\u200d💻', 2],
    ['e\u0301', 1],
    ['—…₹×é', 5],
    ['', 0],
  ])('of %s is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
    expect(displayWidth(text)).toBe(width)
  })

  test('found by the fast path is that of a terminal, for every character that takes this path', () => {
    for (let code = 0x20; code < 0x2fff; code++) {
      const text = `a${String.fromCharCode(code)}b`
      if (cleanText(text) === text) expect([code, displayWidth(text)]).toEqual([code, stringWidth(text)])
    }
  })
})

describe('clipped text', () => {
  test('that fits exactly stays as it is; one column more is cut to the width', () => {
    expect(clipText('12345', 5)).toBe('12345')
    expect(clipText('123456', 5)).toBe('1234…')
  })

  test('never splits a wide character or an emoji', () => {
    expect(clipText('指数指', 6)).toBe('指数指')
    expect(clipText('指数指', 5)).toBe('指数…')
    expect(clipText('指数指', 4)).toBe('指…')
    expect(clipText('👩\u200d💻👩\u200d💻', 3)).toBe('👩\u200d💻…')
  })

  test('is bounded in length even when it has no width', () => {
    expect(shownText(`a${'\u0301'.repeat(100_000)}`, 10).length).toBeLessThan(400)
  })

  test('is never wider than asked for', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('指', '👍', '\u0301', 'é', '\u001b', '\ud83d'), fc.string()),
    })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (given, columns) => {
        expect(stringWidth(shownText(given, columns))).toBeLessThanOrEqual(columns)
      }),
    )
  })
})

describe('text as shown', () => {
  test('has at most 120 columns by default', () => {
    expect(displayWidth(shownText('x'.repeat(500)))).toBe(120)
    expect(displayWidth(shownText('x'.repeat(500), 200))).toBe(200)
  })

  test('is never cut into half a surrogate pair', () => {
    for (const marks of [157, 158, 159]) {
      expect(shownText(`a${'\u0301'.repeat(marks)}👍👍`, 10)).not.toMatch(/\p{Cs}|\ufffd/u)
    }
  })

  test('is cut between characters when it is enormous', () => {
    expect(shownText('👍'.repeat(1_000_000), 5)).toBe('👍👍…')
  })
})

describe('what was measured', () => {
  test('in another thread gives the same texts and widths here', () => {
    const texts = ['क\u094dष'.repeat(60), `👩\u200d💻 ${'指'.repeat(100)}`, 'é\u0301', 'plain']
    const shown = texts.map(text => shownText(text))
    const widths = shown.map(displayWidth)
    const known = structuredClone(takeKnownTexts())
    expect(known.widths.length).toBeGreaterThanOrEqual(3)
    expect(takeKnownTexts()).toEqual({ widths: [], shown: [] })
    addKnownTexts(known)
    expect(texts.map(text => shownText(text))).toEqual(shown)
    expect(shown.map(displayWidth)).toEqual(widths)
  })

  test('is kept for a bounded number of texts', () => {
    takeKnownTexts()
    for (let i = 0; i < 20_000; i++) displayWidth(shownText(`指 ${i}`))
    const { widths, shown } = takeKnownTexts()
    expect(widths.length).toBeLessThanOrEqual(4_096)
    for (const [, texts] of shown) expect(texts.length).toBeLessThanOrEqual(4_096)
  })
})
