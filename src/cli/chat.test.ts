import { expect, test } from 'vitest'
import { pongLines } from './chat.js'

test('g6 chat ping has a line for each backend', () => {
  expect(
    pongLines([
      { name: 'main', ok: true, ms: 412, model: 'gpt-5-mini', cause: null },
      { name: 'spare', ok: false, ms: 3, model: null, cause: 'ECONNREFUSED' },
      { name: 'old', ok: false, ms: 30_000, model: null, cause: 503 },
    ]).split('\n'),
  ).toEqual([
    'main   ok         412 ms  gpt-5-mini',
    'spare  failed       3 ms  —           ECONNREFUSED',
    'old    failed   30000 ms  —           503',
    '',
  ])
})
