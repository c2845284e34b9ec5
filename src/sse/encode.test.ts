import { describe, expect, test } from 'vitest'
import { encodeComment, encodeEvent, encodeRetry } from './encode.js'

describe('an event', () => {
  test('has id, event and data, each on its line, and ends with a blank one', () => {
    expect(encodeEvent({ id: 'e1-1', event: 'hello', data: '{}' })).toBe(
      'id: e1-1\nevent: hello\ndata: {}\n\n',
    )
  })

  test('of several lines has a data field for each, whatever the line breaks', () => {
    expect(encodeEvent({ data: 'a\nb\r\nc\rd\n' })).toBe('data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n')
  })

  test.each(['\n', '\r', '\0'])('refuses %j in an id or a name', character => {
    expect(() => encodeEvent({ id: `a${character}b`, data: '' })).toThrow(RangeError)
    expect(() => encodeEvent({ event: `a${character}b`, data: '' })).toThrow(RangeError)
    expect(() => encodeComment(`a${character}b`)).toThrow(RangeError)
  })
})

test('a comment begins with a colon', () => {
  expect(encodeComment('ka')).toBe(': ka\n\n')
})

test('retry is whole milliseconds', () => {
  expect(encodeRetry(2_000)).toBe('retry: 2000\n\n')
  expect(() => encodeRetry(1.5)).toThrow(RangeError)
  expect(() => encodeRetry(-1)).toThrow(RangeError)
})
