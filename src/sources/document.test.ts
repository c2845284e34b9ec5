import { expect, test } from 'vitest'
import { parseDocument } from './document.js'

const read = (text: string) => parseDocument(Buffer.from(text))
const status = (text: string) => {
  const document = read(text)
  return document.ok ? document.status : document.message
}

test('a list at the root becomes the member items', () => {
  expect(status('[{"a": 1}, {"a": 2}]')).toEqual({ items: [{ a: 1 }, { a: 2 }] })
  expect(status('[]')).toEqual({ items: [] })
})

test('JSON lines become the member items, with or without blank lines and a last line break', () => {
  const items = { items: [{ a: 1 }, { a: 2 }] }
  expect(status('{"a": 1}\n{"a": 2}')).toEqual(items)
  expect(status('{"a": 1}\r\n\n{"a": 2}\n')).toEqual(items)
})

test('a line that is being written, and two documents in one line, are no JSON lines', () => {
  const cut = read('{"a": 1}\n{"a": ')
  expect(cut).toMatchObject({ ok: false, error: 'not_json', isTransient: true })
  expect(status('{"a": 1}{"a": 2}')).toContain('there is more after its end')
  expect(status('{"a": 1}\n5\n')).toContain('there is more after its end')
})

test('warnings about numbers name the line', () => {
  const document = read('{"a": 1}\n{"a": NaN}\n{"a": NaN}')
  expect(document.ok && document.warnings).toEqual([
    { kind: 'not_finite', path: 'line 2: a', what: 'NaN', count: 2 },
  ])
})

test('JSON lines are read in time linear in their size', () => {
  const lines = '{"a": 1, "b": [1, 2, 3]}\n'.repeat(40_000)
  const startMs = performance.now()
  expect(status(lines)).toHaveProperty('items.length', 40_000)
  expect(performance.now() - startMs).toBeLessThan(2_000)
})
