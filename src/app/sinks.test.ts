import { expect, test } from 'vitest'
import { wantsSink } from './sinks.js'

test('only the named outputs run, and all of them where no known one is named', () => {
  expect(wantsSink(['http'], 'http')).toBe(true)
  expect(wantsSink(['http'], 'files')).toBe(false)
  expect(wantsSink(['stdout', 'logging'], 'files')).toBe(true)
  expect(wantsSink(['stdout', 'files'], 'terminal')).toBe(false)
})
