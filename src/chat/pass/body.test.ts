import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBody, withModel } from './body.js'

const read = (text: string) => readBody(Buffer.from(text))

const spaced = fc.record({ value: fc.jsonValue(), indent: fc.constantFrom(0, 1, 4) })

test('model, stream and background of any object are those that JSON.parse finds, and only the model is replaced', () => {
  const members = fc.dictionary(
    fc.oneof(fc.constantFrom('model', 'stream', 'background', 'mo"del', 'a'), fc.string()),
    fc.oneof(fc.jsonValue(), fc.constantFrom(true, false, 'gpt "x"', '\\', '}')),
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(members, fc.constantFrom(0, 2), fc.string(), (object, indent, model) => {
      const text = JSON.stringify(object, null, indent)
      const facts = read(text)
      if (typeof facts === 'string') throw new Error(facts)
      const named = typeof object.model === 'string' ? object.model : null
      expect([facts.model, facts.stream]).toEqual([named, object.stream === true])
      expect(facts.background).toBe(object.background === true)
      const changed = withModel(Buffer.from(text), facts, model).toString()
      const wanted = named === null ? object : { ...object, model }
      expect(changed).toBe(JSON.stringify(wanted, null, indent))
    }),
    { numRuns: 1000 },
  )
})

test('what is not an object is refused, and never more than JSON.parse allows at its top', () => {
  fc.assert(
    fc.property(spaced, fc.nat(), fc.string({ maxLength: 3 }), ({ value, indent }, at, noise) => {
      const text = JSON.stringify(value, null, indent)
      const broken = text.slice(0, at % (text.length + 1)) + noise
      const isFine = typeof read(broken) !== 'string'
      if (isFine) expect(broken.trim().startsWith('{')).toBe(true)
    }),
    { numRuns: 1000 },
  )
  for (const text of [
    '',
    'null',
    '[]',
    '{',
    '{"model"}',
    '{"model":}',
    '{"a":1',
    '{"a" 1}',
    '{"a":1}x',
    '{a:1}',
    '{"a":"b',
  ]) {
    expect(read(text)).toBe('not_an_object')
  }
})

describe('a member that comes twice', () => {
  test.each([
    '{"model":"a","model":"b"}',
    '{"stream":true,"x":1,"stream":false}',
    '{"model":"a","mod\\u0065l":"b"}',
  ])('is refused: %s', text => expect(read(text)).toBe('twice'))
  test('inside another one is none of ours', () => {
    expect(read('{"a":{"model":"x","model":"y"},"model":"z"}')).toMatchObject({ model: 'z' })
  })
})

test('a model is replaced where it is, and every other byte stays', () => {
  const text = '{ "temperature" : 1.0e0 ,\n"model" : "gpt-5" , "x":[1,{"model":"y"}], "u":"\\u00e9" }'
  const facts = read(text)
  if (typeof facts === 'string') throw new Error(facts)
  expect(withModel(Buffer.from(text), facts, 'a"b').toString()).toBe(text.replace('"gpt-5"', '"a\\"b"'))
})

test('32 MiB of text are read in the blink of an eye', () => {
  const body = Buffer.from(`{"messages":["${'A'.repeat(32 * 1024 * 1024)}"],"model":"m"}`)
  const start = performance.now()
  expect(readBody(body)).toMatchObject({ model: 'm' })
  expect(performance.now() - start).toBeLessThan(2_000)
})
