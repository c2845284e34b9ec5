// How another room adds routes to the server: it registers them on the Fastify instance with rules that name the guards, and gets
// from the shell what only the server has (facts about the client, streams over raw sockets).
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConnectedClient } from '../connection/connection.js'
import type { Transport, Wire } from '../connection/transport.js'
import type { ErrorCode, Problem } from './errors.js'
import type { Refusal } from './refusal.js'

/** Which listeners have a route; the unified one has all. */
export type Surface = 'stream' | 'resync' | 'metrics' | 'other'

/** Which guards a route has. */
export type RouteRules = {
  /** Members of its error documents for the clients of another API, which take the place of those of the same name. */
  readonly errorMembers?: (problem: Problem) => Readonly<Record<string, unknown>>
  readonly surface: Surface
  /**
   * `open`: none (it answers with no data). `data`: guards 3–5. `stream`: guards 3–8, draining and shedding; `shell.openStream`
   * makes it a stream. `relay`: guards 3–6 and draining; it has limits of its own.
   */
  readonly access: 'open' | 'data' | 'stream' | 'relay'
  /** Of a relay route: the request only goes on with what runs already, so a server that is about to stop still takes it. */
  readonly continues?: (request: IncomingMessage) => boolean
  /**
   * Of a stream: whether its reader was here, or at another server of the fleet, with this `Last-Event-ID`. It does not count against
   * the rate of new streams: all readers of an office come at once when their server ends.
   */
  readonly isReturn?: (lastEventId: string) => boolean
  /**
   * Checks credentials of which none is the server's token: an `Authorization: Bearer`, or on relay routes an `x-api-key`. Returns
   * whose they are, the error to answer with, or null to let the request pass: the route checks them itself.
   */
  readonly verifyCaller?: (presented: Presented, facts: RequestFacts) => Promise<Verified | ErrorCode | null>
  /** The app behind the route asks for credentials of its own: guard 4 does not apply, and they are not looked at. */
  readonly ownCredentials?: true
  /** Called for each refused request to this route; returns the operation it was recorded as, or null. */
  readonly onRefusal?: (refusal: Refusal, request: FastifyRequest) => string | null
}

/** The credentials of a request, unchecked: `X-API-Token`, `Authorization: Bearer`, `x-api-key`. */
export type Presented = {
  readonly apiToken: string | null
  readonly bearer: string | null
  readonly apiKey: string | null
}

/** A caller whose token was verified. */
export type Person = {
  /** Stable and unique (issuer and subject); what limits, ownership and audit count by. Never logged as it is. */
  readonly key: string
  /** The token's `email` claim; sent upstream; the audit holds only its commitment. */
  readonly email: string | null
  /** The token's `role` claim. */
  readonly role: string | null
  /** The token's `jti`, else a digest of the token. */
  readonly tokenId: string
}

/** `rules` names the settings in force before the token was verified. */
export type Verified = { readonly person: Person; readonly rules: string }

/** What the guards found out about a request. */
export type RequestFacts = {
  readonly requestId: string
  readonly address: string
  /** What limits count by: the address, or the /64 of an IPv6 one. */
  readonly addressKey: string
  /** Mark of the credential that let it in; null when none was needed, or when it was a person's. */
  owner: string | null
  /** Of the valid ticket it came with, if any. */
  ticketId: string | null
  /** Whose Bearer token it came with, once that was verified. */
  verified: Verified | null
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts
  }
  interface FastifyContextConfig {
    rules?: RouteRules
  }
}

/** A list: a header line each. */
export type StreamHeaders = Readonly<Record<string, string | readonly string[]>>

export type StreamOptions = {
  readonly gzip: boolean
  /** Headers of the 200 beyond those every stream has. */
  readonly headers?: StreamHeaders
  /** False: the route counts its streams itself. */
  readonly counted: boolean
  /** What is sent with the head, before anything else is done for the stream. Else its first writes of this turn go with the head. */
  begin?(wire: Wire): Buffer
}

/** Of a counted stream, `addressKey` is what the limit per address counts by. */
export type OpenStream = {
  readonly transport: Transport
  readonly wire: Wire
  readonly addressKey: string
  readonly ticketId?: string
  readonly client: ConnectedClient
}

/** What the server offers to its routes. */
export interface HttpShell {
  /**
   * Turns the request into a stream: checks the limit, writes the head and hands over the connection. From then on nothing of
   * `request` or `reply` may be used. Null: the client is gone. Throws HttpError when the limit is reached.
   */
  openStream(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): OpenStream | null
  /** Answers a HEAD as RFC 9110 9.3.2 requires: with the headers of a GET, and no stream. */
  answerHead(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): void
  /**
   * Counts a wrong credential of a kind that only the route can check. Returns the milliseconds for which its address is over the
   * limit, and each further credential of it waits before it is checked; 0: it is below.
   */
  countWrong(request: FastifyRequest): number
  readonly draining: boolean
  /** Of the paths of all routes so far. */
  readonly templates: readonly string[]
  /** Whether only this machine reaches the ports, as they are bound; what proxies in front of them say does not count. */
  readonly isLocal: boolean
}

export interface HttpPlugin {
  readonly name: string
  register(app: FastifyInstance, shell: HttpShell): void | Promise<void>
  /** The tokens have changed: end streams whose credential is no longer valid. */
  dismiss?(which: (owner: string | null) => boolean): void
}
