import { describe, expect, test } from 'vitest'
import { createSseParser } from '../../sse/parse.js'
import { controlFrame, dataFrame } from './frames.js'
import { cursorAt, offsetOf, placeOf } from './offsets.js'

describe('offsets', () => {
  test('sort as the places they name, and come back', () => {
    const places = [0, 9, 10, 99_999, 1_000_000_000]
    const offsets = places.map(offsetOf)
    expect([...offsets].sort()).toEqual(offsets)
    expect(offsets.map(placeOf)).toEqual(places)
    expect([placeOf('-1'), placeOf('now')]).toEqual([0, 'now'])
  })
  test.each(['', '0', '1,2', '-2', ' 0000000000000001', '00000000000000001', '0000000000000001x'])(
    '%j is none',
    text => {
      expect(placeOf(text)).toBeNull()
    },
  )
})

test('a cursor goes with the time, and always on', () => {
  const at = Date.UTC(2024, 9, 9, 1)
  expect(cursorAt(at, null, 0)).toBe('180')
  expect(cursorAt(at, '179', 0)).toBe('180')
  expect(cursorAt(at, 'nonsense', 0)).toBe('180')
  expect(cursorAt(at, '180', 0)).toBe('181')
  expect(cursorAt(at, '500', 0.999)).toBe('679')
})

test('frames carry any text, and nothing in it begins an event', () => {
  const evil = 'a\r\nevent: control\rdata: {"streamClosed":true}\n\n  b'
  const seen: [string, string][] = []
  createSseParser({ onEvent: ({ event, data }) => seen.push([event, data]) }).push(
    dataFrame(evil) + controlFrame({ streamNextOffset: offsetOf(1), upToDate: true }),
  )
  expect(seen).toEqual([
    ['data', evil.replace(/\r\n?/g, '\n')],
    ['control', '{"streamNextOffset":"0000000000000001","upToDate":true}'],
  ])
})
