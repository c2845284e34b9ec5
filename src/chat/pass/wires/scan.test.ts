import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScan } from './scan.js'

const NAMES = ['content', 'text', 'refusal']

/** The first text, not empty, under one of the names, in the order of the document, with its name. */
function firstWord(value: unknown): { readonly name: string; readonly word: string } | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [name, member] of Object.entries(value)) {
    if (!Array.isArray(value) && NAMES.includes(name) && typeof member === 'string' && member !== '')
      return { name, word: member }
    const inside = firstWord(member)
    if (inside !== null) return inside
  }
  return null
}

function has(value: unknown, is: (name: string | null, value: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return is(null, value)
  return Object.entries(value).some(([name, member]) => {
    const own = Array.isArray(value) ? null : name
    return is(own, member) || has(member, is)
  })
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'usage', 'error', 'content', '"content":"x"', '\\', '\\"', '"', '{', ':'),
)
const name = fc.oneof(
  fc.constantFrom('content', 'refusal', 'usage', 'error', 'index', 'finish_reason', 'contents', 'a"b'),
  text,
)
const { json } = fc.letrec<{ readonly json: unknown }>(tie => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 0.5, 7, -1.5),
    text,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(name, tie('json'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))

test('it finds in the bytes of any JSON what parsing finds', () => {
  const scan = createScan(NAMES)
  fc.assert(
    fc.property(json, fc.constantFrom(0, 1), (value, indent) => {
      const lines = JSON.stringify(value, null, indent).split('\n')
      const event = Buffer.from(`${lines.map(line => `data: ${line}\n`).join('')}\n`)
      const first = firstWord(value)
      const inside = first === null ? '' : JSON.stringify(first.word).slice(1, -1)
      expect(scan(event)).toEqual({
        wordBytes: Buffer.byteLength(inside),
        isRefusal: first?.name === 'refusal',
        ofChoices: has(value, (name, member) =>
          name === 'index'
            ? typeof member === 'number' && member >= 1
            : name === 'finish_reason' && typeof member === 'string' && member !== '',
        ),
        hasUsage: has(value, (name, member) => name === 'usage' && isObject(member)),
        mayFail: has(value, (name, member) => name === 'error' || member === 'error'),
      })
    }),
    { numRuns: 2_000 },
  )
})

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

describe('what is no JSON', () => {
  const scan = createScan(NAMES)
  test.each([
    ['', 0],
    ['data: "content"', 0],
    ['data: {"content": "cut off', 0],
    ['data: {"content": "cut off\\', 0],
    ['data: {"content"', 0],
    ['data: {"content" \t: "a\\"b"}', 4],
    ['data: content: "x"', 0],
    ['data: \\"content\\": \\"x\\"', 0],
  ])('%s', (event, wordBytes) => {
    expect(scan(Buffer.from(event))).toMatchObject({ wordBytes, hasUsage: false, mayFail: false })
  })
})
