// Admission, on a real Fastify without the rest of the relay.
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import type { Person } from '../contract/plugin.js'
import { Refusal } from '../contract/refusal.js'
import { Admission, type AdmissionParts, type Admitted, checkModel } from './admission.js'
import { READERS_PER_CALLER } from './limits/reader-places.js'
import { type Caller, noKeys, type RelayKey } from './ports.js'
import { recordOf } from './refused.js'

const ANN: Person = { key: 'iss|ann', email: null, role: null, tokenId: 't' }

const APP: RelayKey = {
  id: 'k1',
  name: 'app',
  expiresAtMs: null,
  models: null,
  limit: null,
  live: null,
  tokensPerDay: null,
}

type Answer = {
  readonly error: Refusal | null
  /** Who it was found to be, let in or not. */
  readonly person: Person | null
  readonly admitted: Admitted | null
  readonly connectionId: string
}

/** What a test may change; everything else lets everybody in. */
type Doors = {
  enabled: boolean
  allows: (caller: Caller) => boolean
  origins: readonly string[]
  anonymous: boolean
  hasKey: boolean
  backends: readonly string[]
  rateLeft: boolean
  /** The server's own token let it in. */
  owner: string | null
  isStart: boolean
  isUnderFlag: boolean
  routes: 'chat' | 'pass'
  relayAnonymous: boolean
  isLocal: boolean
  forwardsKeys: boolean
  serverToken: string | null
  /** What a guess is given to wait. */
  wait: number
}

function start(change: Partial<Doors> = {}) {
  const doors: Doors = {
    enabled: true,
    allows: () => true,
    origins: [],
    anonymous: true,
    hasKey: true,
    backends: ['http://rag'],
    rateLeft: true,
    owner: null,
    isStart: true,
    isUnderFlag: true,
    routes: 'chat',
    relayAnonymous: false,
    isLocal: true,
    forwardsKeys: false,
    serverToken: null,
    wait: 0,
    ...change,
  }
  const asked = { verified: [] as string[], started: [] as string[], guesses: 0 }
  const parts: AdmissionParts = {
    config: () => ({
      chatAnonymous: doors.anonymous,
      sseAllowOrigin: doors.origins,
      ragBackendUrl: doors.backends,
      relayAnonymous: doors.relayAnonymous,
      relayForwardKey: doors.forwardsKeys,
      relayBackends: [],
      relayUpstream: doors.routes === 'pass' ? 'http://model' : null,
      sseApiToken: doors.serverToken,
      sseApiTokenPrevious: null,
      pushToken: null,
      apiKeysInternal: ['internal'],
      chatMaxStreams: 1000,
      chatMaxStreamsPerUser: 4,
    }),
    identity: {
      rules: 'first',
      hasKey: doors.hasKey,
      verify: async bearer => {
        asked.verified.push(bearer)
        return bearer === 'ann' ? ANN : null
      },
    },
    rollout: { allows: caller => doors.allows(caller), enabled: doors.enabled, percentage: 100 },
    limits: {
      start: async ({ key }) => {
        asked.started.push(key)
        const headers = { RateLimit: 'r' }
        if (doors.rateLeft) return { ok: true, headers }
        return { ok: false, code: 'rate_limited', retryAfterSec: 0.2, headers }
      },
      spent: () => {},
      lease: () => ({ release: () => {} }),
      hasKeys: true,
      bypasses: key => key === 'internal',
    },
    keys: {
      ...noKeys,
      find: async text => (text === 'g6_app' ? { kind: 'found', key: APP } : { kind: 'unknown' }),
    },
    isLocal: () => doors.isLocal,
    countWrong: () => {
      asked.guesses += 1
      return doors.wait
    },
  }
  const admission = new Admission(parts)
  async function ask(headers: Readonly<Record<string, string>> = {}, takesPlace = false): Promise<Answer> {
    const app = Fastify()
    let error: Refusal | null = null
    let person: Person | null = null
    let admitted: Admitted | null = null
    app.addHook('onRequest', async (request, reply) => {
      request.facts = {
        requestId: 'req',
        address: '192.0.2.7',
        addressKey: '192.0.2.7',
        owner: doors.owner,
        ticketId: null,
        verified: null,
      }
      const { isStart, isUnderFlag, routes } = doors
      await admission.admit(request, reply, { isStart, isUnderFlag, routes }).catch((thrown: unknown) => {
        if (!(thrown instanceof Refusal)) throw thrown
        error = thrown
      })
      person = request.facts.verified?.person ?? null
      if (error === null) {
        admitted = admission.of(request)
        if (takesPlace) admission.takePlace(request)
      }
    })
    app.setErrorHandler((thrown, _, reply) => {
      if (!(thrown instanceof Refusal)) throw thrown
      error = thrown
      return reply.code(429).send()
    })
    app.get('/', () => 'in')
    const { headers: answered } = await app.inject({ url: '/', headers: { host: 'here', ...headers } })
    await app.close()
    return { error, person, admitted, connectionId: String(answered['x-connection-id']) }
  }
  return { ask, asked }
}

