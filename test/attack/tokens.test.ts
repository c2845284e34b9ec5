// Guessed, replayed and forged credentials: tokens, tickets, JWTs, internal keys.
import crypto from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createIdentity, type IdentitySettings } from '../../src/chat/identity.js'
import { systemClock } from '../../src/clock/clock.js'
import { tokenSet } from '../../src/guards/token.js'
import { silentLog } from '../../src/log/log.js'
import { NASTY } from '../support/attack.js'
import { RawClient, type Rig, raw, readStream, startRig } from '../support/http-rig.js'
import { NO_KEYS, SECRET } from '../support/identity-settings.js'

const compared: number[][] = []
vi.mock('node:crypto', async importOriginal => {
  const original = await importOriginal<typeof crypto>()
  const timingSafeEqual = (a: Buffer, b: Buffer): boolean => {
    compared.push([a.length, b.length])
    return original.timingSafeEqual(a, b)
  }
  return { ...original, timingSafeEqual, default: { ...original, timingSafeEqual } }
})

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

describe('a token is compared', () => {
  test.each(['', 'a', 'the-right-toke', 'the-right-token', 'the-right-tokens', 'x'.repeat(100_000), 'ü€𐍈'])(
    '%#: as a digest of fixed length, with every valid token, whatever it is',
    given => {
      const tokens = tokenSet('the-right-token', 'the-previous-one')
      compared.length = 0
      const owner = tokens.ownerOf(given)
      expect(owner === null).toBe(given !== 'the-right-token')
      // No early exit at the first match, and no comparison of lengths before.
      expect(compared).toEqual([
        [32, 32],
        [32, 32],
      ])
    },
  )
  test('and equals only itself', () => {
    const tokens = tokenSet('the-right-token', null)
    for (const wrong of [
      ...NASTY,
      'The-right-token',
      'the-right-token\0',
      ' the-right-token',
      'the-right-token '.repeat(2),
    ]) {
      expect(tokens.ownerOf(wrong)).toBeNull()
    }
  })
})

describe('a ticket', () => {
  const TOKEN = 'the-right-token'
  let rig: Rig
  const start = async (): Promise<void> => {
    rig = await startRig({ sseApiToken: TOKEN })
    closers.push(() => rig.close())
  }
  const issue = async (): Promise<string> => {
    const response = await fetch(`${rig.url}/summary/ticket`, {
      method: 'POST',
      headers: { 'X-API-Token': TOKEN },
    })
    return ((await response.json()) as { ticket: string }).ticket
  }
  const use = (ticket: string, path = '/summary/events') => readStream(rig, {}, `${path}?ticket=${ticket}`)

  test('holds one stream, however many race for it', async () => {
    await start()
    const ticket = await issue()
    const clients = await Promise.all(Array.from({ length: 30 }, () => use(ticket)))
    expect(clients.filter(({ status }) => status === 200)).toHaveLength(30)
    await rig.hub.until(() => rig.hub.closed.length === 29)
    expect(rig.hub.connections.streams).toBe(1)
    for (const { socket } of clients) socket.destroy()
  })
  test('is worthless when changed in any place, in part, or doubled', async () => {
    await start()
    const ticket = await issue()
    const other = await issue()
    const tampered = [...ticket].map(
      (char, i) => `${ticket.slice(0, i)}${char === 'A' ? 'B' : 'A'}${ticket.slice(i + 1)}`,
    )
    const more = [
      ticket.slice(1),
      ticket.slice(0, -1),
      `${ticket}=`,
      `${ticket}%00`,
      `%20${ticket}`,
      `${ticket},${other}`,
      ticket.toUpperCase(),
      'x'.repeat(4_000),
      '',
      'null',
    ]
    for (const wrong of [...tampered.slice(0, 8), ...more]) {
      const { status, socket } = await use(wrong)
      expect([401, 429], wrong).toContain(status)
      socket.destroy()
    }
    const twice = await readStream(rig, {}, `/summary/events?ticket=${ticket}&ticket=${other}`)
    expect([400, 401]).toContain(twice.status)
    // The right one still works.
    const right = await use(ticket)
    expect(right.status).toBe(200)
    right.socket.destroy()
  })
  test('opens streams only, and issues no other ticket', async () => {
    await start()
    const ticket = await issue()
    for (const line of [
      'GET /summary/resync',
      'GET /summary/health',
      'GET /metrics',
      'POST /summary/ticket',
    ]) {
      const client = new RawClient(
        rig.port,
        raw(`${line}?ticket=${ticket}`, { 'Content-Length': '0', Connection: 'close' }),
      )
      expect((await client.end()).status, line).toBe(401)
    }
    for (const header of ['X-API-Token', 'Authorization']) {
      const value = header === 'Authorization' ? `Bearer ${ticket}` : ticket
      const client = new RawClient(
        rig.port,
        raw('GET /summary/health', { [header]: value, Connection: 'close' }),
      )
      expect((await client.end()).status, header).toBe(401)
    }
  })
  test('is worthless after its time, and after its token was revoked', async () => {
    await start()
    const late = await issue()
    const orphan = await issue()
    rig.pass(61_000)
    expect((await use(late)).status).toBe(401)
    const fresh = await issue()
    rig.setConfig({ sseApiToken: 'another' })
    rig.server.reload()
    for (const old of [fresh, orphan]) expect((await use(old)).status).toBe(401)
  })
})

