import { expect, test } from 'vitest'
import { ALICE, BOB, end, refused, start } from '../../../test/support/audit-trail.js'
import type { AuditEntry } from '../ports.js'
import { canonicalJson, draftOf } from './draft.js'

const plainly = (entry: AuditEntry) => draftOf(entry, { storeEmail: false })
const withEmail = (entry: AuditEntry) => draftOf(entry, { storeEmail: true })

test('a start keeps its question, its session and the ids clients choose as secrets only', () => {
  const { secrets, kept, details } = plainly(start('s1', ALICE))
  expect(secrets).toEqual({
    email: 'Alice@Example.org',
    query: 'the question of s1',
    session: 'session-1',
    connection: 'c-s1',
    request: 'r-s1',
  })
  expect([kept, details]).toEqual([[], { upstream: 'http://rag' }])
  const noSession = { ...start('s1'), sessionId: null } as AuditEntry
  expect(Object.keys(plainly(noSession).secrets)).toEqual(['query', 'connection', 'request'])
})

test('an end says how long it took in whole milliseconds, and that no token came', () => {
  expect(plainly(end('s1')).details).toMatchObject({ firstTokenMs: 40, durationMs: 101 })
  const none = { ...end('s1'), firstTokenMs: null } as AuditEntry
  expect(plainly(none).details).toMatchObject({ firstTokenMs: null })
})

test('an email is kept as it is where that is set, and only of entries that have one', () => {
  expect(withEmail(start('s1', ALICE)).kept).toEqual(['email'])
  expect(withEmail(end('s1', ALICE)).kept).toEqual([])
  expect(withEmail(start('s1', BOB)).kept).toEqual([])
  expect(withEmail(refused('10.0.0.9', ALICE)).kept).toEqual(['address', 'email'])
  expect(plainly(refused('10.0.0.9', ALICE)).kept).toEqual(['address'])
})

test('whom it is about: a person by key, subject and email; else the stream or the address itself', () => {
  expect(plainly(start('s1', ALICE)).subject.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'person iss|alice',
    'name alice',
    'name Alice@Example.org',
  ])
  expect(plainly(start('s1', BOB)).subject).toHaveLength(2)
  expect(plainly(start('s1')).subject).toEqual([{ kind: 'stream', text: 's1' }])
  expect(plainly(refused('10.0.0.9')).subject).toEqual([{ kind: 'address', text: '10.0.0.9' }])
  expect(plainly(refused('10.0.0.9', BOB)).subject[0]).toEqual({ kind: 'person', text: 'iss|bob' })
})

test('of a verified token only the commitment is stored', () => {
  const verified: AuditEntry = { operation: 'auth.token_verified', person: ALICE, atMs: 1.4 }
  expect(plainly(verified)).toMatchObject({
    atMs: 1,
    streamId: null,
    secrets: { email: 'Alice@Example.org', token: 't-alice' },
    kept: [],
    details: {},
  })
})

test('the name of a relay key is recorded as it is, of streams and of refusals', () => {
  expect(plainly({ ...start('s1'), key: 'app' } as AuditEntry).details).toEqual({
    upstream: 'http://rag',
    key: 'app',
  })
  expect(plainly({ ...refused('10.0.0.9'), key: 'app' } as AuditEntry).details).toMatchObject({ key: 'app' })
  expect(plainly({ ...start('s1'), key: null } as AuditEntry).details).toEqual({ upstream: 'http://rag' })
})

test('one content has one spelling, however its members are ordered; lists keep their order', () => {
  const spelled = '{"a":[2,1],"b":{"c":null,"d":"x"},"e":1}'
  expect(canonicalJson({ b: { d: 'x', c: null }, e: 1, a: [2, 1] })).toBe(spelled)
  expect(canonicalJson({ e: 1, a: [2, 1], b: { c: null, d: 'x' } })).toBe(spelled)
})
