import { expect, test } from 'vitest'
import { corsHeaders, preflightHeaders } from './cors.js'

const SITE = 'https://dash.example'

test('an allowed origin is named; another, or none, gets no header at all', () => {
  const named = (origin: string | undefined, allowed: readonly string[]) =>
    corsHeaders(origin, allowed, 'X-Request-ID')['Access-Control-Allow-Origin']
  expect(named(SITE, ['https://other.example', SITE])).toBe(SITE)
  expect(named('https://evil.example', ['*', SITE])).toBe('*')
  expect(corsHeaders('https://evil.example', [SITE], 'X-Request-ID')).toEqual({})
  expect(corsHeaders(undefined, ['*'], 'X-Request-ID')).toEqual({})
  expect(preflightHeaders('https://evil.example', [SITE], ['GET'], 'X-Request-ID')).toEqual({})
})

test('the header of the request id is allowed and exposed once, in whatever case it is written', () => {
  const lists = (name: string) => [
    corsHeaders(SITE, [SITE], name)['Access-Control-Expose-Headers'],
    preflightHeaders(SITE, [SITE], ['GET'], name)['Access-Control-Allow-Headers'],
  ]
  for (const list of lists('X-Trace')) expect(list).toMatch(/X-Request-ID.*, X-Trace$/)
  for (const list of lists('X-REQUEST-id')) expect(list?.match(/x-request-id/gi)).toEqual(['X-Request-ID'])
})