const refusal = ({ error }: Answer) => error?.code
const record = ({ error }: Answer) => (error === null ? null : recordOf(error))

test('an anonymous caller is admitted under its address, a person under its own key', async () => {
  const { ask, asked } = start()
  expect((await ask()).admitted).toMatchObject({
    caller: { person: null, key: 'a:192.0.2.7' },
    bypasses: false,
    rateHeaders: { RateLimit: 'r' },
  })
  expect((await ask({ authorization: 'Bearer ann' })).admitted?.caller).toMatchObject({
    person: ANN,
    key: 'u:iss|ann',
  })
  expect(asked.started).toEqual(['a:192.0.2.7', 'u:iss|ann'])
})

test('with the flag off nothing else is checked', async () => {
  const { ask, asked } = start({ enabled: false })
  const answer = await ask({ authorization: 'Bearer ann', origin: 'https://evil.example' })
  expect(refusal(answer)).toBe('feature_flag_disabled')
  expect(asked).toEqual({ verified: [], started: [], guesses: 0 })
  expect(answer.error?.members).toEqual({
    ok: false,
    code: 'feature_flag_disabled',
    flag: 'ENABLE_SSE_STREAMING',
    origin: 'https://evil.example',
  })
})

test('a route that is not under the flag is open with the flag off and outside the rollout; all other checks apply', async () => {
  const open = { enabled: false, allows: () => false, isUnderFlag: false }
  const { ask, asked } = start(open)
  expect((await ask({ authorization: 'Bearer ann' })).admitted?.caller.person).toEqual(ANN)
  expect(asked.started).toEqual(['u:iss|ann'])
  expect(refusal(await ask({ authorization: 'Bearer nobody' }))).toBe('token_wrong')
  expect(refusal(await ask({ origin: 'https://evil.example' }))).toBe('cross_site')
  expect(refusal(await start({ ...open, rateLeft: false }).ask())).toBe('rate_limited')
})

test('without a backend it is closed, and nothing else is checked', async () => {
  const { ask, asked } = start({ isUnderFlag: false, backends: [] })
  const answer = await ask({ authorization: 'Bearer ann', origin: 'https://evil.example' })
  expect([refusal(answer), record(answer)]).toEqual(['no_backend', null])
  expect(asked).toEqual({ verified: [], started: [], guesses: 0 })
})

test('a page of another site is refused before its token is verified', async () => {
  const { ask, asked } = start({ origins: ['https://good.example'] })
  const answer = await ask({ authorization: 'Bearer ann', origin: 'https://evil.example' })
  expect(refusal(answer)).toBe('cross_site')
  expect(answer.error?.members).toEqual({ origin: 'https://evil.example' })
  expect(asked.verified).toEqual([])
  expect(record(answer)).toEqual({ operation: 'security.forbidden', code: 'cross_site' })
  expect((await ask({ origin: 'https://good.example' })).error).toBeNull()
})

test('a bad token is 401 before rollout and rate are checked', async () => {
  const { ask, asked } = start({ allows: () => false })
  const answer = await ask({ authorization: 'Bearer nobody' })
  expect(refusal(answer)).toBe('token_wrong')
  expect(asked.started).toEqual([])
  expect(record(answer)).toEqual({ operation: 'security.auth_failure', code: 'token_wrong' })
})

test('without a token it is 401 when anonymous callers are not admitted', async () => {
  const { ask } = start({ anonymous: false })
  const answer = await ask()
  expect(refusal(answer)).toBe('token_missing')
  expect(record(answer)).toEqual({ operation: 'security.auth_failure', code: 'token_missing' })
  expect((await ask({ authorization: 'Bearer ann' })).error).toBeNull()
})

