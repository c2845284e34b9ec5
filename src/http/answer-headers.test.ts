import { expect, test } from 'vitest'
import { streamHead } from './answer-headers.js'

test('the head of a stream has a line for each value', () => {
  const head = streamHead({ 'X-One': 'a', 'X-Two': ['b', 'c'] })
  expect(String(head)).toBe('HTTP/1.1 200 OK\r\nX-One: a\r\nX-Two: b\r\nX-Two: c\r\n\r\n')
})

test.each(['a\rb', 'a\n', '\0'])('a value with a line break is a fault that names its header', value => {
  expect(() => streamHead({ 'X-One': ['fine', value] })).toThrow('X-One')
})
