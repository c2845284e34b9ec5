// Who is let in, on a real Fastify with nothing else of the relay behind it.
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { HttpError } from '../guards/errors.js'
import { Admission, type AdmissionParts, type Admitted } from './admission.js'
import type { AuditEntry, Caller, Person } from './seams.js'

const ANN: Person = { key: 'iss|ann', email: null, role: null, tokenId: 't' }

type Answer = {
  readonly error: HttpError | null
  readonly admitted: Admitted | null
  readonly connectionId: string
}

/** What a test may change; everything else lets everybody in. */
type Doors = {
  enabled: boolean
  allows: (caller: Caller) => boolean
  origins: readonly string[]
  anonymous: boolean
  rateLeft: boolean
  /** The server's own token let it in. */
  owner: string | null
  isStart: boolean
}

function start(change: Partial<Doors> = {}) {
  const doors: Doors = {
    enabled: true,
    allows: () => true,
    origins: [],
    anonymous: true,
    rateLeft: true,
    owner: null,
    isStart: true,
    ...change,
  }
  const records: AuditEntry[] = []
  const asked = { verified: [] as string[], started: [] as string[], rateLimited: 0 }
  const parts: AdmissionParts = {
    config: () => ({ chatAnonymous: doors.anonymous, sseAllowOrigin: doors.origins }),
    identity: {
      rules: 'first',
      verify: async bearer => {
        asked.verified.push(bearer)
        return bearer === 'ann' ? ANN : null
      },
    },
    rollout: { allows: caller => doors.allows(caller), enabled: doors.enabled },
    limits: {
      start: async key => {
        asked.started.push(key)
        const headers = { RateLimit: 'r' }
        return doors.rateLeft ? { ok: true, headers } : { ok: false, retryAfterSec: 0.2, headers }
      },
      lease: () => ({ release: () => {} }),
      bypasses: key => key === 'internal',
    },
    audit: { record: entry => records.push(entry), canStart: () => true, close: async () => {} },
    clock: { nowMs: () => 7, monotonicMs: () => 7 },
    onRateLimited: () => asked.rateLimited++,
  }
  const admission = new Admission(parts)
  async function ask(headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const app = Fastify()
    let error: HttpError | null = null
    let admitted: Admitted | null = null
    app.addHook('onRequest', async (request, reply) => {
      request.facts = {
        requestId: 'req',
        address: '192.0.2.7',
        addressKey: '192.0.2.7',
        owner: doors.owner,
        ticket: null,
      }
      await admission.admit(request, reply, doors.isStart).catch((thrown: unknown) => {
        if (!(thrown instanceof HttpError)) throw thrown
        error = thrown
      })
      if (error === null) admitted = admission.of(request)
    })
    app.get('/', () => 'in')
    const { headers: answered } = await app.inject({ url: '/', headers: { host: 'here', ...headers } })
    await app.close()
    return { error, admitted, connectionId: String(answered['x-connection-id']) }
  }
  return { ask, records, asked }
}

const refusal = ({ error }: Answer) => error?.code

test('an anonymous caller is let in under its address, a person under its own name', async () => {
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

test('with the flag off nothing else is asked and nothing recorded', async () => {
  const { ask, asked, records } = start({ enabled: false })
  const answer = await ask({ authorization: 'Bearer ann', origin: 'https://evil.example' })
  expect(refusal(answer)).toBe('feature_flag_disabled')
  expect([asked, records]).toEqual([{ verified: [], started: [], rateLimited: 0 }, []])
})

test('a page of another site is refused before its token is looked at', async () => {
  const { ask, asked, records } = start({ origins: ['https://good.example'] })
  expect(refusal(await ask({ authorization: 'Bearer ann', origin: 'https://evil.example' }))).toBe(
    'cross_site',
  )
  expect(asked.verified).toEqual([])
  expect(records).toEqual([
    {
      operation: 'security.forbidden',
      code: 'cross_site',
      address: '192.0.2.7',
      requestId: 'req',
      person: null,
      atMs: 7,
    },
  ])
  expect((await ask({ origin: 'https://good.example' })).error).toBeNull()
})

test('a bad token is 401 before the rollout and the rate are asked', async () => {
  const { ask, asked, records } = start({ allows: () => false })
  expect(refusal(await ask({ authorization: 'Bearer nobody' }))).toBe('token_wrong')
  expect(asked.started).toEqual([])
  expect(records).toMatchObject([{ operation: 'security.auth_failure', code: 'token_wrong' }])
})

test('without a token it is 401 where anonymous callers are not let in', async () => {
  const { ask, records } = start({ anonymous: false })
  expect(refusal(await ask())).toBe('token_missing')
  expect(records).toMatchObject([{ operation: 'security.auth_failure', code: 'token_missing' }])
  expect((await ask({ authorization: 'Bearer ann' })).error).toBeNull()
})

test("the server's own token as a Bearer is no person; beside an X-API-Token a Bearer is", async () => {
  const { ask, asked } = start({ owner: 'mark' })
  expect((await ask({ authorization: 'Bearer server' })).admitted?.caller.person).toBeNull()
  expect(asked.verified).toEqual([])
  const both = await ask({ 'x-api-token': 'server', authorization: 'Bearer ann' })
  expect(both.admitted?.caller.person).toEqual(ANN)
})

test('outside the rollout it is 403, recorded with who it was, and does not count as a start', async () => {
  const { ask, asked, records } = start({ allows: ({ person }) => person === null })
  expect(refusal(await ask({ authorization: 'Bearer ann' }))).toBe('feature_flag_disabled')
  expect(records).toMatchObject([
    { operation: 'security.forbidden', code: 'feature_flag_disabled', person: ANN },
  ])
  expect(asked.started).toEqual([])
})

test('over the rate it is 429 with at least a second to wait, recorded and counted', async () => {
  const { ask, asked, records } = start({ rateLeft: false })
  const { error } = await ask()
  expect(error).toMatchObject({ code: 'rate_limited', headers: { RateLimit: 'r', 'Retry-After': '1' } })
  expect(records).toMatchObject([{ operation: 'security.rate_limit_violation', code: 'rate' }])
  expect(asked.rateLimited).toBe(1)
})

test('what begins no answer does not count, nor does whoever has an internal key', async () => {
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
