// Decides who may use the relay: flag, origin, identity, rollout, rate; in this order, before the body is read. Keeps what it
// found out about the caller with the request.
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorCode } from '../contract/errors.js'
import type { Presented, RequestFacts, Verified } from '../contract/plugin.js'
import { Refusal } from '../contract/refusal.js'
import { isCrossSite } from '../guards/cross-site.js'
import { randomId } from '../guards/ids.js'
import { presentedTokens } from '../guards/token.js'
import { type ChatConfig, hasChatBackend } from './chat-config.js'
import { expiryOf } from './identity.js'
import { Callers, type CallersParts } from './keys/callers.js'
import { ForeignKeys } from './keys/foreign-keys.js'
import { type CallerFacts, decideCaller, guardVerdict, type Meanings, type Who } from './keys/who.js'
import { type ReaderPlace, ReaderPlaces } from './limits/reader-places.js'
import type { Caller, ChatLimits, Credential, Headers, Rollout } from './ports.js'
import { busy, originIn, rateLimited, refusedCaller, tokensSpent } from './refused.js'
import { connectionIdOf } from './request.js'

export type AdmissionParts = Omit<CallersParts, 'config' | 'limits'> & {
  readonly config: () => ReturnType<CallersParts['config']> &
    Pick<
      ChatConfig,
      | 'chatAnonymous'
      | 'relayAnonymous'
      | 'relayForwardKey'
      | 'relayBackends'
      | 'relayUpstream'
      | 'sseAllowOrigin'
      | 'ragBackendUrl'
      | 'chatMaxStreams'
      | 'chatMaxStreamsPerUser'
    >
  readonly rollout: Rollout
  readonly limits: ChatLimits
  /** See HttpShell; without it nothing is counted. */
  readonly countWrong?: (request: FastifyRequest) => number
  /** See HttpShell. */
  readonly isLocal?: () => boolean
}

/** A key of the caller's own for the backend that takes such keys: the header it came in, and its value. */
export type ForwardedKey = { readonly header: 'authorization' | 'x-api-key'; readonly value: string }

export type Admitted = {
  readonly caller: Caller
  readonly credential: Credential
  readonly connectionId: string
  /** An internal caller: only the limits of the instance apply. */
  readonly bypasses: boolean
  /** Then only the backend that takes the keys of callers may be asked. */
  readonly forwardedKey: ForwardedKey | null
  /** RateLimit, RateLimit-Policy and X-RateLimit-* of this request; empty where nothing was counted. */
  readonly rateHeaders: Headers
}

export type Entry = {
  /** The request may begin an answer, so the rate limit counts it. */
  readonly isStart: boolean
  /** ENABLE_SSE_STREAMING, its percentage and its list apply; otherwise the route is open while there is a backend. */
  readonly isUnderFlag: boolean
  /** Which routes it is for; `chat` unless given. */
  readonly routes?: CallerFacts['routes']
}

export class Admission {
  readonly #parts: AdmissionParts
  readonly #admitted = new WeakMap<FastifyRequest, Admitted>()
  readonly #places = new ReaderPlaces()
  readonly #callers: Callers
  readonly #foreignKeys = new ForeignKeys()
  readonly #keyNames = new WeakMap<FastifyRequest, string>()

  constructor(parts: AdmissionParts) {
    this.#parts = parts
    this.#callers = new Callers(parts)
  }

