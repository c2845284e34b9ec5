import { describe, expect, test } from 'vitest'
import { pluginResult } from './verdict.js'

const of = (word: string, ...reasons: readonly string[]) => pluginResult({ verdict: { word, reasons } })

describe('the line and the exit code of a verdict', () => {
  test.each([
    ['healthy', 0, 'OK - healthy'],
    ['attention', 1, 'WARNING - attention'],
    ['failing', 2, 'CRITICAL - failing'],
    ['unknown', 3, 'UNKNOWN - unknown'],
    ['a word of a later version', 3, 'UNKNOWN - a word of a later version'],
  ])('%s is %i', (word, code, line) => {
    expect(of(word)).toEqual({ code, line })
  })

  test('have the reasons, the most important first', () => {
    expect(of('failing', 'Provider: down', '2 more')).toEqual({
      code: 2,
      line: 'CRITICAL - Provider: down; 2 more',
    })
  })

  test('are one line without a sign that begins performance data, whatever the server says', () => {
    const { line } = of('failing', 'a | b\nOK - all is well', `\u001b[31m${'x'.repeat(10_000)}`, '\u202e')
    expect(line).toMatch(/^CRITICAL - a ¦ b OK - all is well; x{50,}…; $/)
    expect(of('failing', ...Array.from({ length: 500 }, (_, i) => `${i}`)).line.length).toBeLessThan(200)
  })

  test('are unknown for a document without a verdict', () => {
    for (const health of [null, {}, [], 'ok', { ok: true, status: 'ok' }, { verdict: { word: 'healthy' } }])
      expect(pluginResult(health).code).toBe(3)
  })
})
