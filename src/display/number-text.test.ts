import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupedText, NUMBER_FORMATS, numberText } from './number-text.js'

const number = (text: string, unit?: string) => ({ text, value: 1, ...(unit !== undefined && { unit }) })

describe('a number', () => {
  test('is grouped as the setting says', () => {
    const shown = (text: string) => NUMBER_FORMATS.map(format => groupedText(number(text), format).number)
    expect(shown('1234567.00')).toEqual(['1234567.00', '1,234,567.00', '12,34,567.00'])
    expect(shown('123456789012')).toEqual(['123456789012', '123,456,789,012', '1,23,45,67,89,012'])
    expect(shown('999')).toEqual(['999', '999', '999'])
    expect(shown('1000')).toEqual(['1000', '1,000', '1,000'])
    expect(shown('100000.5')).toEqual(['100000.5', '100,000.5', '1,00,000.5'])
  })

  test('has a true minus, also without grouping; a plus stays', () => {
    expect(groupedText(number('-12345.6'), 'plain').number).toBe('−12345.6')
    expect(groupedText(number('+0.25'), 'en').number).toBe('+0.25')
  })

  test('with an exponent is not grouped', () => {
    expect(groupedText(number('1e21'), 'en').number).toBe('1e21')
    expect(groupedText(number('-9.007e15'), 'en').number).toBe('−9.007e15')
    expect(groupedText(number('1e-7'), 'en').number).toBe('1e−7')
  })

  test('is apart from its unit, in its text or not', () => {
    expect(groupedText(number('12.5 %', '%'), 'en')).toEqual({ number: '12.5', unit: '%' })
    expect(groupedText(number('60s', 's'), 'en')).toEqual({ number: '60', unit: 's' })
    expect(groupedText(number('231.5', 'MB'), 'en')).toEqual({ number: '231.5', unit: 'MB' })
    expect(groupedText(number('3.2 s ago', 's'), 'en')).toEqual({ number: '3.2', unit: 's ago' })
    expect(groupedText(number('12000 MiB/s', 'MiB/s'), 'en')).toEqual({ number: '12,000', unit: 'MiB/s' })
    expect(groupedText(number('12000 lakh rupees', 'lakh rupees'), 'en').unit).toBe('lakh rupees')
  })
})

describe('text that is more than a number', () => {
  test('stays as it is', () => {
    for (const text of ['12345 (9876)', '14:16:10', '2025-12-31', '1h 30m', '12000s in the future', '—', ''])
      expect(groupedText(number(text), 'en')).toEqual({ number: text, unit: '' })
  })

  test('without a value is never changed, however it looks', () => {
    for (const text of ['-12345', '20251231', '12345 ms', '7.17.0'])
      expect(groupedText({ text }, 'en')).toEqual({ number: text, unit: '' })
  })

  test('of a moment is never changed', () => {
    expect(groupedText(number('20251231', 'time'), 'en')).toEqual({ number: '20251231', unit: '' })
  })
})

test('grouping keeps every digit', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(...NUMBER_FORMATS),
      (value, format) => {
        const shown = groupedText({ text: String(value), value }, format).number
        expect(Number(shown.replaceAll(',', '').replaceAll('−', '-'))).toBe(value + 0)
      },
    ),
  )
})

test('a computed number has no sign before zero', () => {
  expect([-0.001, 12345.678, -12345.678, Number.NaN].map(value => numberText(value, 2, 'en'))).toEqual([
    '0.00',
    '12,345.68',
    '−12,345.68',
    '—',
  ])
})
