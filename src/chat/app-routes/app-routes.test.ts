// What a route of an app takes from a request, and what it passes on.
import { describe, expect, test } from 'vitest'
import { headersFromApp, headersToApp } from './headers.js'
import { routeOwner } from './owner.js'
import { routeStreams } from './running.js'
import { nameIn } from './stream-name.js'

describe('the owner of a stream', () => {
  const SESSION = ['cookie:session']
  test('is a digest of what the app tells callers apart by', () => {
    const anna = routeOwner(SESSION, { cookie: 'theme=dark; session=anna; x=1' })
    expect(anna).toMatch(/^r:[\w-]{43}$/)
    expect(routeOwner(SESSION, { cookie: 'session=anna' })).toBe(anna)
    expect(routeOwner(SESSION, { cookie: 'session=bert' })).not.toBe(anna)
    expect(routeOwner(['header:Authorization'], { authorization: 'anna' })).not.toBe(anna)
  })

  test.each([
    ['nothing is configured', [], { cookie: 'session=a' }],
    ['the cookie is missing', SESSION, { cookie: 'other=a' }],
    ['the cookie is empty', SESSION, { cookie: 'session=' }],
    ['the cookie comes twice', SESSION, { cookie: 'session=a; session=b' }],
    ['another cookie ends with its name', SESSION, { cookie: 'xsession=a' }],
    ['one of several is missing', ['cookie:session', 'header:x-tenant'], { cookie: 'session=a' }],
    ['a header comes twice', ['header:x-tenant'], { 'x-tenant': ['a', 'b'] as unknown as string }],
  ])('is nobody where %s', (_, sources, headers) => {
    expect(routeOwner(sources, headers)).toBeNull()
  })

  test('is not the same for values cut elsewhere', () => {
    const both = ['header:a', 'header:b']
    expect(routeOwner(both, { a: 'x","y', b: 'z' })).not.toBe(routeOwner(both, { a: 'x', b: 'y","z' }))
  })
})

describe('the id of a chat', () => {
  const request = (body: unknown) => ({
    headers: { 'x-chat-id': 'from-header' },
    query: { id: 'from-query', twice: ['a', 'b'] },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  })
  test.each([
    ['body.id', { id: 'chat-1', messages: [] }, 'chat-1'],
    ['body.chat.id', { chat: { id: 'ü 1/2' } }, 'ü 1/2'],
    ['body.id', { id: 17 }, '17'],
    ['query.id', {}, 'from-query'],
    ['header:X-Chat-Id', {}, 'from-header'],
    ['body.id', '{"id":', null],
    ['body.id', {}, null],
    ['body.id', { id: '' }, null],
    ['body.id', { id: 'a\nb' }, null],
    ['body.id', { id: 'x'.repeat(201) }, null],
    ['body.id', { id: { toString: 'x' } }, null],
    ['body.id', [1], null],
    ['body.__proto__.constructor', {}, null],
    ['query.twice', {}, null],
  ])('%s of %j is %j', (place, body, name) => {
    expect(nameIn(place, request(body))).toBe(name)
  })
})

test('the stream of a chat is that of its newest question, until it is forgotten', () => {
  const streams = routeStreams()
  streams.keep('/api/chat', 'r:anna', 'chat', { streamId: 's1', isUiMessage: true })
  streams.keep('/api/chat', 'r:anna', 'chat', { streamId: 's2', isUiMessage: true })
  streams.forget('s1')
  expect(streams.find('/api/chat', 'r:anna', 'chat')?.streamId).toBe('s2')
  expect(streams.find('/api/chat', 'r:bert', 'chat')).toBeNull()
  expect(streams.find('/api/other', 'r:anna', 'chat')).toBeNull()
  streams.forget('s2')
  expect(streams.find('/api/chat', 'r:anna', 'chat')).toBeNull()
})

test('to the app go the headers it was given, and no other', () => {
  const headers = {
    'content-type': 'application/json',
    accept: '*/*',
    cookie: 'session=a',
    authorization: 'Bearer secret',
    host: 'g6.example',
    connection: 'keep-alive',
    'x-api-token': 'of the server',
  }
  const isSecret = (text: string) => text === 'of the server'
  expect(headersToApp(headers, ['cookie', 'x-missing', 'x-api-token'], 'r1', isSecret)).toEqual({
    'content-type': 'application/json',
    accept: '*/*',
    cookie: 'session=a',
    'accept-encoding': 'identity',
    'x-request-id': 'r1',
  })
})

test('from the app comes all but what is of its connection, and what this server sets', () => {
  const headers = {
    'set-cookie': ['a=1', 'b=2'],
    'x-vercel-ai-ui-message-stream': 'v1',
    'content-type': 'text/event-stream',
    'content-length': '9',
    'cache-control': 'public',
    connection: 'close, X-Hop',
    'x-hop': '1',
    'transfer-encoding': 'chunked',
    'access-control-allow-origin': '*',
  }
  const kept = { 'set-cookie': ['a=1', 'b=2'], 'x-vercel-ai-ui-message-stream': 'v1' }
  expect(headersFromApp(headers, true)).toEqual(kept)
  expect(headersFromApp(headers, false)).toEqual({
    ...kept,
    'content-type': 'text/event-stream',
    'content-length': '9',
    'cache-control': 'public',
  })
})
