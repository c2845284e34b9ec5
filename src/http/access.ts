// The guards in their order, with the settings in force. How each decides is in src/guards; here are only the order and the refusals.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Connections } from '../connection/connections.js'
import { type ErrorCode, statusOf } from '../contract/errors.js'
import type { RequestFacts, RouteRules } from '../contract/plugin.js'
import type { RejectReason } from '../contract/refusal.js'
import { busyHeaders, Refusal } from '../contract/refusal.js'
import {
  type AddressList,
  addressList,
  clientAddress,
  countingKey,
  peerAddress,
  peerOf,
  UNIX_PEER,
} from '../guards/address.js'
import { isCrossSite, isNavigation } from '../guards/cross-site.js'
import { Guesses } from '../guards/guesses.js'
import { hostAllowed, isLoopback, targetHost } from '../guards/host.js'
import { requestIdOf } from '../guards/ids.js'
import { SlidingWindow } from '../guards/sliding-window.js'
import { overLimit } from '../guards/slots.js'
import {
  isInTime,
  issueTicket,
  readTicket,
  TICKET_TTL_MS,
  type Ticket,
  type TicketKey,
  ticketKeys,
} from '../guards/ticket.js'
import { presentedTokens, type TokenSet, tokenSet } from '../guards/token.js'
import { userAgentAllowed } from '../guards/user-agent.js'
import type { TicketDocument } from '../protocol/events.js'
import type { HttpConfig } from './http-config.js'

/** A refusal by one of the guards below, which the metrics count. */
export class GuardRefusal extends Refusal<RejectReason> {
  constructor(guard: RejectReason, code: ErrorCode, headers: Readonly<Record<string, string>> = {}) {
    super(guard, code, undefined, headers)
  }
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="g6"' }

type Rules = {
  readonly config: HttpConfig
  readonly tokens: TokenSet
  readonly tickets: readonly TicketKey[]
  readonly allowed: AddressList
  readonly trusted: AddressList
}

function rulesOf(config: HttpConfig): Rules {
  const tokens = tokenSet(config.sseApiToken, config.sseApiTokenPrevious)
  return {
    config,
    tokens,
    tickets: ticketKeys(tokens.inForce),
    allowed: addressList(config.sseIpAllow),
    trusted: addressList(config.trustProxy),
  }
}

const header = (value: string | string[] | undefined): string => [value].flat()[0] ?? ''

/** What a request for a stream brings in its address. */
export type StreamTarget = {
  readonly ticket?: unknown
  readonly last_event_id?: unknown
  readonly last_id?: unknown
}

function lastIdsOf(
  { headers }: IncomingMessage,
  { last_event_id, last_id }: StreamTarget,
): readonly string[] {
  const given = [header(headers['last-event-id']), last_event_id, last_id]
  return given.filter((id): id is string => typeof id === 'string' && id !== '')
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
  readonly timers?: Timers | undefined
  readonly random?: (() => number) | undefined
  /** The address that most can reach, of those that the ports are bound to. */
  readonly boundTo: () => string
}

export class Access {
  readonly #parts: AccessParts
  readonly #connects = new SlidingWindow()
  readonly #guesses = new Guesses()
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
  addressOf(socket: Socket): {
    readonly address: string
    readonly key: string
    /** Many clients share it: it is a trusted proxy, or this machine. */
    readonly isShared: boolean
  } {
    const address = peerAddress(peerOf(socket))
    const isShared = address === UNIX_PEER || isLoopback(address) || this.#rules.trusted.has(address)
    return { address, key: countingKey(address), isShared }
  }

  /** Guards 1 and 2. */
  identify(request: IncomingMessage): RequestFacts {
    const { config, trusted } = this.#rules
    const forwarded = request.headers['x-forwarded-for']
    const chain = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    const address = clientAddress(peerOf(request.socket), chain, trusted)
    return {
      requestId: requestIdOf(request.headers[config.sseRequestIdHeader.toLowerCase()]),
      address,
      addressKey: countingKey(address),
      owner: null,
      ticketId: null,
      verified: null,
    }
  }