test('without a key a caller with a token is anonymous, or gets an error that says so', async () => {
  const open = start({ hasKey: false })
  expect((await open.ask({ authorization: 'Bearer ann' })).admitted?.caller).toMatchObject({
    person: null,
    key: 'a:192.0.2.7',
  })
  const closed = start({ hasKey: false, anonymous: false })
  const answer = await closed.ask({ authorization: 'Bearer ann' })
  expect(refusal(answer)).toBe('no_token_key')
  expect(answer.error?.message).toContain('G6_CHAT_JWKS_URL')
  expect(record(answer)).toEqual({ operation: 'security.auth_failure', code: 'no_token_key' })
  expect(refusal(await closed.ask())).toBe('token_missing')
  expect([open.asked.verified, closed.asked.verified]).toEqual([[], []])
})

test("the server's own token as a Bearer is no person; next to an X-API-Token a Bearer is", async () => {
  const { ask, asked } = start({ owner: 'mark' })
  expect((await ask({ authorization: 'Bearer server' })).admitted?.caller.person).toBeNull()
  expect(asked.verified).toEqual([])
  const both = await ask({ 'x-api-token': 'server', authorization: 'Bearer ann' })
  expect(both.admitted?.caller.person).toEqual(ANN)
})

test('outside the rollout it is 403, recorded with who it was, and does not count as a start', async () => {
  const { ask, asked } = start({ allows: ({ person }) => person === null })
  const answer = await ask({ authorization: 'Bearer ann' })
  expect([refusal(answer), answer.person]).toEqual(['feature_flag_disabled', ANN])
  expect(record(answer)).toEqual({ operation: 'security.forbidden', code: 'feature_flag_disabled' })
  expect(asked.started).toEqual([])
})

test('over the rate it is 429 with at least a second to wait, with the members of the original', async () => {
  const { ask } = start({ rateLeft: false })
  const answer = await ask()
  expect(answer.error).toMatchObject({
    code: 'rate_limited',
    headers: { RateLimit: 'r', 'Retry-After': '1' },
  })
  expect(answer.error?.members).toEqual({
    ok: false,
    error: 'RATE_LIMIT_EXCEEDED',
    message: 'Too many requests. Please wait 1 s before trying again.',
    retryAfter: 1,
  })
  expect(record(answer)).toEqual({ operation: 'security.rate_limit_violation', code: 'rate' })
})

test('a caller has a limit of readers; one with an internal key only that of the instance', async () => {
  const { ask } = start()
  for (let i = 0; i < READERS_PER_CALLER; i++) expect((await ask({}, true)).error).toBeNull()
  const answer = await ask({}, true)
  expect(answer.error).toMatchObject({
    code: 'too_many_readers_of_user',
    headers: { 'Retry-After': expect.stringMatching(/^[3-8]$/) },
  })
  expect(record(answer)?.operation).toBe('security.rate_limit_violation')
  expect((await ask({ 'x-api-key': 'internal' }, true)).error).toBeNull()
  expect((await ask({ authorization: 'Bearer ann' }, true)).error).toBeNull()
})

test('a request that begins no answer is not counted, nor is a caller with an internal key', async () => {
  const resuming = start({ isStart: false, rateLeft: false })
  expect((await resuming.ask()).admitted?.rateHeaders).toEqual({})
  const { ask, asked } = start({ rateLeft: false })
  expect((await ask({ 'x-api-key': 'internal' })).admitted).toMatchObject({ bypasses: true })
  expect((await ask({ 'x-api-key': 'other' })).error?.code).toBe('rate_limited')
  expect(asked.started).toHaveLength(1)
})

test('every answer, a refusal too, has the connection id', async () => {
  const { ask } = start({ enabled: false })
  expect((await ask({ 'x-connection-id': 'mine' })).connectionId).toBe('mine')
  expect((await ask({ 'x-connection-id': 'not mine!' })).connectionId).toMatch(/^[0-9a-f]{24}$/)
})

