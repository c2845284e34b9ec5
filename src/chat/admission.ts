// Decides who may use the relay: flag, origin, identity, rollout, rate; in this order, before the body is read. Keeps what it
// found out about the caller with the request.
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Verified } from '../contract/plugin.js'
import { Refusal } from '../contract/refusal.js'
import { isCrossSite } from '../guards/cross-site.js'
import { presentedTokens } from '../guards/token.js'
import { type BackendsInUse, type ChatConfig, hasChatBackend } from './chat-config.js'
import { expiryOf } from './identity.js'
import { type ReaderPlace, ReaderPlaces } from './limits/reader-places.js'
import type { Caller, ChatLimits, Credential, Headers, Identity, Rollout } from './ports.js'
import { busy, originIn, rateLimited, wrongToken } from './refused.js'
import { connectionIdOf } from './request.js'

export type AdmissionParts = {
  readonly config: () => Pick<
    ChatConfig,
    'chatAnonymous' | 'sseAllowOrigin' | 'chatMaxStreams' | 'chatMaxStreamsPerUser'
  > &
    BackendsInUse
  readonly identity: Identity
  readonly rollout: Rollout
  readonly limits: ChatLimits
  /** See HttpShell; without it nothing is counted. */
  readonly countWrong?: (request: FastifyRequest) => number
}

export type Admitted = {
  readonly caller: Caller
  readonly credential: Credential
  readonly connectionId: string
  /** An internal caller: only the limits of the instance apply. */
  readonly bypasses: boolean
  /** RateLimit, RateLimit-Policy and X-RateLimit-* of this request; empty where nothing was counted. */
  readonly rateHeaders: Headers
}

export type Entry = {
  /** The request may begin an answer, so the rate limit counts it. */
  readonly isStart: boolean
  /** ENABLE_SSE_STREAMING, its percentage and its list apply; otherwise the route is open while there is a backend. */
  readonly isUnderFlag: boolean
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="g6"' }

/** Null: the token is not valid. */
export async function verifiedBy(identity: Identity, bearer: string): Promise<Verified | null> {
  const { rules } = identity
  const person = await identity.verify(bearer)
  return person === null ? null : { person, rules }
}

export class Admission {
  readonly #parts: AdmissionParts
  readonly #admitted = new WeakMap<FastifyRequest, Admitted>()
  readonly #places = new ReaderPlaces()

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** The result of `admit` for this request. */
  of(request: FastifyRequest): Admitted {
    const admitted = this.#admitted.get(request)
    if (admitted === undefined) throw new Error('the request was not admitted')
    return admitted
  }

  /** Throws the refusal. */
  async admit(request: FastifyRequest, reply: FastifyReply, { isStart, isUnderFlag }: Entry): Promise<void> {
    const { config, rollout } = this.#parts
    const { headers, facts } = request
    const connectionId = connectionIdOf(headers)
    void reply.header('X-Connection-ID', connectionId)
    if (isUnderFlag && !rollout.enabled) throw flagDisabled(headers)
    if (!isUnderFlag && !hasChatBackend(config())) {
      throw busy('chat_backend', 'no_backend')
    }
    if (isCrossSite(headers, config().sseAllowOrigin)) {
      throw new Refusal('chat_origin', 'cross_site', undefined, {}, originIn(headers))
    }
    const { apiToken, bearer } = presentedTokens(headers)
    // The server's own token may come as a Bearer; it identifies no person.
    const isServers = apiToken === null && facts.owner !== null
    const token = isServers ? null : bearer
    facts.verified ??= await this.#identify(request, token)
    const person = facts.verified?.person ?? null
    const caller: Caller = {
      person,
      addressKey: facts.addressKey,
      key: person === null ? `a:${facts.addressKey}` : `u:${person.key}`,
    }
    if (isUnderFlag && !rollout.allows(caller)) throw flagDisabled(headers)
    const bypasses = this.#bypasses(request)
    const rateHeaders = isStart && !bypasses ? await this.#count(caller) : {}
    void reply.headers(rateHeaders)
    const credential: Credential =
      facts.verified === null || token === null
        ? { kind: 'server', owner: facts.owner }
        : {
            kind: 'person',
            bearer: token,
            rules: facts.verified.rules,
            validUntilMs: expiryOf(token),
          }
    this.#admitted.set(request, { caller, credential, connectionId, bypasses, rateHeaders })
  }

  /** Null: anonymous. */
  async #identify(request: FastifyRequest, bearer: string | null): Promise<Verified | null> {
    const { config, identity, countWrong } = this.#parts
    // Without a key no token can be verified, so every caller is anonymous.
    if (config().chatAnonymous && (bearer === null || !identity.hasKey)) return null
    if (bearer === null) {
      const detail = "Send a person's token as Authorization: Bearer."
      throw new Refusal('chat_auth', 'token_missing', detail, CHALLENGE)
    }
    if (!identity.hasKey) throw new Refusal('chat_auth', 'no_token_key', undefined, CHALLENGE)
    const verified = await verifiedBy(identity, bearer)
    if (verified !== null) return verified
    const waitMs = countWrong?.(request) ?? 0
    if (waitMs > 0) throw rateLimited('chat_auth', 'too_many_wrong_tokens', waitMs / 1000)
    throw wrongToken()
  }

  /** A wrong key is not refused: its caller has the limits of everybody. */
  #bypasses(request: FastifyRequest): boolean {
    const { limits, countWrong } = this.#parts
    const key = request.headers['x-api-key']
    if (typeof key !== 'string') return false
    const bypasses = limits.bypasses(key)
    if (!bypasses && limits.hasKeys) countWrong?.(request)
    return bypasses
  }

  /**
   * Takes a place among the readers, before the request begins or looks up anything. Throws the refusal. The caller releases
   * it when the connection has closed, or when there is none to open.
   */
  takePlace(request: FastifyRequest): ReaderPlace {
    const { caller, bypasses } = this.of(request)
    const place = this.#places.take(bypasses ? null : caller.key, this.#parts.config())
    if (place === 'instance') throw busy('chat_cap', 'chat_full')
    if (place === 'caller') throw rateLimited('chat_cap', 'too_many_readers_of_user')
    return place
  }

  async #count(caller: Caller): Promise<Headers> {
    const verdict = await this.#parts.limits.start(caller.key)
    if (verdict.ok) return verdict.headers
    throw rateLimited('chat_rate', 'rate_limited', verdict.retryAfterSec, verdict.headers)
  }
}

/** Whether a credential that was accepted earlier is no longer valid under the current settings. */
export async function isRevoked(
  credential: Credential,
  ownerIsOut: (owner: string | null) => boolean,
  { config, identity }: Pick<AdmissionParts, 'config' | 'identity'>,
): Promise<boolean> {
  // A person needs no token of the server, so changing that token does not affect them.
  if (credential.kind === 'server') return !config().chatAnonymous || ownerIsOut(credential.owner)
  return credential.rules !== identity.rules && (await identity.verify(credential.bearer)) === null
}

/** The members are those that clients of the original read. */
function flagDisabled(headers: IncomingHttpHeaders): Refusal {
  const members = {
    ok: false,
    code: 'feature_flag_disabled',
    flag: 'ENABLE_SSE_STREAMING',
    ...originIn(headers),
  }
  return new Refusal('chat_flag', 'feature_flag_disabled', undefined, {}, members)
}
