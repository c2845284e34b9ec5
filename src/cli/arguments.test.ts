import { expect, test } from 'vitest'
import { number, oneOf, whole } from './arguments.js'

test.each([
  [whole(0, 5), '3', 3],
  [whole(0), '12', 12],
  [number(0.5, 2), '1.5', 1.5],
  [number(1), '1e3', 1000],
])('what is allowed is taken (%#)', (parse, text, value) => {
  expect(parse(text)).toBe(value)
})

test.each([
  [whole(0, 5), ['', ' ', '6', '-1', '1.5', 'x', 'NaN'], 'allowed: a whole number from 0 to 5'],
  [whole(1), ['0', '9007199254740993', 'Infinity'], 'allowed: a whole number from 1 up'],
  [number(0.5, 2), ['', '0.4', '2.1', '1,5'], 'allowed: a number from 0.5 to 2'],
  [number(1), ['Infinity', '0.9'], 'allowed: a number from 1 up'],
])('what is not is an error that says what is (%#)', (parse, texts, message) => {
  for (const text of texts) expect(() => parse(text), text).toThrow(message)
})

test('one of a few is named as it stands, whatever it stands for', () => {
  expect(oneOf([10, 30, 70])('30')).toBe(30)
  expect(oneOf(['done', 'cut'])('cut')).toBe('cut')
  expect(() => oneOf(['done', 'cut'])('DONE')).toThrow('allowed: done, cut')
})