  /** Guard 3 alone, for a preflight. */
  checkHost(request: IncomingMessage, rules: RouteRules): void {
    if (this.#isOpen(rules)) return
    const { allowedHosts } = this.#rules.config
    const boundTo = this.#parts.boundTo()
    const inTarget = targetHost(request.url ?? '')
    // RFC 9112 3.2.2: an absolute target wins over the header; a proxy may have used either, so both must be right.
    for (const host of [request.headers.host, ...(inTarget === null ? [] : [inTarget])]) {
      if (!hostAllowed(host, allowedHosts, boundTo)) throw new GuardRefusal('host', 'wrong_host')
    }
  }

  /** Guards 3–7, as far as the route wants them. Throws a GuardRefusal; a promise only when it must wait for something. */
  check(
    request: IncomingMessage,
    facts: RequestFacts,
    rules: RouteRules,
    target: StreamTarget,
  ): Promise<void> | undefined {
    if (this.#isOpen(rules)) return undefined
    this.checkHost(request, rules)
    this.#checkSite(request, rules)
    const waitMs = this.#bringsCredential(request, rules, target) ? this.#waitMs(facts) : 0
    if (waitMs > 0) {
      return this.#after(waitMs, request).then(() => this.#checkCaller(request, facts, rules, target))
    }
    return this.#checkCaller(request, facts, rules, target)
  }

  #checkCaller(
    request: IncomingMessage,
    facts: RequestFacts,
    rules: RouteRules,
    target: StreamTarget,
  ): Promise<void> | undefined {
    const verified =
      rules.ownCredentials === true ? undefined : this.#checkToken(request, facts, rules, target)
    if (verified === undefined) this.#checkRest(request, facts, rules, target)
    return verified?.then(() => this.#checkRest(request, facts, rules, target))
  }

  /** The relay checks this itself, behind its flag. */
  #checkSite(request: IncomingMessage, { access }: RouteRules): void {
    if (access === 'relay' || !isCrossSite(request.headers, this.#rules.config.sseAllowOrigin)) return
    // A document takes no place, and its page cannot read it (cors.ts): what a person opens is shown, and an Origin alone, which
    // other programs send too, is no reason.
    const isKnown = request.headers['sec-fetch-site'] !== undefined && !isNavigation(request)
    if (access === 'data' && !isKnown) return
    throw new GuardRefusal('origin', 'cross_site')
  }

  #bringsCredential({ headers }: IncomingMessage, rules: RouteRules, target: StreamTarget): boolean {
    if (rules.ownCredentials === true) return false
    const isRelay = rules.access === 'relay'
    // A route with credentials of its own counts wrong ones too.
    const isChecked = this.#rules.tokens.required || rules.verifyCaller !== undefined
    if (!isRelay && !isChecked) return false
    const { apiToken, bearer, apiKey } = presentedTokens(headers)
    const hasOther = isRelay ? apiKey !== null : ticketIn(rules, target) !== null
    return apiToken !== null || bearer !== null || hasOther
  }

  #waitMs({ addressKey }: RequestFacts): number {
    return this.#guesses.waitMs(addressKey, this.#parts.clock.monotonicMs())
  }

  /** Sooner when the client leaves. */
  #after(ms: number, { socket }: IncomingMessage): Promise<void> {
    const { timers = systemTimers } = this.#parts
    return new Promise(resolve => {
      const settle = (): void => {
        cancel()
        socket.off('close', settle)
        resolve()
      }
      const cancel = timers.after(ms, settle)
      socket.once('close', settle)
    })
  }

  #isOpen(rules: RouteRules): boolean {
    return rules.access === 'open' || (rules.surface === 'metrics' && this.#rules.config.metricsPublic)
  }

  #checkToken(
    request: IncomingMessage,
    facts: RequestFacts,
    rules: RouteRules,
    target: StreamTarget,
  ): Promise<void> | undefined {
    const { tokens } = this.#rules
    const presented = presentedTokens(request.headers)
    const { apiToken, bearer } = presented
    for (const token of [apiToken, bearer]) facts.owner ??= token === null ? null : tokens.ownerOf(token)
    const text = ticketIn(rules, target)
    const ticket = text === null ? null : this.#usableTicket(text, request, target)
    facts.ticketId = ticket?.id ?? null
    if (!tokens.required || facts.owner !== null) return undefined
    if (ticket !== null) {
      facts.owner = ticket.owner
      return undefined
    }
    const apiKey = rules.access === 'relay' ? presented.apiKey : null
    if (apiToken === null && bearer === null && apiKey === null && text === null)
      this.#refuseToken(facts, 'token_missing')
    if ((bearer === null && apiKey === null) || rules.verifyCaller === undefined)
      return this.#refuseToken(facts)
    return rules.verifyCaller(presented, facts).then(result => {
      if (typeof result === 'string') this.#refuseToken(facts, result)
      facts.verified = result
    })
  }

