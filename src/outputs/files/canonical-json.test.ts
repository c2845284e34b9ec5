import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalHash, canonicalJson } from './canonical-json.js'

/** Reads documents as a consumer does, and writes each as its validator does. */
const PYTHON = `
import json, sys
for text in json.load(sys.stdin):
    print(json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")))
`

function asPythonWrites(documents: readonly unknown[]): readonly string[] {
  const input = JSON.stringify(documents.map(document => JSON.stringify(document, null, 2)))
  const written = execFileSync('python3', ['-c', PYTHON], { input, encoding: 'utf8' })
  return written.trimEnd().split('\n')
}

const ODD_NUMBERS = [
  0,
  -0,
  1,
  -1,
  100,
  0.1,
  1.5,
  -2.25,
  97.0,
  1e-4,
  9.9999e-5,
  1e-5,
  1.234e-5,
  1e-6,
  9.5e-7,
  1e-7,
  1.5e-10,
  5e-324,
  2.2250738585072014e-308,
  1e15,
  1e16,
  123456789012345680,
  9007199254740991,
  1e20,
  1e21,
  1.2345e25,
  1e100,
  1.7976931348623157e308,
  0.30000000000000004,
  1 / 3,
  4.35,
  2 ** 53,
  -1e-9,
  -1e22,
]

const ODD_TEXTS = [
  '',
  ' ',
  '"',
  '\\',
  '/',
  '\b\f\n\r\t',
  '\0\u001f',
  '\u007f',
  '\u0080é',
  'ﬁ',
  '₹ 24 000',
  '你好',
  '\u2028\u2029',
  '😀',
  '\ud83d',
  '\ude00',
  '\ud83dx',
  '\ue000',
  '\uffff',
  '\u{10ffff}',
  '__proto__',
  'constructor',
]

test('numbers are written as Python writes them', () => {
  const documents = ODD_NUMBERS.map(number => [number])
  expect(documents.map(canonicalJson)).toEqual(asPythonWrites(documents))
})

test('texts are written as Python writes them, as values and as names', () => {
  const documents = ODD_TEXTS.map(text => [text, Object.fromEntries([[text, 1]])])
  expect(documents.map(canonicalJson)).toEqual(asPythonWrites(documents))
})

test('names are sorted as Python sorts them, by code point', () => {
  const names = [
    'b',
    'a',
    'B',
    '10',
    '9',
    'a\u0000',
    '\uffff',
    '😀',
    '\ud83d',
    '\ud83d\ue000',
    '\ud83dx',
    'é',
    'e',
  ]
  const document = Object.fromEntries(names.map((name, i) => [name, i]))
  expect([canonicalJson(document)]).toEqual(asPythonWrites([document]))
})

describe('what JSON cannot express', () => {
  test('is null in a list and omitted from a map, as in the file', () => {
    expect(canonicalJson({ a: undefined, b: [undefined, Number.NaN], c: Number.POSITIVE_INFINITY })).toBe(
      '{"b":[null,null],"c":null}',
    )
  })
})

test('any document is written as Python writes it', () => {
  const anyText = fc.string({ unit: 'binary' })
  const any = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.double({ min: -1e-3, max: 1e-3, noNaN: true }),
      fc.double({ min: 1e14, max: 1e23 }),
      anyText,
      fc.constantFrom(null, true, false, ...ODD_TEXTS),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(anyText, fc.constantFrom(...ODD_TEXTS)), tie('value'), { maxKeys: 5 }),
    ),
  })).value
  fc.assert(
    fc.property(fc.array(any, { minLength: 50, maxLength: 200 }), documents => {
      expect(documents.map(document => canonicalJson(document))).toEqual(asPythonWrites(documents))
    }),
    { numRuns: 3 },
  )
})

test('the hash is SHA-256 over it', () => {
  // printf '%s' '{"a":[1,"\u20b9"],"b":null}' | sha256sum
  expect(canonicalHash({ b: null, a: [1, '₹'] })).toBe(
    'd496ff00e3b4b89539256f70c2ff5a9069990ac5074d55535348dc5df34b2a93',
  )
})
