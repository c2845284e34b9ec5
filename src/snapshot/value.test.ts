import { describe, expect, test } from 'vitest'
import { emptyRecord, flag, isSafeName, list, map, member, number, text } from './value.js'

describe('a value of one type', () => {
  test('is a number when it is a plain decimal number in text', () => {
    const texts = ['1', '-0.5', '+2', ' 3 ', '90822.00', '24,512.30', '1,23,456.78', '1,000,000']
    expect(texts.map(number)).toEqual([1, -0.5, 2, 3, 90_822, 24_512.3, 123_456.78, 1_000_000])
    const others = [
      '',
      'n/a',
      '1e5',
      '0x10',
      '12%',
      '12 (9)',
      '1,2',
      '1,23',
      '1,234,56',
      '1.2.3',
      '.',
      '-',
      '٣',
      '1'.repeat(41),
    ]
    expect(others.map(number)).toEqual(others.map(() => null))
  })

  test('is a number only when it is a finite number; zero is a value, without a sign', () => {
    expect([0, -1.5, 1e21].map(number)).toEqual([0, -1.5, 1e21])
    expect([number(-0), number('-0')]).toEqual([0, 0])
    const others = [true, null, undefined, Number.NaN, Number.POSITIVE_INFINITY, [], {}]
    expect(others.map(number)).toEqual(others.map(() => null))
  })

  test('is text only when it is not blank, and is trimmed', () => {
    expect(text(' a b ')).toBe('a b')
    expect(['', '  ', 1, true, null, []].map(text)).toEqual([null, null, null, null, null, null])
  })

  test('is a flag only when it is true or false', () => {
    expect([true, false, 1, 0, 'true', null].map(flag)).toEqual([true, false, null, null, null, null])
  })

  test('is a map or a list, never both', () => {
    expect(map({})).toEqual({})
    expect([[], null, 'a', 1].map(map)).toEqual([null, null, null, null])
    expect(list([])).toEqual([])
    expect([{}, null, 'a', 1].map(list)).toEqual([null, null, null, null])
  })
})

describe('a member', () => {
  test('is never inherited', () => {
    expect(member({}, 'constructor')).toBeUndefined()
    expect(member({}, '__proto__')).toBeUndefined()
    expect(member({ a: 1 }, 'a')).toBe(1)
    expect(member(null, 'a')).toBeUndefined()
  })

  test('of an empty record is undefined, whatever its name', () => {
    expect(emptyRecord().toString).toBeUndefined()
  })

  test('may not have the name of a prototype or a blank name', () => {
    expect(['__proto__', 'constructor', 'prototype', '', ' ', 'NIFTY'].map(isSafeName)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ])
  })
})
