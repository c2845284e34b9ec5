import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentSplitter, lineSplitter } from './split.js'

type Make = typeof lineSplitter

/** The pieces of a text that arrives in chunks of this size. */
function piecesOf(make: Make, text: string, chunk: number, maxBytes = 1_000) {
  const pieces: string[] = []
  let tooLong = 0
  const splitter = make(maxBytes, {
    onPiece: bytes => void pieces.push(Buffer.from(bytes).toString()),
    onTooLong: () => void tooLong++,
  })
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += chunk) splitter.take(bytes.subarray(at, at + chunk))
  splitter.end()
  return { pieces, tooLong }
}

describe.each([1, 2, 3, 7, 1000])('in chunks of %i bytes', chunk => {
  test('lines, whatever their ends, and the last without one', () => {
    expect(piecesOf(lineSplitter, 'a\n\nä€😀\r\n  \nlast', chunk).pieces).toEqual(['a', 'ä€😀\r', 'last'])
  })

  test('documents, over any number of lines, and what is none as a line of its own', () => {
    const text = '{"a":"}\\"{",\n"b":[1,{}]}{"c":1}[2]\nnot json\n{"d":"ä"}\n{"e":'
    expect(piecesOf(documentSplitter, text, chunk).pieces.map(piece => piece.trim())).toEqual([
      '{"a":"}\\"{",\n"b":[1,{}]}',
      '{"c":1}',
      '[2]',
      'not json',
      '{"d":"ä"}',
      '{"e":',
    ])
  })

  test('what is too long is left out, and the next one is whole', () => {
    const lines = piecesOf(lineSplitter, `${'x'.repeat(50)}\nok\n`, chunk, 20)
    expect(lines).toEqual({ pieces: ['ok'], tooLong: 1 })
    const documents = piecesOf(documentSplitter, `{"a":"${'x'.repeat(50)}\n{"b":1}\n`, chunk, 20)
    expect(documents).toEqual({ pieces: ['{"b":1}'], tooLong: 1 })
  })
})

test('any documents come out as they went in, however they arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), {
        maxLength: 4,
      }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('', ' ', '\n', '\r\n'),
      (documents, chunk, between) => {
        const text = documents.map(document => JSON.stringify(document, null, 1)).join(between)
        const { pieces } = piecesOf(documentSplitter, text, chunk, 1_000_000)
        expect(pieces.map(piece => JSON.parse(piece))).toEqual(JSON.parse(JSON.stringify(documents)))
      },
    ),
    { numRuns: 100 },
  )
})
