import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { paddingFor, panelText, plainData } from './payload.js'

describe('the payload', () => {
  test.each([0, 1, 500, 4096, 60_000])('is exactly %i bytes that JSON need not escape', bytes => {
    const text = panelText(bytes)
    expect(Buffer.byteLength(text)).toBe(bytes)
    expect(JSON.stringify(text)).toBe(`"${text}"`)
  })

  test('is the same every time', () => {
    expect(panelText(5000)).toBe(panelText(5000))
  })

  test('compresses like text, neither like noise nor like one letter', () => {
    const part = deflateRawSync(panelText(4096)).length / 4096
    expect(part).toBeGreaterThan(0.15)
    expect(part).toBeLessThan(0.5)
  })

  test('fills an event up to its size, and may be empty', () => {
    expect(paddingFor(1024, 52)).toHaveLength(972)
    expect(paddingFor(10, 52)).toBe('')
  })
})

test('an event has its number and time within its first bytes', () => {
  expect(JSON.parse(plainData(7, 123_456, 'x y'))).toEqual({ s: 7, t: 123_456, p: 'x y' })
})
