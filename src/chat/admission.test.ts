// Admission, on a real Fastify without the rest of the relay.
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import type { Person } from '../contract/plugin.js'
import { Refusal } from '../contract/refusal.js'
import { Admission, type AdmissionParts, type Admitted } from './admission.js'
import { READERS_PER_CALLER } from './limits/reader-places.js'
import type { Caller } from './ports.js'
import { recordOf } from './refused.js'

const ANN: Person = { key: 'iss|ann', email: null, role: null, tokenId: 't' }

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
    ...change,
  }
  const asked = { verified: [] as string[], started: [] as string[] }
  const parts: AdmissionParts = {
    config: () => ({
      chatAnonymous: doors.anonymous,
      sseAllowOrigin: doors.origins,
      ragBackendUrl: doors.backends,
      relayBackends: [],
      relayUpstream: null,
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
      start: async key => {
        asked.started.push(key)
        const headers = { RateLimit: 'r' }
        return doors.rateLeft ? { ok: true, headers } : { ok: false, retryAfterSec: 0.2, headers }
      },
      lease: () => ({ release: () => {} }),
      hasKeys: true,
      bypasses: key => key === 'internal',
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
      const { isStart, isUnderFlag } = doors
      await admission.admit(request, reply, { isStart, isUnderFlag }).catch((thrown: unknown) => {
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
  expect(asked).toEqual({ verified: [], started: [] })
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
  expect(asked).toEqual({ verified: [], started: [] })
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
