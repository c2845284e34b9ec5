import { describe, expect, test } from 'vitest'
import type { RelayKey } from '../ports.js'
import { isJwt } from './callers.js'
import { type CallerFacts, decideCaller, guardVerdict, type Meaning } from './who.js'

const ANN = { person: { key: 'iss|ann', email: null, role: null, tokenId: 't' }, rules: 'r' }
const key = (name: string): RelayKey => ({
  id: `id-${name}`,
  name,
  expiresAtMs: null,
  models: null,
  limit: null,
  live: null,
  tokensPerDay: null,
})
const MEANINGS = {
  '-': { kind: 'none' },
  own: { kind: 'own' },
  internal: { kind: 'internal' },
  foreign: { kind: 'foreign' },
  unchecked: { kind: 'unchecked' },
  jwt: { kind: 'person', verified: ANN },
  'bad jwt': { kind: 'person', verified: null },
  key: { kind: 'key', found: { kind: 'found', key: key('app') } },
  'other key': { kind: 'key', found: { kind: 'found', key: key('other') } },
  'unknown key': { kind: 'key', found: { kind: 'unknown' } },
  'old key': { kind: 'key', found: { kind: 'expired' } },
  'unread key': { kind: 'key', found: { kind: 'unavailable' } },
} as const satisfies Readonly<Record<string, Meaning>>
type Word = keyof typeof MEANINGS

/** Facts of a server that everybody reaches, unless a word says otherwise. */
const FACTS: CallerFacts = {
  routes: 'pass',
  hasServerToken: false,
  isLocal: false,
  allowsAnonymous: true,
  allowsAnonymousPass: false,
  forwardsKeys: false,
}
const CHANGES = {
  '': {},
  chat: { routes: 'chat' },
  'chat, nobody anonymous': { routes: 'chat', allowsAnonymous: false },
  'nobody anonymous': {
    allowsAnonymous: false,
    isLocal: true,
    allowsAnonymousPass: true,
    forwardsKeys: true,
  },
  local: { isLocal: true },
  'anonymous too': { allowsAnonymousPass: true },
  'server token': { hasServerToken: true },
  forwards: { forwardsKeys: true },
  'forwards, local': { forwardsKeys: true, isLocal: true },
  'chat, forwards': { routes: 'chat', forwardsKeys: true },
} as const satisfies Readonly<Record<string, Partial<CallerFacts>>>

const outcomeOf = (bearer: Word, apiKey: Word, change: keyof typeof CHANGES): string => {
  const meanings = { bearer: MEANINGS[bearer], apiKey: MEANINGS[apiKey] }
  const who = decideCaller(meanings, { ...FACTS, ...CHANGES[change] })
  if (!who.ok) return `${who.code}${who.isGuess ? ', a guess' : ''}`
  const parts = [
    who.verified === null ? '' : `person in ${who.personIn}`,
    who.relayKey === null ? '' : `key ${who.relayKey.name}`,
    who.isInternal ? 'internal' : '',
    who.forwards === null ? '' : `forwards ${who.forwards}`,
  ].filter(part => part !== '')
  return parts.length === 0 ? 'anonymous' : parts.join(', ')
}

