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

test('headers of the clients of other APIs are allowed by their kind, and no others', () => {
  const asked = 'x-stainless-os, anthropic-version,openai-beta, x-evil, x-stainless-a b, cookie'
  const allowedFor = (path: string, headers: string) =>
    preflightHeaders(SITE, [SITE], ['POST'], 'X-Request-ID', { path, headers })[
      'Access-Control-Allow-Headers'
    ]
  const allowed = allowedFor('/v1/messages', asked)
  expect(allowed?.split(', ').filter(name => /stainless|anthropic|openai|evil|cookie/.test(name))).toEqual([
    'x-stainless-os',
    'anthropic-version',
    'openai-beta',
  ])
  expect(allowed).toContain('X-API-Key')
  expect(allowedFor('/summary/events', asked)).not.toContain('X-API-Key')
  const many = Array.from({ length: 1_000 }, (_, i) => `x-stainless-${i}`).join(',')
  expect(allowedFor('/v1/messages', many)?.split(', ').length).toBeLessThan(100)
})

test('the header of the request id is allowed and exposed once, in whatever case it is written', () => {
  const lists = (name: string) => [
    corsHeaders(SITE, [SITE], name)['Access-Control-Expose-Headers'],
    preflightHeaders(SITE, [SITE], ['GET'], name)['Access-Control-Allow-Headers'],
  ]
  for (const list of lists('X-Trace')) expect(list).toMatch(/X-Request-ID.*, X-Trace$/)
  for (const list of lists('X-REQUEST-id')) expect(list?.match(/x-request-id/gi)).toEqual(['X-Request-ID'])
})

test('what the clients of Durable Streams send and read is allowed and exposed on the routes of other APIs alone', () => {
  const lists = (path: string) => [
    corsHeaders(SITE, [SITE], 'X-Request-ID', path)['Access-Control-Expose-Headers']?.split(', '),
    preflightHeaders(SITE, [SITE], ['GET'], 'X-Request-ID', { path, headers: '' })[
      'Access-Control-Allow-Headers'
    ]?.split(', '),
  ]
  const [exposed, allowed] = lists('/v1/streams/x?offset=-1')
  expect(exposed).toEqual(
    expect.arrayContaining([
      ...[
        'Stream-Next-Offset',
        'Stream-Up-To-Date',
        'Stream-Closed',
        'Stream-Cursor',
        'ETag',
        'X-Stream-End',
      ],
    ]),
  )
  expect(allowed).toContain('If-None-Match')
  expect(
    lists('/summary/health')
      .flat()
      .filter(name => /^Stream-|^ETag|^If-/.test(name ?? '')),
  ).toEqual([])
})
