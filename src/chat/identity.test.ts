import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { NO_KEYS, SECRET } from '../../test/support/identity-settings.js'
import type { Person } from '../contract/plugin.js'
import { createLog, silentLog } from '../log/log.js'
import { createIdentity, type IdentitySettings } from './identity.js'

const WITH_SECRET = { ...NO_KEYS, chatJwtSecret: SECRET }
const START_SEC = 1_700_000_000
const CLAIMS = { sub: 'u-1', iss: 'https://issuer', email: 'a@example.org', role: 'member', jti: 't-1' }

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const signed = (
  claims: JWTPayload,
  key: Parameters<SignJWT['sign']>[0] = Buffer.from(SECRET),
  alg = 'HS256',
) => new SignJWT({ exp: START_SEC + 600, ...claims }).setProtectedHeader({ alg, kid: 'k' }).sign(key)

function identity(settings: IdentitySettings, onFirstSight?: (person: Person) => void, log = silentLog) {
  const clock = { sec: START_SEC }
  const made = createIdentity({
    settings: () => settings,
    log,
    clock: { nowMs: () => clock.sec * 1000, monotonicMs: () => clock.sec * 1000 },
    ...(onFirstSight ? { onFirstSight } : {}),
  })
  return { ...made, clock }
}

async function keyServer(keys: () => unknown): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(keys()))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
}

test('a token signed with the secret is a person: issuer and subject, email, role, id', async () => {
  expect(await identity(WITH_SECRET).verify(await signed(CLAIMS))).toEqual({
    key: 'https%3A%2F%2Fissuer|u-1',
    email: 'a@example.org',
    role: 'member',
    tokenId: 't-1',
  })
})

test('claims of another kind than text are no email and no role; a token without an id gets one of its own', async () => {
  const { verify } = identity(WITH_SECRET)
  const token = await signed({ sub: 'u-1', email: ['a'], role: 7 } as JWTPayload)
  const person = await verify(token)
  expect(person).toMatchObject({ key: '|u-1', email: null, role: null })
  expect(person?.tokenId).toMatch(/^[\w-]{43}$/)
  expect(token).not.toContain(person?.tokenId)
})

describe('is nobody:', () => {
  const strict = { ...WITH_SECRET, chatJwtIssuer: 'https://issuer', chatJwtAudience: 'g6' }
  const good = { ...CLAIMS, aud: 'g6' }
  test('good to begin with', async () => {
    expect(await identity(strict).verify(await signed(good))).not.toBeNull()
  })
  test.each<[string, JWTPayload, string?]>([
    ['expired', { ...good, exp: START_SEC - 6 }],
    ['not yet valid', { ...good, nbf: START_SEC + 60 }],
    ['of another issuer', { ...good, iss: 'https://other' }],
    ['for another audience', { ...good, aud: 'other' }],
    ['without a subject', { ...good, sub: '' }],
    ['signed with another secret', good, 'another secret of thirty-two bytes'],
  ])('%s', async (_, claims, secret = SECRET) => {
    expect(await identity(strict).verify(await signed(claims, Buffer.from(secret)))).toBeNull()
  })
  test('a token without an end', async () => {
    const token = await new SignJWT(good).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET))
    expect(await identity(strict).verify(token)).toBeNull()
  })
  test('an unsigned token, no token at all, and one too long to look at', async () => {
    const { verify } = identity(WITH_SECRET)
    const unsigned = new UnsecuredJWT({ ...good, exp: START_SEC + 60 }).encode()
    expect(await verify(unsigned)).toBeNull()
    expect(await verify('not a token')).toBeNull()
    expect(await verify(`${await signed(good)}${'x'.repeat(20_000)}`)).toBeNull()
  })
  test('anybody, where nothing is set to check tokens with', async () => {
    expect(await identity(NO_KEYS).verify(await signed(good))).toBeNull()
  })
})

describe('published keys', () => {
  test('check tokens; a secret made of a public key does not', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
    const url = await keyServer(() => ({ keys: [jwk] }))
    const { verify } = identity({ ...WITH_SECRET, chatJwksUrl: url })
    expect(await verify(await signed(CLAIMS, privateKey, 'RS256'))).toMatchObject({ tokenId: 't-1' })
    expect(await verify(await signed(CLAIMS, Buffer.from(await exportSPKI(publicKey)), 'HS256'))).toBeNull()
    expect(await verify(await signed(CLAIMS))).toBeNull()
    const { privateKey: other } = await generateKeyPair('RS256')
    expect(await verify(await signed(CLAIMS, other, 'RS256'))).toBeNull()
  })

  test('are public keys: one that is a secret is not taken', async () => {
    const k = Buffer.from(SECRET).toString('base64url')
    const url = await keyServer(() => ({ keys: [{ kty: 'oct', k, kid: 'k', alg: 'HS256' }] }))
    expect(await identity({ ...NO_KEYS, chatJwksUrl: url }).verify(await signed(CLAIMS))).toBeNull()
  })

  test('that cannot be fetched verify no token, which is logged once a minute, without the token', async () => {
    let logged = ''
    const destination = new Writable({
      write: (chunk, _, done) => {
        logged += String(chunk)
        done()
      },
    })
    const log = createLog({ level: 'info', format: 'json', destination })
    const url = await keyServer(() => 'no keys')
    const made = identity({ ...NO_KEYS, chatJwksUrl: url }, undefined, log)
    const { privateKey } = await generateKeyPair('RS256')
    const token = await signed(CLAIMS, privateKey, 'RS256')
    expect(await made.verify(token)).toBeNull()
    expect(await made.verify(token)).toBeNull()
    expect(logged.match(/G6_CHAT_JWKS_URL/g)).toHaveLength(1)
    made.clock.sec += 61
    await made.verify(token)
    expect(logged.match(/G6_CHAT_JWKS_URL/g)).toHaveLength(2)
    for (const part of token.split('.')) expect(logged).not.toContain(part)
  })
})

test('a token is reported once in its lifetime', async () => {
  const sights: string[] = []
  const made = identity(WITH_SECRET, ({ tokenId }) => sights.push(tokenId))
  const token = await signed(CLAIMS)
  await made.verify(token)
  await made.verify(token)
  await made.verify(await signed({ ...CLAIMS, jti: 't-2' }))
  await made.verify('bad')
  expect(sights).toEqual(['t-1', 't-2'])
})
