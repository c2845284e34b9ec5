// What a text costs in processor time, so that other processes do not count. The least of several runs is taken, because of the
// garbage collector.
import { describe, expect, test } from 'vitest'
import { cleanText, clipText, displayWidth, shownText } from './text.js'

const UNITS: readonly (readonly [string, string])[] = [
  ['beginnings of titles', '\u009d'],
  ['beginnings of titles with text', '\u001b]x'],
  ['beginnings of colours', '\u009b1;'],
  ['escapes', '\u001b'],
  ['line breaks', '\n'],
  ['marks that are invisible', '\u202e'],
  ['halves of surrogate pairs', '\ud83d'],
  ['combining marks', '\u0301'],
  ['letters with marks', 'e\u0301\u0308'],
  ['joined pictures', '👩\u200d💻'],
  ['flags', '🇮🇳'],
  ['halves of flags', '🇮'],
  ['skin tones', '🏽'],
  ['keycaps', '1\ufe0f\u20e3'],
  ['conjuncts', 'क\u094dष'],
  ['spacing marks', 'a\u0903'],
  ['parts of Hangul', '\u1100\u1161'],
  ['wide characters', '指'],
]

function leastMs(work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 5; run++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

describe.each(UNITS)('a text of %s', (_, unit) => {
  const ofLength = (length: number): string => unit.repeat(Math.ceil(length / unit.length))

  test('is cleaned and measured in time linear in its length', () => {
    for (const work of [cleanText, displayWidth]) {
      const [short, long] = [10_000, 160_000].map(ofLength).map(text => leastMs(() => work(text)))
      // 16 times the text; 5 ms of tolerance, because short runs are hard to measure.
      expect(long).toBeLessThan(16 * 3 * (short ?? 0) + 5)
    }
  })

  test('is shown and clipped in time that its length does not change', () => {
    for (const work of [shownText, clipText]) {
      const [short, long] = [4_000, 200_000]
        .map(ofLength)
        .map(text => leastMs(() => [1, 2, 3, 4, 5].map(() => work(text, 120))))
      expect(long).toBeLessThan(5 * (short ?? 0) + 5)
    }
  })
})
