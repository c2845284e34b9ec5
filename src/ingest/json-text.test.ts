import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinedWarnings, type ParsedJson, parseJson, warningText } from './json-text.js'

const warningsOf = (text: string): readonly string[] => {
  const parsed = parseJson(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.warnings.map(warningText)
}
const valueIn = (text: string): unknown => {
  const parsed = parseJson(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.value
}
const messageOf = (text: string): string => {
  const parsed = parseJson(text)
  return parsed.ok ? 'it is JSON' : parsed.message
}

/** JSON as Python writes it: as JSON.stringify, but numbers that are not finite by name. */
function asPython(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return `[${value.map(asPython).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${asPython(member)}`,
  )
  return `{${members.join(', ')}}`
}

/** The same with null for those numbers. */
const withNulls = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const anyNumber = fc.oneof(
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
  fc.integer(),
)
/** Text of every kind, including text that looks like such numbers. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('NaN', '"NaN', '\\', '\\"Infinity', ', NaN]'),
)
const anyJson = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(anyNumber, anyText, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 5 }),
  ),
})).value

describe('reading JSON text', () => {
  test('gives the value, with null for what is no finite number', () => {
    fc.assert(
      fc.property(anyJson, value => {
        expect(valueIn(asPython(value))).toEqual(withNulls(value))
      }),
      { numRuns: 500 },
    )
  })

  test('gives what JSON.parse gives of any JSON, whatever the names', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        expect(valueIn(text)).toEqual(JSON.parse(text))
      }),
    )
    const odd = '{"__proto__": {"a": 1}, "constructor": 2, "a": 1, "a": NaN}'
    expect(JSON.stringify(valueIn(odd))).toBe('{"__proto__":{"a":1},"constructor":2,"a":null}')
  })

  test('accepts exactly JSON with its missing numbers, and never throws', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\',
        'NaN',
        '-Infinity',
        'null',
        '1',
        '-',
        '1.5e3',
        '0',
        '.',
        ' ',
        '\n',
        'e',
      ],
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), tokens => {
        const text = tokens.join('')
        // Outside strings the names are recognised by their letters; inside they are left alone.
        const strict = text.replace(/"(?:[^"\\\n]|\\.)*"|-?Infinity|-?NaN/g, found =>
          found.startsWith('"') ? found : 'null',
        )
        let isJson = true
        try {
          JSON.parse(strict)
        } catch {
          isJson = false
        }
        // `NaNNaN` and `NaN1` are no names.
        const isGlued = /(?:NaN|Infinity|null)[\w.-]|[\w.](?:-?NaN|-?Infinity|null)/.test(text)
        if (!isGlued) expect(parseJson(text).ok).toBe(isJson)
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        parseJson(text)
      }),
    )
  })

  test.each([
    ['NaN', null, 'x is NaN'],
    ['-Infinity', null, 'x is -Infinity'],
    ['Infinity', null, 'x is Infinity'],
    ['nan', null, 'x is NaN'],
    ['-nan', null, 'x is NaN'],
    ['inf', null, 'x is Infinity'],
    ['-inf', null, 'x is -Infinity'],
    ['+Infinity', null, 'x is Infinity'],
    ['1e999', null, 'x is a number too large to hold'],
    ['-1E+400', null, 'x is a number too large to hold'],
    ['9'.repeat(400), null, 'x is a number too large to hold'],
    ['9007199254740993', 9007199254740992, 'x is an integer with more digits than can be kept'],
    ['-9007199254740993', -9007199254740992, 'x is an integer with more digits than can be kept'],
  ])('%s has a warning', (number, value, warning) => {
    const text = `{"x": ${number}}`
    expect(valueIn(text)).toEqual({ x: value })
    expect(warningsOf(text)).toEqual([warning])
  })

  test.each([
    ['the largest safe integer', '9007199254740991'],
    ['a large integer that a double holds', '10000000000000000000000'],
    ['digits after a point', '24512.299999999999272404238'],
    ['a fraction of many digits', '0.12345678901234567890'],
    ['a large number with an exponent', '1e+308'],
    ['a tiny one', '1e-308'],
    ['digits in a text', '"20251120051031412000 1e999 NaN"'],
  ])('%s has none', (_, number) => {
    expect(warningsOf(`{"x": ${number}}`)).toEqual([])
  })

  test('an integer has a warning exactly when a double changes it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), integer => {
        const isKept = BigInt(Number(integer)) === integer
        expect(warningsOf(`[${integer}]`)).toHaveLength(isKept ? 0 : 1)
      }),
    )
  })

  test('the path of a value has member names and indices', () => {
    expect(warningsOf('{"indices": {"NIFTY": {"ltp": 1, "change": Infinity}}}')).toEqual([
      'indices.NIFTY.change is Infinity',
    ])
    expect(warningsOf('{"a": [[1, 2], {"b\\n\\"c": [0, NaN]}]}')).toEqual(['a[1].b\n"c[1] is NaN'])
    expect(warningsOf('NaN')).toEqual(['the document is NaN'])
    expect(warningsOf(`{"${'k'.repeat(500)}": NaN}`)).toEqual([`${'k'.repeat(199)}… is NaN`])
  })

  test('many of a kind are one warning with a count', () => {
    expect(warningsOf('[NaN, 9007199254740993, -Infinity, 9007199254740995, NaN]')).toEqual([
      '[0] is NaN, one of 3 values that are no finite numbers',
      '[1] is an integer with more digits than can be kept, one of 2 such integers',
    ])
  })

  test('warnings of two documents are joined by kind', () => {
    const of = (text: string) => {
      const parsed: ParsedJson = parseJson(text)
      return parsed.ok ? parsed.warnings : []
    }
    const joined = joinedWarnings(of('{"a": NaN}'), of('{"b": [NaN, NaN], "c": 9007199254740993}'))
    expect(joined.map(warningText)).toEqual([
      'a is NaN, one of 3 values that are no finite numbers',
      'c is an integer with more digits than can be kept',
    ])
  })

  test.each([
    ['', 'it is empty'],
    [' \n\t', 'it is empty'],
    ['{"a": 1', 'it ends in the middle of a value'],
    ['{"a": "b', 'it ends in the middle of a value'],
    ['{"a": "b\\u00', 'it ends in the middle of a value'],
    ['{"a": -', 'it ends in the middle of a value'],
    ['{"a": Infini', 'it ends in the middle of a value'],
    ['{"a": 1.', 'it ends in the middle of a value'],
    [
      '{"a": 1}}',
      'there is more after its end, from line 1, column 9 on: the rest of a longer document, or a second one',
    ],
    [
      '{"a": NaN}\n{"a": 2}',
      'there is more after its end, from line 2, column 1 on: the rest of a longer document, or a second one',
    ],
    ['{"a": None}', 'it stops being JSON at line 1, column 8'],
    ['{"a": NaNa}', 'it stops being JSON at line 1, column 10'],
    ['{"a": -null}', 'it stops being JSON at line 1, column 9'],
    ['{"a": +1}', 'it stops being JSON at line 1, column 7'],
    ['{"a": 01}', 'it stops being JSON at line 1, column 8'],
    ['{"a": .5}', 'it stops being JSON at line 1, column 7'],
    ['{"a": 1.e5}', 'it stops being JSON at line 1, column 9'],
    ['{\n "a": [1,\n]}', 'it stops being JSON at line 3, column 1'],
    ["{'a': 1}", 'it stops being JSON at line 1, column 2'],
    ['{"a": "b\nc"}', 'it stops being JSON at line 1, column 9'],
    ['{"a": "\\x"}', 'it stops being JSON at line 1, column 9'],
    ['{"a"\u0000: 1}', 'it stops being JSON at line 1, column 5 (a NUL byte)'],
    ['{"a" 1}', 'it stops being JSON at line 1, column 6'],
    ['{NaN: 1}', 'it stops being JSON at line 1, column 2'],
    ['['.repeat(100_000), 'it is nested deeper than 512 levels'],
  ])('%j is refused: %s', (text, message) => {
    expect(messageOf(text)).toBe(message)
  })

  test('a refusal names the line and column of what is wrong', () => {
    // Anything may be inserted in the blanks between tokens.
    fc.assert(
      fc.property(anyJson, fc.integer({ min: 0, max: 8 }), fc.nat(), (value, indent, at) => {
        const lines = JSON.stringify(withNulls(value), null, indent).split('\n')
        const line = at % lines.length
        const first = lines.slice(0, line).join('\n')
        const text = `${first}${line > 0 ? '\n' : ''}@${lines.slice(line).join('\n')}`
        expect(messageOf(text)).toBe(`it stops being JSON at line ${line + 1}, column 1`)
      }),
    )
  })

  test.each([
    ['open strings', (n: number) => `[NaN, ${'"\\"'.repeat(n)}`],
    ['backslashes', (n: number) => `[NaN, "${'\\\\'.repeat(n)}`],
    ['blanks', (n: number) => `[NaN, ${' '.repeat(n)}x`],
    ['digits', (n: number) => `[NaN, ${'1'.repeat(n)}]`],
    ['names of numbers', (n: number) => `[${'NaN,'.repeat(n)}NaN]`],
    ['long names of members', (n: number) => `{"${'k'.repeat(n)}": [${'NaN, '.repeat(1_000)}x]}`],
    ['lines', (n: number) => `[NaN${'\n'.repeat(n)}x]`],
  ])('takes time linear in the length of %s', (_, hostile) => {
    // A second at most on a busy machine; quadratic time would be minutes.
    const startMs = performance.now()
    parseJson(hostile(800_000))
    expect(performance.now() - startMs).toBeLessThan(10_000)
  })
})
