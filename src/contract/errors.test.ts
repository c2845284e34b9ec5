import { expect, test } from 'vitest'
import { problemDocument } from '../protocol/events.js'
import { errorsPage, HttpError, problem, statusOf } from './errors.js'

test('a problem is what the schema says, with the table behind it', () => {
  const document = problem('connect_rate', 'r1')
  expect(problemDocument.parse(document)).toEqual(document)
  expect(document).toMatchObject({
    status: 429,
    code: 'connect_rate',
    type: 'urn:g6-stream:error:connect_rate',
  })
  expect(statusOf('wrong_host')).toBe(421)
})

test('a detail of a caller replaces the usual one', () => {
  expect(problem('starting', 'r1', 'soon').detail).toBe('soon')
  expect(new HttpError('starting', 'soon').message).toBe('soon')
})

test('the page has a row for each code', () => {
  expect(errorsPage()).toContain('| `stream_disabled` | 404 |')
  expect(errorsPage().match(/^\| `/gm)?.length).toBeGreaterThan(20)
})
