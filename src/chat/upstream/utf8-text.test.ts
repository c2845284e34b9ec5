import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createUtf8Text } from './utf8-text.js'

/** The bytes in pieces of these lengths, the last piece all that is left. */
function pieces(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const found: Buffer[] = []
  let at = 0
  for (const length of lengths) {
    found.push(bytes.subarray(at, at + length))
    at += length
  }
  return [...found, bytes.subarray(at)]
}

function textOf(chunks: readonly Buffer[]): string {
  const next = createUtf8Text()
  return chunks.map(next).join('')
}

test('text is the same wherever its bytes were cut, inside a character too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat({ max: 5 })), (text, lengths) => {
      expect(textOf(pieces(Buffer.from(`${text}\n`), lengths))).toBe(`${text}\n`)
    }),
  )
})

test('what is no UTF-8 becomes what the standard decoder makes of it, wherever it was cut', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.nat({ max: 5 })), (bytes, lengths) => {
      const ended = Buffer.from([...bytes, 0x0a])
      const standard = new TextDecoder('utf-8', { ignoreBOM: true }).decode(ended)
      expect(textOf(pieces(ended, lengths))).toBe(standard)
    }),
  )
})

test('a byte order mark is left to the parser', () => {
  expect(textOf([Buffer.from('\ufeffdata\n')])).toBe('\ufeffdata\n')
})