describe('a JWT', () => {
  const inAnHour = Math.floor(Date.now() / 1000) + 3_600
  const claims = { sub: 'u-1', iss: 'https://issuer', aud: 'g6', exp: inAnHour }
  const identity = (settings: Partial<IdentitySettings>) =>
    createIdentity({ settings: () => ({ ...NO_KEYS, ...settings }), log: silentLog, clock: systemClock })
  const unsigned = (header: object, payload: object, signature = ''): string =>
    `${[header, payload].map(part => base64url.encode(JSON.stringify(part))).join('.')}.${signature}`
  const hmac = (header: object, payload: object, key: string | Buffer): string => {
    const body = unsigned(header, payload).slice(0, -1)
    return `${body}.${crypto.createHmac('sha256', key).update(body).digest('base64url')}`
  }

  async function keyServer() {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { url, asked, publicKey, privateKey, jwk, pem: await exportSPKI(publicKey) }
  }

  test('without a signature, or signed by its own key, is refused', async () => {
    const { verify } = identity({ chatJwtSecret: SECRET })
    const good = hmac({ alg: 'HS256' }, claims, SECRET)
    expect(await verify(good)).not.toBeNull()
    const [head = '', body = '', signature = ''] = good.split('.')
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS1', 'RS256', null, ['HS256'], {}]) {
      expect(await verify(unsigned({ alg }, claims)), String(alg)).toBeNull()
      expect(await verify(unsigned({ alg }, claims, signature)), String(alg)).toBeNull()
    }
    for (const forged of [
      `${head}.${body}.`,
      `${head}.${body}`,
      `.${body}.${signature}`,
      `${head}..${signature}`,
      `${head}.${base64url.encode(JSON.stringify({ ...claims, sub: 'admin' }))}.${signature}`,
      `${good}.${signature}`,
      `${good}x`,
      good.toLowerCase(),
      hmac({ alg: 'HS256', crit: ['exp'] }, claims, SECRET),
      hmac({ alg: 'HS256', b64: false, crit: ['b64'] }, claims, SECRET),
      hmac({ alg: 'HS256' }, claims, ''),
      hmac({ alg: 'HS256', jwk: { kty: 'oct', k: base64url.encode('mine') } }, claims, 'mine'),
      ...NASTY,
    ]) {
      expect(await verify(forged), forged.slice(0, 40)).toBeNull()
    }
  })
  test('outside its time, of another issuer or audience, or without a subject, is refused', async () => {
    const strict = identity({ chatJwtSecret: SECRET, chatJwtIssuer: 'https://issuer', chatJwtAudience: 'g6' })
    const as = (change: object) => strict.verify(hmac({ alg: 'HS256' }, { ...claims, ...change }, SECRET))
    expect(await as({})).not.toBeNull()
    for (const change of [
      { exp: 1 },
      { exp: undefined },
      { exp: 'never' },
      { exp: -1 },
      { nbf: inAnHour },
      { aud: 'other' },
      { aud: ['other'] },
      { aud: undefined },
      { iss: 'https://issuer.evil' },
      { iss: undefined },
      { sub: '' },
      { sub: undefined },
      { sub: 7 },
      { sub: { toString: 'admin' } },
    ]) {
      expect(await as(change), JSON.stringify(change)).toBeNull()
    }
  })
  test('signed with a public key as if it were a secret is refused', async () => {
    const keys = await keyServer()
    const { verify } = identity({ chatJwksUrl: `${keys.url}/keys`, chatJwtSecret: SECRET })
    const sign = (header: object, payload: JWTPayload = claims) =>
      new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(keys.privateKey)
    expect(await verify(await sign({}))).not.toBeNull()
    for (const key of [
      keys.pem,
      keys.pem.trim(),
      Buffer.from(keys.jwk.n ?? '', 'base64url'),
      JSON.stringify(keys.jwk),
      SECRET,
    ]) {
      expect(await verify(hmac({ alg: 'HS256', kid: 'k1' }, claims, key))).toBeNull()
    }
  })
  test('cannot name the key that proves it, and cannot make the server fetch one', async () => {
    const keys = await keyServer()
    const evil = await keyServer()
    const { verify } = identity({ chatJwksUrl: `${keys.url}/keys` })
    const forged = (header: object) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(evil.privateKey)
    for (const header of [
      {},
      { jku: `${evil.url}/keys` },
      { x5u: `${evil.url}/cert` },
      { jwk: evil.jwk },
      { kid: '../../../../dev/null' },
      { kid: "k1' OR '1'='1" },
      { kid: `${evil.url}/keys` },
      { kid: '__proto__' },
      { kid: '' },
      { kid: 'x'.repeat(4_000) },
    ]) {
      expect(await verify(await forged(header)), JSON.stringify(header).slice(0, 60)).toBeNull()
    }
    expect(evil.asked).toEqual([])
    // Unknown key ids do not cause fetches again and again.
    for (let i = 0; i < 50; i++) await verify(await forged({ kid: `unknown-${i}` }))
    expect(keys.asked.length).toBeLessThanOrEqual(2)
  })
  test('of any length costs bounded time', async () => {
    const { verify } = identity({ chatJwtSecret: SECRET })
    for (const length of [16_385, 1_000_000]) expect(await verify('x'.repeat(length))).toBeNull()
    expect(await verify(hmac({ alg: 'HS256' }, { ...claims, pad: 'x'.repeat(20_000) }, SECRET))).toBeNull()
  })
})
