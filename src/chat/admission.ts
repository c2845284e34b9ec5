// Who may use the relay: flag, other sites, identity, rollout, rate; in this order, before a byte of the body is read. What it
// finds out of the caller is kept with the request.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../contract/refusal.js'
import { presentedTokens } from '../guards/token.js'
import type { ChatConfig } from './chat-config.js'
import { isCrossSite } from './cross-site.js'
import { type ReaderPlace, ReaderPlaces } from './limits/reader-places.js'
import { BUSY, originIn, rateLimited } from './refused.js'
import { connectionIdOf } from './request-headers.js'
import type { Caller, ChatLimits, Credential, Headers, Identity, Person, Rollout } from './seams.js'

export type AdmissionParts = {
  readonly config: () => Pick<
    ChatConfig,
    'chatAnonymous' | 'sseAllowOrigin' | 'ragBackendUrl' | 'chatMaxStreams' | 'chatMaxStreamsPerUser'
  >
  readonly identity: Identity
  readonly rollout: Rollout
  readonly limits: ChatLimits
}

export type Admitted = {
  readonly caller: Caller
  readonly credential: Credential
  readonly connectionId: string
  /** An internal caller: no limit of one caller counts, those of the instance do. */
  readonly bypasses: boolean
  /** RateLimit, RateLimit-Policy and X-RateLimit-* of this request; empty where nothing was counted. */
  readonly rateHeaders: Headers
}

/** What a route asks of a caller. */
export type Entry = {
  /** It would begin an answer, so the rate counts it. */
  readonly isStart: boolean
  /** ENABLE_SSE_STREAMING, its percentage and its list decide; else it is open whenever there is a backend. */
  readonly isUnderFlag: boolean
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="g6"' }
const INVALID = { 'WWW-Authenticate': 'Bearer realm="g6", error="invalid_token"' }

export class Admission {
  readonly #parts: AdmissionParts
  readonly #admitted = new WeakMap<FastifyRequest, Admitted>()
  readonly #persons = new WeakMap<FastifyRequest, Person>()
  readonly #places = new ReaderPlaces()

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** What was found out of a request that was let in. */
  of(request: FastifyRequest): Admitted {
    const admitted = this.#admitted.get(request)
    if (admitted === undefined) throw new Error('the request was not admitted')
    return admitted
  }

  /** Who it is, as far as that was found out before it was let in or refused. */
  personOf(request: FastifyRequest): Person | null {
    return this.#persons.get(request) ?? null
  }

  /** Throws the refusal. */
  async admit(request: FastifyRequest, reply: FastifyReply, { isStart, isUnderFlag }: Entry): Promise<void> {
    const { config, rollout } = this.#parts
    const { headers } = request
    const connectionId = connectionIdOf(headers)
    void reply.header('X-Connection-ID', connectionId)
    if (isUnderFlag && !rollout.enabled) throw flagDisabled(request)
    if (!isUnderFlag && config().ragBackendUrl.length === 0) {
      throw new Refusal('chat_backend', 'no_backend', undefined, BUSY)
    }
    if (isCrossSite(headers, config().sseAllowOrigin)) {
      throw new Refusal('chat_origin', 'cross_site', undefined, {}, originIn(headers))
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
    if (isUnderFlag && !rollout.allows(caller)) throw flagDisabled(request)
    const bypasses = this.#bypasses(request)
    const rateHeaders = isStart && !bypasses ? await this.#count(caller) : {}
    void reply.headers(rateHeaders)
    this.#admitted.set(request, { caller, credential, connectionId, bypasses, rateHeaders })
  }

  /** Null: anonymous. */
  async #identify(request: FastifyRequest): Promise<Person | null> {
    const { config, identity } = this.#parts
    const { apiToken, bearer } = presentedTokens(request.headers)
    // The server's own token may come as a Bearer; it says nothing about a person.
    const isServers = apiToken === null && request.facts.owner !== null
    const isAnonymous = bearer === null || isServers
    // Without a key no token says who somebody is: with one or without, such a caller is anonymous.
    if (config().chatAnonymous && (isAnonymous || !identity.hasKey)) return null
    if (isAnonymous) {
      const detail = "Send a person's token as Authorization: Bearer."
      throw new Refusal('chat_auth', 'token_missing', detail, CHALLENGE)
    }
    if (!identity.hasKey) throw new Refusal('chat_auth', 'no_token_key', undefined, CHALLENGE)
    const person = await identity.verify(bearer)
    if (person === null) {
      throw new Refusal('chat_auth', 'token_wrong', 'The token is not valid, or no longer.', INVALID)
    }
    this.#persons.set(request, person)
    return person
  }

  /**
   * A place among the readers, before anything is begun or looked up for the request. Throws the refusal. Whoever takes it
   * releases it when the connection has closed, or nothing was connected.
   */
  takePlace(request: FastifyRequest): ReaderPlace {
    const { caller, bypasses } = this.of(request)
    const place = this.#places.take(bypasses ? null : caller.key, this.#parts.config())
    if (place === 'instance') throw new Refusal('chat_cap', 'chat_full', undefined, BUSY)
    if (place === 'caller') throw rateLimited('chat_cap', 'too_many_readers_of_user')
    return place
  }

  #bypasses(request: FastifyRequest): boolean {
    const key = request.headers['x-api-key']
    return typeof key === 'string' && this.#parts.limits.bypasses(key)
  }

  async #count(caller: Caller): Promise<Headers> {
    const verdict = await this.#parts.limits.start(caller.key)
    if (verdict.ok) return verdict.headers
    throw rateLimited('chat_rate', 'rate_limited', verdict.retryAfterSec, verdict.headers)
  }
}

/** As clients of the original know it. */
function flagDisabled({ headers }: FastifyRequest): Refusal {
  const members = {
    ok: false,
    code: 'feature_flag_disabled',
    flag: 'ENABLE_SSE_STREAMING',
    ...originIn(headers),
  }
  return new Refusal('chat_flag', 'feature_flag_disabled', undefined, {}, members)
}
