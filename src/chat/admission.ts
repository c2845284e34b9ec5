// Who may use the relay: flag, other sites, identity, rollout, rate; in this order, before a byte of the body is read. What it
// finds out of the caller is kept with the request.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import { HttpError } from '../guards/errors.js'
import { presentedTokens } from '../guards/token.js'
import type { ChatConfig } from './chat-config.js'
import { isCrossSite } from './cross-site.js'
import { connectionIdOf } from './request-headers.js'
import type {
  AuditTrail,
  Caller,
  ChatLimits,
  Credential,
  Headers,
  Identity,
  Person,
  Rollout,
} from './seams.js'

export type AdmissionParts = {
  readonly config: () => Pick<ChatConfig, 'chatAnonymous' | 'sseAllowOrigin'>
  readonly identity: Identity
  readonly rollout: Rollout
  readonly limits: ChatLimits
  readonly audit: AuditTrail
  readonly clock: Clock
  /** A caller was refused for asking too often. */
  readonly onRateLimited?: () => void
}

export type Admitted = {
  readonly caller: Caller
  readonly credential: Credential
  readonly connectionId: string
  /** An internal caller: neither the rate nor the number of its own streams counts, that of the instance's does. */
  readonly bypasses: boolean
  /** RateLimit and RateLimit-Policy of this request; empty where nothing was counted. */
  readonly rateHeaders: Headers
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="g6"' }
const FLAG_OFF = { ok: false, code: 'feature_flag_disabled', flag: 'ENABLE_SSE_STREAMING' }

type Refused = 'rate_limit_violation' | 'auth_failure' | 'forbidden'

export class Admission {
  readonly #parts: AdmissionParts
  readonly #admitted = new WeakMap<FastifyRequest, Admitted>()

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** What was found out of a request that was let in. */
  of(request: FastifyRequest): Admitted {
    const admitted = this.#admitted.get(request)
    if (admitted === undefined) throw new Error('the request was not admitted')
    return admitted
  }

  /** Throws the refusal. `isStart`: it would begin an answer, so the rate counts it. */
  async admit(request: FastifyRequest, reply: FastifyReply, isStart: boolean): Promise<void> {
    const { config, rollout } = this.#parts
    const connectionId = connectionIdOf(request.headers)
    void reply.header('X-Connection-ID', connectionId)
    if (!rollout.enabled) throw new HttpError('feature_flag_disabled', undefined, {}, FLAG_OFF)
    if (isCrossSite(request.headers, config().sseAllowOrigin)) {
      this.refused(request, 'forbidden', 'cross_site', null)
      throw new HttpError('cross_site')
    }
    const { rules } = this.#parts.identity
    const person = await this.#identify(request)
    const { bearer } = presentedTokens(request.headers)
    const credential: Credential =
      person === null || bearer === null
        ? { kind: 'server', owner: request.facts.owner }
        : { kind: 'person', bearer, rules }
    const { addressKey } = request.facts
    const key = person === null ? `a:${addressKey}` : `u:${person.key}`
    const caller: Caller = { person, addressKey, key }
    if (!rollout.allows(caller)) {
      this.refused(request, 'forbidden', 'feature_flag_disabled', person)
      throw new HttpError('feature_flag_disabled', undefined, {}, FLAG_OFF)
    }
    const bypasses = this.#bypasses(request)
    const rateHeaders = isStart && !bypasses ? await this.#count(request, caller) : {}
    void reply.headers(rateHeaders)
    this.#admitted.set(request, { caller, credential, connectionId, bypasses, rateHeaders })
  }

  /** Null: anonymous. */
  async #identify(request: FastifyRequest): Promise<Person | null> {
    const { apiToken, bearer } = presentedTokens(request.headers)
    // The server's own token may come as a Bearer; it says nothing about a person.
    const isServers = apiToken === null && request.facts.owner !== null
    if (bearer === null || isServers) {
      if (this.#parts.config().chatAnonymous) return null
      this.refused(request, 'auth_failure', 'token_missing', null)
      throw new HttpError('token_missing', "Send a person's token as Authorization: Bearer.", CHALLENGE)
    }
    const person = await this.#parts.identity.verify(bearer)
    if (person !== null) return person
    this.refused(request, 'auth_failure', 'token_wrong', null)
    const challenge = { 'WWW-Authenticate': 'Bearer realm="g6", error="invalid_token"' }
    throw new HttpError('token_wrong', 'The token is not valid, or no longer.', challenge)
  }

  #bypasses(request: FastifyRequest): boolean {
    const key = request.headers['x-api-key']
    return typeof key === 'string' && this.#parts.limits.bypasses(key)
  }

  async #count(request: FastifyRequest, caller: Caller): Promise<Headers> {
    const verdict = await this.#parts.limits.start(caller.key)
    if (verdict.ok) return verdict.headers
    this.refused(request, 'rate_limit_violation', 'rate', caller.person)
    throw rateLimited('rate_limited', verdict.retryAfterSec, verdict.headers)
  }

  /** For the record. */
  refused(request: FastifyRequest, what: Refused, code: string, person: Person | null): void {
    const { audit, clock, onRateLimited } = this.#parts
    if (what === 'rate_limit_violation') onRateLimited?.()
    const { address, requestId } = request.facts
    audit.record({ operation: `security.${what}`, address, requestId, person, code, atMs: clock.nowMs() })
  }
}

/** 429 as older clients know it. */
export function rateLimited(
  code: 'rate_limited' | 'too_many_streams_of_user',
  retryAfterSec: number,
  headers: Headers = {},
): HttpError {
  const retryAfter = Math.max(1, Math.ceil(retryAfterSec))
  return new HttpError(
    code,
    undefined,
    { ...headers, 'Retry-After': String(retryAfter) },
    { ok: false, error: 'RATE_LIMIT_EXCEEDED', retryAfter },
  )
}
