import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flagTone, namesAState, stateTone } from './state-words.js'

const KNOWN = JSON.parse(
  readFileSync(new URL('../../test/fixtures/cases/words.json', import.meta.url), 'utf8'),
) as Readonly<Record<'ok' | 'info' | 'warn' | 'error', readonly string[]>>
const TONES = ['ok', 'info', 'warn', 'error'] as const

describe('a state word', () => {
  test.each(TONES)('of real status documents has its tone, in any spelling: %s', tone => {
    const spellings = KNOWN[tone].flatMap(word => [
      word,
      word.toUpperCase(),
      ` ${word.replaceAll('_', ' ')} `,
      word.replaceAll('_', '-'),
    ])
    expect(spellings.filter(word => stateTone(word) !== tone)).toEqual([])
  })

  test('that is not known is a warning, never good', () => {
    for (const word of ['frobnicated', 'hibernating', '???', '', '1', 'läuft'])
      expect(stateTone(word)).toBe('warn')
  })

  test('made of several is as bad as its worst known part', () => {
    const shown = [
      'Up 3 days (unhealthy)',
      'ok/degraded',
      'RunContainerError',
      'services.down',
      'OK - all good',
    ]
    expect(shown.map(stateTone)).toEqual(['error', 'warn', 'error', 'error', 'ok'])
    expect(['CrashLoopBackOff', 'major outage', 'HEALTH_ERR'].map(stateTone)).toEqual([
      'error',
      'error',
      'error',
    ])
  })

  test('that is negated is not good', () => {
    expect(['NotReady', 'not_running', 'no connected peers'].map(stateTone)).toEqual(['warn', 'warn', 'warn'])
    expect(stateTone('no errors')).toBe('info')
  })

  test('is never better than any known word it contains', () => {
    const pairs = fc.tuple(
      fc.constantFrom(...TONES.flatMap(tone => KNOWN[tone].map(word => [word, tone] as const))),
      fc.constantFrom(...TONES.flatMap(tone => KNOWN[tone].map(word => [word, tone] as const))),
      fc.constantFrom(' ', '_', '-', '/', ', '),
    )
    fc.assert(
      fc.property(pairs, ([[a, toneA], [b, toneB], between]) => {
        const words = `${a}${between}${b}`
        // Two parts together may be a known word.
        fc.pre(!TONES.some(tone => KNOWN[tone].includes(words.replaceAll(/[^a-z]+/g, '_'))))
        const single = [a, b].every(word => !word.includes('_'))
        fc.pre(single)
        const worst = Math.max(TONES.indexOf(toneA), TONES.indexOf(toneB))
        expect(TONES.indexOf(stateTone(words))).toBe(worst)
      }),
    )
  })
})

test('a boolean has a tone where its name tells which value is good', () => {
  expect([flagTone('connected', false), flagTone('is_healthy', true), flagTone('expired', true)]).toEqual([
    'error',
    'ok',
    'error',
  ])
  expect([flagTone('enabled', false), flagTone('backup', false)]).toEqual([undefined, undefined])
})

test('a member is a state by its name', () => {
  expect(['status', 'write_state', 'health', 'statute', 'estate'].map(namesAState)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
