import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryLog } from './memory-log.js'

const PLENTY = 1 << 24

function dechunked(bytes: Buffer): string {
  let out = ''
  for (let at = 0; at < bytes.length; ) {
    const eol = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, eol).toString('latin1'), 16)
    out += bytes.subarray(eol + 2, eol + 2 + size).toString('utf8')
    expect(bytes.subarray(eol + 2 + size, eol + 4 + size).toString()).toBe('\r\n')
    at = eol + 4 + size
  }
  return out
}

test('from any position, in any step and framing, exactly what follows is read', () => {
  const events = fc.array(fc.string({ minLength: 1, maxLength: 9_000, unit: 'grapheme' }), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(events, fc.nat(), fc.integer({ min: 1, max: 100_000 }), (texts, from, aboutBytes) => {
      const log = new MemoryLog(PLENTY)
      for (const text of texts) expect(log.append(text)).toBe(true)
      for (const framing of ['chunked', 'raw'] as const) {
        let at = from % texts.length
        const begin = at
        let out = ''
        while (at < log.tail) {
          const { bytes, next } = log.readFrom(at, framing, aboutBytes)
          expect(next).toBeGreaterThan(at)
          if (next - at > 1) expect(bytes.length).toBeLessThanOrEqual(aboutBytes)
          out += framing === 'raw' ? bytes.toString('utf8') : dechunked(bytes)
          at = next
        }
        expect(out).toBe(texts.slice(begin).join(''))
      }
      expect(log.bytesBefore(log.tail)).toBe(log.sizeBytes)
      expect(log.bytesBefore(0)).toBe(0)
    }),
    { numRuns: 60 },
  )
})

describe('the log', () => {
  test('takes nothing over its limit but the end', () => {
    const log = new MemoryLog(100)
    expect(log.append('x'.repeat(80))).toBe(true)
    expect(log.append('x'.repeat(80))).toBe(false)
    expect(log.tail).toBe(1)
    expect(log.append('end', true)).toBe(true)
    log.close('whole')
    expect([log.tail, log.end]).toEqual([2, 'whole'])
    expect(() => log.append('more')).toThrow('nothing follows')
  })
  test('takes what fits to the last byte', () => {
    const framed = '50\r\n'.length + 80 + '\r\n'.length
    expect(new MemoryLog(framed).append('x'.repeat(80))).toBe(true)
    expect(new MemoryLog(framed - 1).append('x'.repeat(80))).toBe(false)
  })
  test('readers read the same bytes: no copy is made', () => {
    const log = new MemoryLog(PLENTY)
    log.append('hello')
    const a = log.readFrom(0, 'chunked', 100).bytes
    const b = log.readFrom(0, 'chunked', 100).bytes
    expect(a.buffer).toBe(b.buffer)
    log.append('again')
    expect(a.toString()).toBe('5\r\nhello\r\n')
  })
  test('followers hear of it once, when it is published, until they end it', () => {
    const log = new MemoryLog(PLENTY)
    let heard = 0
    const end = log.follow(() => heard++)
    log.append('a')
    log.append('b')
    expect(heard).toBe(0)
    log.publish()
    expect(heard).toBe(1)
    end()
    log.publish()
    expect(heard).toBe(1)
  })
  test('reading what is not there is a fault', () => {
    expect(() => new MemoryLog(1).readFrom(0, 'raw', 1)).toThrow(RangeError)
  })
})
