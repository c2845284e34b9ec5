import { expect, test } from 'vitest'
import type { Person } from '../../contract/plugin.js'
import type { AuditEntry } from '../ports.js'
import { logLineOf } from './draft.js'

const ANN: Person = { key: 'iss|SECRET-ann', email: 'SECRET@example.org', role: 'SECRET', tokenId: 'SECRET' }
const OF_STREAM = {
  streamId: 'SECRET-stream',
  connectionId: 'SECRET-connection',
  requestId: 'req-7',
  person: ANN,
  atMs: 1_700_000_000_000,
}
const START: AuditEntry = {
  ...OF_STREAM,
  operation: 'stream.start',
  query: 'SECRET-question',
  sessionId: 'SECRET-session',
  upstream: 'http://rag',
}
const END: AuditEntry = {
  ...OF_STREAM,
  operation: 'stream.end',
  reason: 'complete',
  tokens: 2,
  bytes: 9,
  firstTokenMs: 12,
  durationMs: 80,
  upstreams: ['http://rag'],
}
const REFUSED: AuditEntry = {
  operation: 'security.forbidden',
  address: '192.0.2.7',
  requestId: 'req-7',
  person: ANN,
  code: 'cross_site',
  atMs: 1,
}

test('a record of a stream is a line that says what happened, and nothing personal', () => {
  const common = { at: '2023-11-14T22:13:20.000Z', requestId: 'req-7', identified: true }
  expect(logLineOf(START)).toEqual({
    ...common,
    operation: 'stream.start',
    stream: expect.stringMatching(/^[0-9a-f]{16}$/),
    upstream: 'http://rag',
  })
  expect(logLineOf(END)).toMatchObject({
    ...common,
    operation: 'stream.end',
    reason: 'complete',
    tokens: 2,
    bytes: 9,
    firstTokenMs: 12,
    durationMs: 80,
    upstreams: ['http://rag'],
  })
  expect(logLineOf({ ...OF_STREAM, operation: 'stream.resume', after: 3 })).toMatchObject({ after: 3 })
  expect(logLineOf({ ...OF_STREAM, operation: 'stream.stop', person: null })).toMatchObject({
    identified: false,
  })
  expect(logLineOf({ operation: 'auth.token_verified', person: ANN, atMs: 1 })).toEqual({
    operation: 'auth.token_verified',
    at: '1970-01-01T00:00:00.001Z',
  })
  const all = [START, END, { ...OF_STREAM, operation: 'stream.stop' } as const]
  expect(JSON.stringify(all.map(logLineOf))).not.toContain('SECRET')
})

test('lines of one stream name it alike, and another stream otherwise', () => {
  const other = { ...START, streamId: 'other' }
  expect(logLineOf(START)?.stream).toBe(logLineOf(END)?.stream)
  expect(logLineOf(START)?.stream).not.toBe(logLineOf(other)?.stream)
})

test('a refusal has the line of the guard that refused it', () => {
  expect(logLineOf(REFUSED)).toBeNull()
})