  /** For `RouteRules.verifyCaller`: the server requires its token, and none came. */
  async verify(
    presented: Presented,
    facts: RequestFacts,
    routes: CallerFacts['routes'],
  ): Promise<Verified | ErrorCode | null> {
    return guardVerdict(await this.#callers.of(presented, facts, routes))
  }

  /** The result of `admit` for this request. */
  of(request: FastifyRequest): Admitted {
    const admitted = this.#admitted.get(request)
    if (admitted === undefined) throw new Error('the request was not admitted')
    return admitted
  }

  /** Whether a text may never go on to a backend, wherever in a request it is. */
  readonly isSecret = (text: string): boolean => this.#callers.isSecret(text)

  /** The relay key of a caller, let in or not; null: it has none. */
  keyNameOf(request: FastifyRequest): string | null {
    return this.#keyNames.get(request) ?? null
  }

  /** Throws the refusal. */
  async admit(request: FastifyRequest, reply: FastifyReply, entry: Entry): Promise<void> {
    const { config, rollout } = this.#parts
    const { isStart, isUnderFlag, routes = 'chat' } = entry
    const { headers, facts } = request
    const connectionId = connectionIdOf(headers)
    void reply.header('X-Connection-ID', connectionId)
    if (isUnderFlag && !rollout.enabled) throw flagDisabled(headers)
    if (routes === 'chat' && !isUnderFlag && !hasChatBackend(config())) {
      throw busy('chat_backend', 'no_backend')
    }
    if (isCrossSite(headers, config().sseAllowOrigin)) {
      throw new Refusal('chat_origin', 'cross_site', undefined, {}, originIn(headers))
    }
    const presented = presentedTokens(headers)
    const meanings = await this.#callers.of(presented, facts, routes)
    const who = this.#decide(request, meanings, routes)
    this.#countForeign(request, presented, meanings, routes)
    facts.verified = who.verified
    if (who.relayKey !== null) this.#keyNames.set(request, who.relayKey.name)
    const caller = callerOf(who, facts)
    if (isUnderFlag && !rollout.allows(caller)) throw flagDisabled(headers)
    const rateHeaders = isStart && !who.isInternal ? await this.#count(caller) : {}
    void reply.headers(rateHeaders)
    this.#admitted.set(request, {
      caller,
      credential: credentialOf(who, presented, facts),
      connectionId,
      bypasses: who.isInternal,
      forwardedKey: forwardedOf(who, presented),
      rateHeaders,
    })
  }

  /** On the route of an app, which asks for credentials itself. `owner`: whose streams its caller has; null: nobody's. */
  async admitForApp(
    request: FastifyRequest,
    reply: FastifyReply,
    { owner, isStart }: { readonly owner: string | null; readonly isStart: boolean },
  ): Promise<void> {
    const { headers, facts } = request
    const connectionId = connectionIdOf(headers)
    void reply.header('X-Connection-ID', connectionId)
    if (isCrossSite(headers, this.#parts.config().sseAllowOrigin)) {
      throw new Refusal('chat_origin', 'cross_site', undefined, {}, originIn(headers))
    }
    const { addressKey } = facts
    // Without an owner nobody can come back to the stream: its id, which is in each of its events, is no secret of the app's.
    const streams = owner ?? `r:${randomId(16, 'base64url')}`
    const key = owner ?? `a:${addressKey}`
    const caller: Caller = { person: null, relayKey: null, addressKey, key, owner: streams }
    const rateHeaders = isStart ? await this.#count(caller) : {}
    void reply.headers(rateHeaders)
    const credential = { kind: 'app' } as const
    const admitted = { caller, credential, connectionId, bypasses: false, forwardedKey: null, rateHeaders }
    this.#admitted.set(request, admitted)
  }

  #decide(request: FastifyRequest, meanings: Meanings, routes: CallerFacts['routes']): Who {
    const { config, isLocal, countWrong } = this.#parts
    const settings = config()
    const { chatAnonymous, relayAnonymous } = settings
    const decision = decideCaller(meanings, {
      routes,
      hasServerToken: request.facts.owner !== null,
      isLocal: isLocal?.() ?? false,
      allowsAnonymous: chatAnonymous,
      allowsAnonymousPass: relayAnonymous,
      forwardsKeys: forwardsKeys(settings),
    })
    if (decision.ok) return decision
    const waitMs = decision.isGuess ? (countWrong?.(request) ?? 0) : 0
    throw refusedCaller(decision.code, waitMs)
  }

  /** A wrong internal key is not refused: its caller has the limits of everybody. */
  #countForeign(
    request: FastifyRequest,
    { apiKey }: Presented,
    meanings: Meanings,
    routes: CallerFacts['routes'],
  ): void {
    const { limits, countWrong } = this.#parts
    const { kind } = meanings.apiKey
    if (apiKey === null || !limits.hasKeys || (kind !== 'foreign' && kind !== 'own')) return
    // The clients of pass-through send some key with every request: the same one again is no further guess.
    if (routes === 'pass' && !this.#foreignKeys.isNew(apiKey)) return
    countWrong?.(request)
  }

  /**
   * Takes a place among the readers, before the request begins or looks up anything. Throws the refusal. The caller releases
   * it when the connection has closed, or when there is none to open.
   */
  takePlace(request: FastifyRequest): ReaderPlace {
    const { caller, bypasses } = this.of(request)
    const { chatMaxStreams, chatMaxStreamsPerUser } = this.#parts.config()
    const place = this.#places.take(bypasses ? null : caller.key, {
      chatMaxStreams,
      chatMaxStreamsPerUser: caller.relayKey?.live ?? chatMaxStreamsPerUser,
    })
    if (place === 'instance') throw busy('chat_cap', 'chat_full')
    if (place === 'caller') throw rateLimited('chat_cap', 'too_many_readers_of_user')
    return place
  }

  async #count(caller: Caller): Promise<Headers> {
    const verdict = await this.#parts.limits.start(caller)
    if (verdict.ok) return verdict.headers
    const { code, retryAfterSec, headers } = verdict
    if (code === 'engine_gone') throw busy('chat_fleet', code)
    if (code === 'tokens_spent') throw tokensSpent(retryAfterSec, headers)
    throw rateLimited('chat_rate', code, retryAfterSec, headers)
  }
}

