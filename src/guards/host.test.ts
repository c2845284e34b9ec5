import { describe, expect, test } from 'vitest'
import { hostAllowed, isLoopback, judgeBind, weakTokenText } from './host.js'

test.each(['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', 'LOCALHOST'])(
  '%s is this machine',
  host => {
    expect(isLoopback(host)).toBe(true)
  },
)
test.each(['0.0.0.0', '::', '128.0.0.1', 'localhost.example', '127.0.0.1.example', ''])('%s is not', host => {
  expect(isLoopback(host)).toBe(false)
})

describe('without a list, bound to loopback', () => {
  test.each([
    'localhost',
    'localhost.',
    'localhost:9329',
    '127.0.0.1:80',
    '[::1]',
    '[::1]:9329',
    undefined,
    '',
  ])('%s is answered', header => {
    expect(hostAllowed(header, [], '127.0.0.1')).toBe(true)
  })
  test.each([
    'evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.example:9329',
    '127.0.0.1.evil.example',
    'localhost:80:80',
    'localhost/',
    '::1',
    ' ',
  ])('%j is not', header => {
    expect(hostAllowed(header, [], '127.0.0.1')).toBe(false)
  })
})

test('without a list, bound to a unix socket, only loopback names are answered', () => {
  const answered = (header: string | undefined) => hostAllowed(header, [], 'unix:/run/g6/g6.sock')
  expect(['localhost', '127.0.0.1:80', undefined].map(answered)).toEqual([true, true, true])
  expect(answered('evil.example')).toBe(false)
})

test('without a list, bound to the network, any name is answered', () => {
  expect(hostAllowed('anything.example', [], '0.0.0.0')).toBe(true)
})

describe('with a list', () => {
  const list = ['Dash.example', 'other.example:8443', '::1', 'FD00::5', '192.168.1.2']
  test.each([
    'dash.example',
    'DASH.EXAMPLE:1',
    'other.example:8443',
    '[::1]:9',
    '[fd00::5]',
    '192.168.1.2:80',
  ])('%s is answered', header => {
    expect(hostAllowed(header, list, '127.0.0.1')).toBe(true)
  })
  test.each(['other.example', 'other.example:1', 'x.dash.example', 'localhost', '', undefined])(
    '%s is not',
    header => {
      expect(hostAllowed(header, list, '127.0.0.1')).toBe(false)
    },
  )
  test('* is everything', () => {
    expect(hostAllowed('x', ['*'], '127.0.0.1')).toBe(true)
    expect(hostAllowed(undefined, ['*'], '127.0.0.1')).toBe(true)
  })
})

test.each([
  ['127.0.0.1', null, false, 'fine'],
  ['localhost', null, false, 'fine'],
  ['::1', null, false, 'fine'],
  ['0.0.0.0', 'token', false, 'fine'],
  ['0.0.0.0', null, false, 'refused'],
  ['::', null, false, 'refused'],
  ['unix:/run/g6/g6.sock', null, false, 'fine'],
  ['192.168.1.2', null, true, 'warning'],
  ['dash.example', null, false, 'refused'],
])('%s with token %s and allow-open %s is %s', (httpHost, sseApiToken, allowOpen, kind) => {
  expect(judgeBind({ httpHost, sseApiToken, allowOpen }).kind).toBe(kind)
})

test.each([
  ['0.0.0.0', 'x'.repeat(15), null, 'G6_SSE_API_TOKEN'],
  ['0.0.0.0', 'x'.repeat(16), 'old', 'G6_SSE_API_TOKEN_PREVIOUS'],
  ['0.0.0.0', 'x'.repeat(16), null, null],
  ['0.0.0.0', 'x'.repeat(16), 'y'.repeat(16), null],
  ['127.0.0.1', 'a', 'b', null],
  ['0.0.0.0', null, 'b', null],
])('on %s a token %s with the previous one %s: the warning names %s', (httpHost, now, before, name) => {
  const text = weakTokenText({ httpHost, sseApiToken: now, sseApiTokenPrevious: before })
  if (name === null) expect(text).toBeNull()
  else {
    expect(text).toContain(`${name} has fewer than 16 characters: it is refused from the next release`)
    expect(text).not.toContain(String(now))
  }
})
