import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queriedRows, scrapedRows } from './exposition.js'

const itemsOf = (rows: ReturnType<typeof scrapedRows>) => (rows.ok ? rows.status.items : rows.message)

test('a page of metrics is rows of name, labels and value', () => {
  const page = `# HELP up Whether it is up
# TYPE up gauge
up{job="a b",path="C:\\\\x\\n\\"q\\""} 1
up 0 1395066363000
http_seconds_bucket{le="+Inf",} 2.5e3 # {trace="x"} 1
free{metric="m",value="v"} NaN
limit +Inf

# EOF
`
  expect(itemsOf(scrapedRows(page))).toEqual([
    { metric: 'up', job: 'a b', path: 'C:\\x\n"q"', value: 1 },
    { metric: 'up', value: 0 },
    { metric: 'http_seconds_bucket', le: '+Inf', value: 2500 },
    { metric: 'free', label_metric: 'm', label_value: 'v', value: null },
    { metric: 'limit', value: null },
  ])
})

test.each([
  ['<html></html>', 1],
  ['up 1\nup', 2],
  ['up{a="b" 1', 1],
  ['up{a=b} 1', 1],
  ['up one', 1],
  ['{"a":1}', 1],
])('%j is no page of metrics, from line %i on', (page, line) => {
  expect(itemsOf(scrapedRows(page))).toBe(`it is no page of metrics: line ${line} is no sample`)
})

test('the answer to an instant query is rows', () => {
  const result = [
    { metric: { __name__: 'up', job: 'a' }, value: [1, '1'] },
    { metric: {}, value: [1.5, 'NaN'] },
  ]
  const vector = { status: 'success', data: { resultType: 'vector', result } }
  expect(itemsOf(queriedRows(vector))).toEqual([{ metric: 'up', job: 'a', value: 1 }, { value: null }])
  const scalar = { status: 'success', data: { resultType: 'scalar', result: [1, '42'] } }
  expect(itemsOf(queriedRows(scalar))).toEqual([{ value: 42 }])
})

test.each([
  [{ status: 'error', errorType: 'bad_data', error: 'secret' }, /cannot answer the query/],
  [{ status: 'success', data: { resultType: 'matrix', result: [] } }, /no answer to an instant query/],
  [[], /no answer/],
  [null, /no answer/],
])('%j is none', (given, message) => {
  const rows = queriedRows(given)
  expect(rows.ok ? '' : rows.message).toMatch(message)
  expect(JSON.stringify(rows)).not.toContain('secret')
})

test('rows are bounded, and those left out are counted', () => {
  const page = 'up 1\n'.repeat(10_002)
  const rows = scrapedRows(page)
  expect(rows.ok && [(rows.status.items as unknown[]).length, rows.status.left_out]).toEqual([10_000, 2])
})

test('any text ends in rows or in words, in linear time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(...'up{}="\\,# 1eNa\n') }), page => {
      expect(typeof scrapedRows(page).ok).toBe('boolean')
    }),
    { numRuns: 500 },
  )
  const startMs = performance.now()
  for (const piece of ['\\', 'a="b",', ' ', '1 ', '{a="']) scrapedRows(`up{a="${piece.repeat(200_000)}`)
  expect(performance.now() - startMs).toBeLessThan(5_000)
})
