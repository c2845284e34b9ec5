import { expect, test } from 'vitest'
import { number, oneOf, whole } from './arguments.js'

test.each([
  [whole(0, 5), '3', 3],
  [whole(0), '12', 12],
  [number(0.5, 2), '1.5', 1.5],
  [number(1), '1e3', 1000],
])('an allowed value is accepted (%#)', (parse, text, value) => {
  expect(parse(text)).toBe(value)
})

test.each([
  [whole(0, 5), ['', ' ', '6', '-1', '1.5', 'x', 'NaN'], 'allowed: a whole number from 0 to 5'],
  [whole(1), ['0', '9007199254740993', 'Infinity'], 'allowed: a whole number from 1 up'],
  [number(0.5, 2), ['', '0.4', '2.1', '1,5'], 'allowed: a number from 0.5 to 2'],
  [number(1), ['Infinity', '0.9'], 'allowed: a number from 1 up'],
])('another value is an error that says what is allowed (%#)', (parse, texts, message) => {
  for (const text of texts) expect(() => parse(text), text).toThrow(message)
})

test('a choice is given by its text and returns its value', () => {
  expect(oneOf([10, 30, 70])('30')).toBe(30)
  expect(oneOf(['done', 'cut'])('cut')).toBe('cut')
  expect(() => oneOf(['done', 'cut'])('DONE')).toThrow('allowed: done, cut')
})
