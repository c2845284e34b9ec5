// The guards in their order, with the settings in force. How each decides is in src/guards; here are only the order and the refusals.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../clock/clock.js'
import type { Connections } from '../connection/connections.js'
import type { ErrorCode } from '../contract/errors.js'
import type { RequestFacts, RouteRules } from '../contract/plugin.js'
import type { RejectReason } from '../contract/refusal.js'
import { Refusal } from '../contract/refusal.js'
import {
  type AddressList,
  addressList,
  clientAddress,
  countingKey,
  NO_ADDRESS,
  normalAddress,
} from '../guards/address.js'
import { hostAllowed, isLoopback, targetHost } from '../guards/host.js'
import { requestIdOf } from '../guards/ids.js'
import { SlidingWindow } from '../guards/sliding-window.js'
import { overLimit } from '../guards/slots.js'
import { Tickets, type TicketUse } from '../guards/ticket.js'
import { presentedTokens, type TokenSet, tokenSet } from '../guards/token.js'
import { userAgentAllowed } from '../guards/user-agent.js'
import type { HttpConfig } from './http-config.js'

/** A refusal by one of the guards below, which the metrics count. */
export class GuardRefusal extends Refusal<RejectReason> {
  constructor(guard: RejectReason, code: ErrorCode, headers: Readonly<Record<string, string>> = {}) {
    super(guard, code, undefined, headers)
  }
}

/** Of refusals that end when other clients leave. */
const BUSY = { 'Retry-After': '5' }
const LONGEST_TICKET_CHARS = 128
/** Only wrong tokens are counted and refused; a right one always passes, so a client cannot lock out others at a shared address. */
const WRONG_TOKENS = { count: 10, windowMs: 60_000 }

type Rules = {
  readonly config: HttpConfig
  readonly tokens: TokenSet
  readonly allowed: AddressList
  readonly trusted: AddressList
}

function rulesOf(config: HttpConfig): Rules {
  return {
    config,
    tokens: tokenSet(config.sseApiToken, config.sseApiTokenPrevious),
    allowed: addressList(config.sseIpAllow),
    trusted: addressList(config.trustProxy),
  }
}

function retryAfter(waitMs: number): Readonly<Record<string, string>> {
  return { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) }
}

export type AccessParts = {
  readonly config: () => HttpConfig
  readonly clock: Clock
  readonly connections: Connections
  readonly draining: () => boolean
  readonly shedding: () => boolean
}

export class Access {
  readonly #parts: AccessParts
  readonly #connects = new SlidingWindow()
  readonly #wrongTokens = new SlidingWindow()
  readonly #tickets = new Tickets()
  #rules: Rules

  constructor(parts: AccessParts) {
    this.#parts = parts
    this.#rules = rulesOf(parts.config())
  }

  get config(): HttpConfig {
    return this.#rules.config
  }

  /** Applies the settings as they are now. Throws, and keeps the old ones, when they cannot be used. */
  reload(): void {
    this.#rules = rulesOf(this.#parts.config())
  }

  /** Whether the credential behind an owner mark is still accepted. */
  stillValid(owner: string | null): boolean {
    return this.#rules.tokens.stillValid(owner)
  }

  /** What connections are counted by, before there is a request: the peer, which may be a trusted proxy. */
  addressOf({ remoteAddress }: Socket): {
    readonly address: string
    readonly key: string
    /** Many clients share it: it is a trusted proxy, or this machine. */
    readonly isShared: boolean
  } {
    const address = normalAddress(remoteAddress ?? '') ?? NO_ADDRESS
    const isShared = isLoopback(address) || this.#rules.trusted.has(address)
    return { address, key: countingKey(address), isShared }
  }

  /** Guards 1 and 2. */
  identify(request: IncomingMessage): RequestFacts {
    const { config, trusted } = this.#rules
    const forwarded = request.headers['x-forwarded-for']
    const chain = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    const address = clientAddress(request.socket.remoteAddress, chain, trusted)
    return {
      requestId: requestIdOf(request.headers[config.sseRequestIdHeader.toLowerCase()]),
      address,
      addressKey: countingKey(address),
      owner: null,
      ticket: null,
      verified: null,
    }
  }