describe('who calls', () => {
  test.each<[Word, Word, keyof typeof CHANGES, string]>([
    // A person's token, wherever it is.
    ['jwt', '-', '', 'person in bearer'],
    ['-', 'jwt', '', 'person in apiKey'],
    ['jwt', 'key', '', 'person in bearer'],
    ['key', 'jwt', '', 'person in apiKey'],
    ['jwt', 'internal', '', 'person in bearer, internal'],
    ['jwt', '-', 'nobody anonymous', 'person in bearer'],
    ['jwt', '-', 'chat, nobody anonymous', 'person in bearer'],
    ['bad jwt', '-', 'local', 'token_wrong, a guess'],
    ['-', 'bad jwt', 'local', 'token_wrong, a guess'],
    ['key', 'bad jwt', 'local', 'token_wrong, a guess'],
    // A relay key, wherever it is.
    ['key', '-', '', 'key app'],
    ['-', 'key', '', 'key app'],
    ['key', 'other key', '', 'key app'],
    ['foreign', 'key', '', 'key app'],
    ['key', '-', 'chat, nobody anonymous', 'key app'],
    ['key', 'internal', 'chat', 'key app, internal'],
    ['-', 'key', 'nobody anonymous', 'key app'],
    // One that is not valid is refused always, also next to a valid one and where everybody is let in.
    ['unknown key', '-', 'local', 'key_wrong, a guess'],
    ['-', 'unknown key', 'anonymous too', 'key_wrong, a guess'],
    ['-', 'unknown key', 'server token', 'key_wrong, a guess'],
    ['-', 'unknown key', 'forwards', 'key_wrong, a guess'],
    ['unknown key', '-', 'chat', 'key_wrong, a guess'],
    ['jwt', 'unknown key', 'local', 'key_wrong, a guess'],
    ['key', 'unknown key', 'local', 'key_wrong, a guess'],
    ['old key', '-', 'local', 'key_wrong'],
    ['-', 'unread key', 'local', 'keys_unavailable'],
    ['jwt', 'unread key', 'local', 'keys_unavailable'],
    // Any other key is no identity.
    ['foreign', '-', '', 'caller_unknown'],
    ['-', 'foreign', '', 'caller_unknown'],
    ['-', '-', '', 'caller_unknown'],
    ['own', '-', '', 'caller_unknown'],
    ['-', 'own', '', 'caller_unknown'],
    ['unchecked', '-', '', 'caller_unknown'],
    ['foreign', 'foreign', 'local', 'anonymous'],
    ['unchecked', '-', 'local', 'anonymous'],
    ['-', '-', 'anonymous too', 'anonymous'],
    ['foreign', '-', 'anonymous too', 'anonymous'],
    ['foreign', '-', 'server token', 'anonymous'],
    ['-', 'internal', '', 'internal'],
    ['foreign', 'internal', '', 'internal'],
    // With G6_CHAT_ANONYMOUS=0 nobody without identity is let in, whatever else allows it.
    ['-', '-', 'nobody anonymous', 'caller_unknown'],
    ['foreign', '-', 'nobody anonymous', 'caller_unknown'],
    ['-', 'internal', 'nobody anonymous', 'caller_unknown'],
    // The key of a backend goes on; nothing of ours, no JWT, and not on the chat's own routes.
    ['foreign', '-', 'forwards', 'forwards bearer'],
    ['-', 'foreign', 'forwards', 'forwards apiKey'],
    ['foreign', 'foreign', 'forwards', 'forwards bearer'],
    ['key', 'foreign', 'forwards', 'key app, forwards apiKey'],
    ['jwt', '-', 'forwards', 'person in bearer'],
    ['unchecked', '-', 'forwards, local', 'anonymous'],
    ['own', 'internal', 'forwards, local', 'internal'],
    ['-', 'own', 'forwards, local', 'anonymous'],
    ['foreign', '-', 'chat, forwards', 'anonymous'],
    ['-', 'foreign', 'chat, forwards', 'anonymous'],
    // The chat's own routes.
    ['-', '-', 'chat', 'anonymous'],
    ['unchecked', '-', 'chat', 'anonymous'],
    ['unchecked', '-', 'chat, nobody anonymous', 'no_token_key'],
    ['-', 'internal', 'chat, nobody anonymous', 'token_missing'],
    ['bad jwt', '-', 'chat', 'token_wrong, a guess'],
  ])('Bearer %s, x-api-key %s, %s: %s', (bearer, apiKey, change, expected) => {
    expect(outcomeOf(bearer, apiKey, change)).toBe(expected)
  })
  test('nothing but a foreign key is ever sent on', () => {
    const words = Object.keys(MEANINGS) as Word[]
    for (const bearer of words) {
      for (const apiKey of words) {
        const who = decideCaller(
          { bearer: MEANINGS[bearer], apiKey: MEANINGS[apiKey] },
          { ...FACTS, isLocal: true, forwardsKeys: true },
        )
        const sent = who.ok && who.forwards !== null ? { bearer, apiKey }[who.forwards] : 'foreign'
        expect(sent, `${bearer}, ${apiKey}`).toBe('foreign')
      }
    }
  })
})

test.each<[Word, Word, ReturnType<typeof guardVerdict>]>([
  ['jwt', '-', ANN],
  ['-', 'jwt', ANN],
  ['key', '-', null],
  ['foreign', 'key', null],
  ['jwt', 'unknown key', 'key_wrong'],
  ['old key', '-', 'key_wrong'],
  ['unread key', '-', 'keys_unavailable'],
  ['bad jwt', 'key', 'token_wrong'],
  ['foreign', '-', 'token_wrong'],
  ['own', '-', 'token_wrong'],
  ['unchecked', '-', 'no_token_key'],
  ['-', 'foreign', 'token_missing'],
  ['-', 'internal', 'token_missing'],
])('where the server requires its token, Bearer %s and x-api-key %s: %j', (bearer, apiKey, verdict) => {
  expect(guardVerdict({ bearer: MEANINGS[bearer], apiKey: MEANINGS[apiKey] })).toBe(verdict)
})

test('a JWT differs from other keys by its form', () => {
  const of = (header: unknown) => Buffer.from(JSON.stringify(header)).toString('base64url')
  const HEAD = of({ alg: 'HS256', typ: 'JWT' })
  expect([`${HEAD}.e30.c2ln`, `${HEAD}.e30.`, `${of({ alg: 'none' })}..`].map(isJwt)).toEqual([
    true,
    true,
    true,
  ])
  const others = [
    'sk-proj-a.b.c',
    'a.b',
    HEAD,
    `${HEAD}.e30`,
    `${of({})}.e30.x`,
    `${of(7)}.a.b`,
    `${HEAD}.e 0.x`,
    '..',
    '',
  ]
  expect(others.filter(isJwt)).toEqual([])
})