  /** Null: not a ticket of the tokens in force, or too late. */
  #usableTicket(text: string, request: IncomingMessage, target: StreamTarget): Ticket | null {
    const { tickets, config } = this.#rules
    const ticket = readTicket(text, tickets)
    if (ticket === null) return null
    // It had an event, or its connection is still open here.
    const isReturn =
      lastIdsOf(request, target).length > 0 || this.#parts.connections.withTicket(ticket.id) !== null
    const returnMs = config.sseTicketReturnSec * 1000
    return isInTime(ticket, { isReturn, returnMs }, this.#parts.clock.nowMs()) ? ticket : null
  }

  #refuseToken(facts: RequestFacts, code: ErrorCode = 'token_wrong'): never {
    if (code === 'token_missing') throw new GuardRefusal('auth', code, CHALLENGE)
    // The server is unable to check it: that is no wrong one.
    if (statusOf(code) >= 500) throw new GuardRefusal('auth', code)
    const waitMs = this.countWrong(facts)
    // A wrong relay key is always 401: the clients that bring one repeat a 429, and its address waits anyway.
    if (waitMs > 0 && code !== 'key_wrong')
      throw new GuardRefusal('auth', 'too_many_wrong_tokens', retryAfter(waitMs))
    const challenge = 'Bearer realm="g6", error="invalid_token"'
    throw new GuardRefusal('auth', code, { 'WWW-Authenticate': challenge })
  }

  /** Counts a wrong credential, whatever kind it is of. Returns for how long its address is over the limit; 0: it is not. */
  countWrong({ addressKey }: RequestFacts): number {
    return this.#guesses.add(addressKey, this.#parts.clock.monotonicMs())
  }

  #checkRest(request: IncomingMessage, facts: RequestFacts, rules: RouteRules, target: StreamTarget): void {
    const { config, allowed } = this.#rules
    if (allowed.size > 0 && !allowed.has(facts.address)) throw new GuardRefusal('ip', 'address_not_allowed')
    if (rules.access === 'data') return
    if (!userAgentAllowed(request.headers['user-agent'], config.sseUaAllow)) {
      throw new GuardRefusal('ua', 'user_agent_not_allowed')
    }
    if (this.#parts.draining() && rules.continues?.(request) !== true)
      throw new GuardRefusal('draining', 'draining', this.#busy())
    if (rules.access === 'relay') return
    if (this.#parts.shedding()) throw new GuardRefusal('shed', 'shed', this.#busy())
    // A HEAD opens no stream.
    if (request.method === 'HEAD') return
    const { count, windowSec } = config.sseIpConnectRate
    if (count === 0 || lastIdsOf(request, target).some(id => rules.isReturn?.(id) === true)) return
    const limit = { count, windowMs: windowSec * 1000 }
    const waitMs = this.#connects.take(facts.addressKey, limit, this.#parts.clock.monotonicMs())
    if (waitMs > 0) throw new GuardRefusal('rate', 'connect_rate', retryAfter(waitMs))
  }

  /** Guard 8, for a connection that is about to become a stream, perhaps in the place of an earlier one of its client. */
  checkLimit({ addressKey, ticketId }: RequestFacts): void {
    const { connections } = this.#parts
    const { sseMaxConnections: inAll, sseMaxConnectionsPerIp: perKey } = this.#rules.config
    const earlier = ticketId === null ? null : connections.withTicket(ticketId)
    const streams = connections.streams - (earlier === null ? 0 : 1)
    const ofKey = connections.streamsOf(addressKey) - (earlier?.addressKey === addressKey ? 1 : 0)
    const over = overLimit(streams, ofKey, { inAll, perKey })
    if (over === null) return
    connections.refuse()
    const code = over === 'all' ? 'too_many_streams' : 'too_many_streams_of_address'
    throw new GuardRefusal('cap', code, this.#busy())
  }

  #busy(): Readonly<Record<string, string>> {
    return busyHeaders(this.#parts.random)
  }

  /** The answer to POST /summary/ticket. */
  issueTicket(owner: string | null): TicketDocument {
    const { tickets, config } = this.#rules
    const key = tickets.find(each => each.owner === owner)
    // A reload came in between.
    if (key === undefined) throw new GuardRefusal('auth', 'token_wrong')
    return {
      ticket: issueTicket(key, this.#parts.clock.nowMs()),
      expires_in_sec: TICKET_TTL_MS / 1000,
      return_sec: config.sseTicketReturnSec,
    }
  }
}

/** Tickets open streams only. */
function ticketIn({ access }: RouteRules, { ticket }: StreamTarget): string | null {
  return access === 'stream' && typeof ticket === 'string' && ticket !== '' ? ticket : null
}