  /** Guard 3 alone, for a preflight. */
  checkHost(request: IncomingMessage, rules: RouteRules): void {
    if (this.#isOpen(rules)) return
    const { allowedHosts, httpHost } = this.#rules.config
    const inTarget = targetHost(request.url ?? '')
    // RFC 9112 3.2.2: an absolute target wins over the header; a proxy may have used either, so both must be right.
    for (const host of [request.headers.host, ...(inTarget === null ? [] : [inTarget])]) {
      if (!hostAllowed(host, allowedHosts, httpHost)) throw new GuardRefusal('host', 'wrong_host')
    }
  }

  /** Guards 3–7, as far as the route wants them. Throws a GuardRefusal; a promise only when a JWT must be verified. */
  check(
    request: IncomingMessage,
    facts: RequestFacts,
    rules: RouteRules,
    ticket: string | null,
  ): Promise<void> | undefined {
    if (this.#isOpen(rules)) return undefined
    this.checkHost(request, rules)
    const verified = this.#checkToken(request, facts, rules, ticket)
    if (verified === undefined) this.#checkRest(request, facts, rules)
    return verified?.then(() => this.#checkRest(request, facts, rules))
  }

  #isOpen(rules: RouteRules): boolean {
    return rules.access === 'open' || (rules.surface === 'metrics' && this.#rules.config.metricsPublic)
  }

  #checkToken(
    request: IncomingMessage,
    facts: RequestFacts,
    rules: RouteRules,
    ticket: string | null,
  ): Promise<void> | undefined {
    const { tokens } = this.#rules
    const { apiToken, bearer } = presentedTokens(request.headers)
    for (const token of [apiToken, bearer]) facts.owner ??= token === null ? null : tokens.ownerOf(token)
    if (!tokens.required || facts.owner !== null) return undefined
    const usesTicket = rules.access === 'stream' && ticket !== null && ticket.length <= LONGEST_TICKET_CHARS
    const ticketHolder = usesTicket ? this.#tickets.look(ticket, this.#parts.clock.monotonicMs()) : null
    if (ticketHolder !== null && tokens.stillValid(ticketHolder.owner)) {
      facts.owner = ticketHolder.owner
      facts.ticket = ticket
      return undefined
    }
    const isMissing = apiToken === null && bearer === null && !(rules.access === 'stream' && ticket !== null)
    if (isMissing)
      throw new GuardRefusal('auth', 'token_missing', { 'WWW-Authenticate': 'Bearer realm="g6"' })
    if (bearer === null || rules.verifyBearer === undefined) return this.#refuseToken(facts)
    return rules.verifyBearer(bearer).then(result => {
      if (typeof result === 'string') this.#refuseToken(facts, result)
      facts.verified = result
    })
  }

  #refuseToken(facts: RequestFacts, code: ErrorCode = 'token_wrong'): never {
    const waitMs = this.#wrongTokens.take(facts.addressKey, WRONG_TOKENS, this.#parts.clock.monotonicMs())
    if (waitMs > 0) throw new GuardRefusal('auth', 'too_many_wrong_tokens', retryAfter(waitMs))
    const challenge = 'Bearer realm="g6", error="invalid_token"'
    throw new GuardRefusal('auth', code, { 'WWW-Authenticate': challenge })
  }

  #checkRest(request: IncomingMessage, facts: RequestFacts, rules: RouteRules): void {
    const { config, allowed } = this.#rules
    if (allowed.size > 0 && !allowed.has(facts.address)) throw new GuardRefusal('ip', 'address_not_allowed')
    if (rules.access === 'data') return
    if (!userAgentAllowed(request.headers['user-agent'], config.sseUaAllow)) {
      throw new GuardRefusal('ua', 'user_agent_not_allowed')
    }
    if (this.#parts.draining()) throw new GuardRefusal('draining', 'draining', BUSY)
    if (rules.access === 'relay') return
    if (this.#parts.shedding()) throw new GuardRefusal('shed', 'shed', BUSY)
    // A HEAD opens no stream.
    if (request.method === 'HEAD') return
    const { count, windowSec } = config.sseIpConnectRate
    if (count === 0) return
    const limit = { count, windowMs: windowSec * 1000 }
    const waitMs = this.#connects.take(facts.addressKey, limit, this.#parts.clock.monotonicMs())
    if (waitMs > 0) throw new GuardRefusal('rate', 'connect_rate', retryAfter(waitMs))
  }

  /** Guard 8, for a connection that is about to become a stream. */
  checkLimit({ addressKey }: RequestFacts): void {
    const { connections } = this.#parts
    const { sseMaxConnections: inAll, sseMaxConnectionsPerIp: perKey } = this.#rules.config
    const over = overLimit(connections.streams, connections.streamsOf(addressKey), { inAll, perKey })
    if (over === null) return
    connections.refuse()
    const code = over === 'all' ? 'too_many_streams' : 'too_many_streams_of_address'
    throw new GuardRefusal('cap', code, BUSY)
  }

  issueTicket(owner: string | null): string {
    return this.#tickets.issue(owner, this.#parts.clock.monotonicMs())
  }

  /** Binds the ticket of a request to its stream; throws when another request used it first. Null when there is none. */
  useTicket(facts: RequestFacts): TicketUse | null {
    if (facts.ticket === null) return null
    const use = this.#tickets.use(facts.ticket, this.#parts.clock.monotonicMs())
    return use ?? this.#refuseToken(facts)
  }
}
