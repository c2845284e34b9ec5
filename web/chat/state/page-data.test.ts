import { expect, test } from 'vitest'
import { pageData } from './page-data.js'
import { serviceFrom } from './service.js'

const read = (page: string) => pageData(name => (name === 'g6-chat-page' ? page : '/p'))
const NOTHING = { prefix: '/p', backend: '', rate: null, holdsMs: null, examples: [] }

test('what the server says of itself', () => {
  const facts = { backend: 'main', rate: { count: 20, windowSec: 60 }, holdsMs: 300_000, examples: ['how?'] }
  expect(read(JSON.stringify(facts))).toEqual({ prefix: '/p', ...facts })
})

test.each(['', 'no JSON', 'null', '[]', '{"rate":{"count":"20"},"examples":[1]}'])('%j is left out', text => {
  expect(read(text)).toEqual(NOTHING)
})

test('how the answering service is', () => {
  const well = { first_token_ms: { p50: 600 }, upstreams: [{ breaker: 'open' }, { breaker: 'closed' }] }
  expect(serviceFrom(well)).toEqual({ firstWordMs: 600, isWell: true })
  expect(serviceFrom({ first_token_ms: { p50: null }, upstreams: [{ breaker: 'open' }] })).toEqual({
    firstWordMs: null,
    isWell: false,
  })
  expect([null, [], { upstreams: [] }].map(serviceFrom)).toEqual(
    Array.from({ length: 3 }, () => ({ firstWordMs: null, isWell: null })),
  )
})
