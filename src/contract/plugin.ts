// How another room adds routes to the server: it registers them on the Fastify instance with rules that name the guards, and gets
// from the shell what only the server has (facts about the client, streams over raw sockets).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Transport, Wire } from '../connection/transport.js'
import type { ErrorCode } from './errors.js'
import type { Refusal } from './refusal.js'

/** Which listeners have a route; the unified one has all. */
export type Surface = 'stream' | 'resync' | 'metrics' | 'other'

/** Which guards a route has. */
export type RouteRules = {
  readonly surface: Surface
  /**
   * `open`: none (it answers with no data). `data`: guards 3–5. `stream`: guards 3–8, draining and shedding; `shell.openStream`
   * makes it a stream. `relay`: guards 3–6 and draining; it has limits of its own.
   */
  readonly access: 'open' | 'data' | 'stream' | 'relay'
  /** A route may accept other tokens than the server's: null when it accepts this `Authorization: Bearer`, else why not. */
  readonly bearerFault?: (bearer: string) => Promise<ErrorCode | null>
  /** Called for each refused request to this route; returns the operation of its audit record, or null. */
  readonly onRefusal?: (refusal: Refusal, request: FastifyRequest) => string | null
}

/** What the guards know about a request. */
export type RequestFacts = {
  readonly requestId: string
  readonly address: string
  /** What limits count by: the address, or the /64 of an IPv6 one. */
  readonly addressKey: string
  /** Mark of the credential that let it in; null when none was needed, or when it was a person's. */
  owner: string | null
  /** The ticket that let it in, if one did. */
  ticket: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts
  }
  interface FastifyContextConfig {
    rules?: RouteRules
  }
}

export type StreamOptions = {
  readonly gzip: boolean
  /** Headers of the 200 beyond those every stream has. */
  readonly headers?: Readonly<Record<string, string>>
  /** False: the route counts its streams itself. */
  readonly counted: boolean
}

/** Of a counted stream, `addressKey` is what the limit per address counts by. */
export type OpenStream = { readonly transport: Transport; readonly wire: Wire; readonly addressKey: string }

/** What the server offers to its routes. */
export interface HttpShell {
  /**
   * Turns the request into a stream: checks the limit, writes the head and hands over the connection. From then on nothing of
   * `request` or `reply` may be used. Null: the client is gone. Throws HttpError when the limit is reached.
   */
  openStream(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): OpenStream | null
  /** Answers a HEAD as RFC 9110 9.3.2 requires: with the headers of a GET, and no stream. */
  answerHead(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): void
  readonly draining: boolean
}

export interface HttpPlugin {
  readonly name: string
  register(app: FastifyInstance, shell: HttpShell): void | Promise<void>
  /** The tokens have changed: end streams whose credential is no longer valid. */
  dismiss?(which: (owner: string | null) => boolean): void
}
