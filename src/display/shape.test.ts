import { expect, test } from 'vitest'
import { TONES } from '../panels/panel.js'
import { ASCII_SHAPES, markOf, notWellFirst, SHAPES, toneOfVerdict, toneRank } from './shape.js'

test('every tone has a shape of its own, also in ASCII', () => {
  for (const shapes of [SHAPES, ASCII_SHAPES]) expect(new Set(TONES.map(tone => shapes[tone])).size).toBe(5)
  expect(Object.values(ASCII_SHAPES).join('')).toMatch(/^[\x20-\x7e]+$/)
})

test('what is well has no mark', () => {
  expect([undefined, 'ok', 'muted'].map(tone => markOf(TONES.find(known => known === tone)))).toEqual([
    '',
    '',
    '',
  ])
  expect([markOf('warn'), markOf('error'), markOf('info')]).toEqual(['▲', '■', '◆'])
})

test('tones have an order', () => {
  expect([...TONES].sort((a, b) => toneRank(a) - toneRank(b))).toEqual([
    'error',
    'warn',
    'info',
    'ok',
    'muted',
  ])
  expect(toneRank(undefined)).toBe(toneRank('ok'))
})

test('errors, then warnings come first, and nothing else moves', () => {
  const items = ['a ok', 'b warn', 'c info', 'd error', 'e muted', 'f warn'] as const
  const toneOf = (item: string) => TONES.find(tone => item.endsWith(tone))
  expect(
    notWellFirst(items, toneOf)
      .map(item => item[0])
      .join(''),
  ).toBe('dbface')
  const calm = ['a ok', 'b info']
  expect(notWellFirst(calm, toneOf)).toBe(calm)
})

test('a word that is not known says nothing', () => {
  expect(['Healthy', 'attention', 'failing', 'unknown', 'constructor'].map(toneOfVerdict)).toEqual([
    'ok',
    'warn',
    'error',
    'muted',
    'muted',
  ])
})