describe('a relay key', () => {
  const header = { bearer: { authorization: 'Bearer g6_app' }, apiKey: { 'x-api-key': 'g6_app' } }
  test.each(Object.values(header))('as %j is a caller of its own', async headers => {
    const { ask, asked } = start({ anonymous: false, hasKey: false })
    expect((await ask(headers)).admitted).toMatchObject({
      caller: { person: null, relayKey: APP, key: 'k:k1' },
      credential: { kind: 'key', id: 'k1', validUntilMs: null },
      forwardedKey: null,
      bypasses: false,
    })
    expect(asked).toEqual({ verified: [], started: ['k:k1'], guesses: 0 })
  })
  test('that is unknown is 401 and a guess, however often it comes, and no 429', async () => {
    const { ask, asked } = start({ wait: 5_000 })
    for (const headers of [{ authorization: 'Bearer g6_no' }, { 'x-api-key': 'g6_no' }]) {
      const answer = await ask(headers)
      expect([refusal(answer), answer.error?.headers['WWW-Authenticate']]).toEqual([
        'key_wrong',
        expect.stringContaining('invalid_token'),
      ])
      expect(record(answer)).toEqual({ operation: 'security.auth_failure', code: 'key_wrong' })
    }
    expect(asked).toEqual({ verified: [], started: [], guesses: 2 })
  })
  test('allows the models it names, and a question without a name only when it names none', async () => {
    const caller = (models: readonly string[] | null) => ({
      person: null,
      relayKey: { ...APP, models },
      addressKey: 'a',
      key: 'k:k1',
    })
    const thrown = (models: readonly string[] | null, model: string | null) => {
      try {
        checkModel(caller(models), model)
        return null
      } catch (error) {
        return error instanceof Refusal ? [error.code, error.message] : error
      }
    }
    expect([thrown(null, 'x'), thrown(null, null), thrown(['fast', 'x'], 'x')]).toEqual([null, null, null])
    const why = ['model_not_allowed', 'The key of this caller allows these models: fast.']
    expect([thrown(['fast'], 'slow'), thrown(['fast'], null)]).toEqual([why, why])
    expect(() => checkModel({ ...caller(null), relayKey: null }, 'x')).not.toThrow()
  })
})

describe('on the routes of pass-through', () => {
  const pass = { routes: 'pass', isUnderFlag: false, backends: [] } as const
  test('an anonymous caller is let in where the server is local, or where that is allowed', async () => {
    for (const headers of [{}, { authorization: 'Bearer sk-x' }, { 'x-api-key': 'sk-x' }]) {
      expect((await start(pass).ask(headers)).admitted?.caller.key).toBe('a:192.0.2.7')
      const far = await start({ ...pass, isLocal: false }).ask({ ...headers, 'x-forwarded-for': '127.0.0.1' })
      expect([refusal(far), record(far)]).toEqual([
        'caller_unknown',
        { operation: 'security.auth_failure', code: 'caller_unknown' },
      ])
      expect((await start({ ...pass, isLocal: false, relayAnonymous: true }).ask(headers)).error).toBeNull()
      expect((await start({ ...pass, isLocal: false, owner: 'mark' }).ask(headers)).error).toBeNull()
    }
  })
  test('a key of somebody else is verified nowhere; the same one again is no further guess of internal keys', async () => {
    const { ask, asked } = start(pass)
    for (const key of ['sk-a', 'sk-a', 'sk-a', 'sk-b', 'internal', 'g6_app']) await ask({ 'x-api-key': key })
    expect(asked).toMatchObject({ verified: [], guesses: 2 })
  })
  test('a backend’s key of the caller goes on in its own header, and nothing of ours', async () => {
    const { ask } = start({ ...pass, isLocal: false, forwardsKeys: true, serverToken: 'server' })
    const forwarded = async (headers: Readonly<Record<string, string>>) => {
      const { error, admitted } = await ask(headers)
      return error === null ? admitted?.forwardedKey : error.code
    }
    expect(await forwarded({ authorization: 'Bearer sk-x' })).toEqual({
      header: 'authorization',
      value: 'Bearer sk-x',
    })
    expect(await forwarded({ 'x-api-key': 'sk-x' })).toEqual({ header: 'x-api-key', value: 'sk-x' })
    const jwt = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.e30.x`
    const OURS = ['server', 'internal', 'g6_app', 'g6_no', jwt]
    for (const text of OURS) {
      for (const headers of [{ authorization: `Bearer ${text}` }, { 'x-api-key': text }]) {
        expect([null, 'key_wrong', 'token_wrong', 'caller_unknown'], JSON.stringify(headers)).toContain(
          await forwarded(headers),
        )
      }
    }
  })
})