/** G6_RELAY_FORWARD_KEY, and a backend that takes the keys of callers: with one backend alone, that one. */
function forwardsKeys({
  relayForwardKey,
  relayBackends,
  relayUpstream,
}: Pick<ChatConfig, 'relayForwardKey' | 'relayBackends' | 'relayUpstream'>): boolean {
  if (!relayForwardKey) return false
  if (relayBackends.length === 0) return relayUpstream !== null
  return relayBackends.some(({ acceptsCallerKey }) => acceptsCallerKey)
}

function callerOf({ verified, relayKey }: Who, { addressKey }: RequestFacts): Caller {
  const person = verified?.person ?? null
  const key = person !== null ? `u:${person.key}` : relayKey !== null ? `k:${relayKey.id}` : `a:${addressKey}`
  return { person, relayKey, addressKey, key }
}

function credentialOf(
  { verified, personIn, relayKey }: Who,
  presented: Presented,
  facts: RequestFacts,
): Credential {
  const bearer = personIn === null ? null : presented[personIn]
  if (verified !== null && bearer !== null) {
    return { kind: 'person', bearer, rules: verified.rules, validUntilMs: expiryOf(bearer) }
  }
  if (relayKey !== null) return { kind: 'key', id: relayKey.id, validUntilMs: relayKey.expiresAtMs }
  return { kind: 'server', owner: facts.owner }
}

function forwardedOf({ forwards }: Who, presented: Presented): ForwardedKey | null {
  const text = forwards === null ? null : presented[forwards]
  if (text === null) return null
  return forwards === 'bearer'
    ? { header: 'authorization', value: `Bearer ${text}` }
    : { header: 'x-api-key', value: text }
}

/** Throws the 403 of a model that the key of this caller does not allow. Null: the request names none. */
export function checkModel({ relayKey }: Caller, model: string | null): void {
  const models = relayKey?.models ?? null
  if (models === null || (model !== null && models.includes(model))) return
  const detail = `The key of this caller allows these models: ${models.join(', ')}.`
  throw new Refusal('chat_model', 'model_not_allowed', detail)
}

/** Whether a credential that was accepted earlier is no longer valid under the current settings. */
export async function isRevoked(
  credential: Credential,
  ownerIsOut: (owner: string | null) => boolean,
  { config, identity, keys }: Pick<AdmissionParts, 'config' | 'identity' | 'keys'>,
): Promise<boolean> {
  // Neither a person nor a relay key needs a token of the server, so changing that token does not affect them.
  switch (credential.kind) {
    case 'server':
      return !config().chatAnonymous || ownerIsOut(credential.owner)
    case 'app':
      return false
    case 'key':
      return !keys.isInForce(credential.id)
    case 'person':
      return credential.rules !== identity.rules && (await identity.verify(credential.bearer)) === null
  }
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
