import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectGarbage } from '../../../test/support/footprint.js'
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

/** Of one event of OpenAI's chat completions. */
function chunkOf(i: number): Buffer {
  const head = `{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952`
  const model = `"model":"gpt-5-2025-08-07","service_tier":"default","system_fingerprint":"fp_b376dfbbd5"`
  const choice = `{"index":0,"delta":{"content":" w${(i * 7919) % 10_007}"},"logprobs":null,"finish_reason":null}`
  return Buffer.from(`data: ${head},${model},"choices":[${choice}]}\n\n`)
}

function memoryBytes(): number {
  // The bytes of a buffer are freed after the buffer.
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test.each([1, 15, 16, 17, 255, 256, 4_095, 4_096, 65_535, 65_536])(
  'an event of %i bytes is one chunk',
  size => {
    const log = new MemoryLog(PLENTY)
    const rest = Buffer.alloc(Math.max(0, size - 9), 'x')
    const firstLine = 'id: s.0\n\n'.slice(0, size)
    expect(log.appendBytes(firstLine, rest)).toBe(true)
    const { bytes } = log.readFrom(0, 'chunked', PLENTY)
    expect(bytes.toString('latin1')).toBe(`${size.toString(16)}\r\n${firstLine}${rest}\r\n`)
    expect(log.readFrom(0, 'raw', PLENTY).bytes.toString('latin1')).toBe(`${firstLine}${rest}`)
    expect(log.sizeBytes).toBe(bytes.length)
  },
)

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
      const framed = texts
        .map(text => Buffer.byteLength(text))
        .map(size => size + size.toString(16).length + 4)
      expect(log.bytesBefore(log.tail)).toBe(framed.reduce((sum, size) => sum + size, 0))
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
  test('of 128 000 tokens takes less than 40 bytes each in addition to their text, in the default limit', () => {
    const log = new MemoryLog(4 * 1024 * 1024)
    let texts = 0
    for (let i = 0; i < 128_000; i++) {
      const text = ` w${(i * 7919) % 10_007}`
      texts += text.length
      const json = `{"type":"token","data":"${text}","sequence":${i},"timestamp":${1_741_569_952_000 + i * 20}}`
      log.append(`id: AAAAAAAAAAAAAAAAAAAAAA.${i}\nevent: message\ndata: ${json}\n\n`)
    }
    expect([log.head, log.tail]).toEqual([0, 128_000])
    expect((log.sizeBytes - texts) / 128_000).toBeLessThan(40)
    // The oldest event is as it was.
    expect(log.readFrom(3, 'raw', 1).bytes.toString()).toContain('AAAA.3\nevent')
  })
  test('of 128 000 chunks of an OpenAI-style answer takes 8 MiB at most, objects included', () => {
    const before = memoryBytes()
    const log = new MemoryLog(4 * 1024 * 1024)
    for (let i = 0; i < 128_000; i++) log.appendBytes(`id: AAAAAAAAAAAAAAAAAAAAAA.${i}\n`, chunkOf(i))
    const grown = memoryBytes() - before
    expect([log.head, log.tail]).toEqual([0, 128_000])
    expect(grown).toBeLessThan(8 * 1024 * 1024)
  })
  test('passed-on events drop their oldest at the limit, and the newest are there', () => {
    const log = new MemoryLog(64 * 1024)
    const texts = Array.from({ length: 5_000 }, (_, i) => `data: ${i} ${Math.sin(i)}${Math.cos(i)}\n\n`)
    for (const text of texts) expect(log.appendBytes('', Buffer.from(text))).toBe(true)
    expect(log.head).toBeGreaterThan(0)
    expect(log.sizeBytes).toBeLessThanOrEqual(64 * 1024)
    expect(() => log.readFrom(log.head - 1, 'raw', 1)).toThrow(RangeError)
    let out = ''
    for (let at = log.head; at < log.tail; ) {
      const { bytes, next } = log.readFrom(at, 'chunked', 10_000)
      out += dechunked(bytes)
      at = next
    }
    expect(out).toBe(texts.slice(log.head).join(''))
    expect(log.appendBytes('', Buffer.alloc(64 * 1024))).toBe(false)
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
