import { describe, expect, test } from 'vitest'
import { encodeComment, encodeEvent, encodeJsonEvent, encodeRetry } from './encode.js'

describe('an event', () => {
  test('has a line for each of id, event and data, and ends with a blank line', () => {
    expect(encodeEvent({ id: 'e1-1', event: 'hello', data: '{}' })).toBe(
      'id: e1-1\nevent: hello\ndata: {}\n\n',
    )
  })

  test('with data of several lines has a data field for each, with any kind of line break', () => {
    expect(encodeEvent({ data: 'a\nb\r\nc\rd\n' })).toBe('data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n')
  })

  test.each(['\n', '\r', '\0'])('refuses %j in an id or a name', character => {
    expect(() => encodeEvent({ id: `a${character}b`, data: '' })).toThrow(RangeError)
    expect(() => encodeEvent({ event: `a${character}b`, data: '' })).toThrow(RangeError)
    expect(() => encodeComment(`a${character}b`)).toThrow(RangeError)
  })
})

describe('an event whose data is JSON', () => {
  test('is encoded as encodeEvent does it', () => {
    const json = JSON.stringify({ text: 'a\nb\rc\u2028' })
    expect(encodeJsonEvent('hello', json, 'e1-1')).toBe(
      encodeEvent({ event: 'hello', data: json, id: 'e1-1' }),
    )
    expect(encodeJsonEvent('hello', json)).toBe(encodeEvent({ event: 'hello', data: json }))
  })
})

test('a comment begins with a colon', () => {
  expect(encodeComment('ka')).toBe(': ka\n\n')
  expect(encodeComment('ka', 'line')).toBe(': ka\n')
})

test('retry is whole milliseconds, and a line in the block of the next event', () => {
  expect(encodeRetry(2_000)).toBe('retry: 2000\n')
  expect(() => encodeRetry(1.5)).toThrow(RangeError)
  expect(() => encodeRetry(-1)).toThrow(RangeError)
})
