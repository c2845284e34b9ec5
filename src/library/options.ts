// The options of createHub: one declaration with defaults and limits, checked when the hub is made.
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { z } from 'zod'

/** A request as `authorize` sees it, whatever the framework. */
export type HubRequest = {
  readonly method: string
  /** Path and query as they came, with the prefix. */
  readonly url: string
  /** The value of a header; `name` in lower case. */
  header(name: string): string | undefined
  /** The request of the framework, for what a middleware has put there (a session, a user). */
  readonly raw: IncomingMessage | Http2ServerRequest | Request
}

/** See docs/library.md for the reason and an example of each. */
export type LiveHubOptions = {
  /** Decides who may read; false is a 401. By default everybody may. */
  readonly authorize?: (request: HubRequest) => boolean | Promise<boolean>
  /** Open streams; one more is a 429. Default 1 000. */
  readonly maxClients?: number
  /** Web origins whose pages may read, or `*`. Default: none but the server's own. */
  readonly allowOrigin?: readonly string[]
  /** Compress for clients that accept gzip. Default true. */
  readonly gzip?: boolean
  /** Send line differences to clients that do not choose with `?structured=`. Default false. */
  readonly structured?: boolean
  /** Serve the page at `/` (and what it asks: `/summary/health`, `/summary/history`). Default false. */
  readonly page?: boolean
  /** The wait before a client reconnects, ms. Default 2 000. */
  readonly retryMs?: number
  /** When the hub closes, clients come back spread over this time, ms. Default 5 000. */
  readonly reconnectSpreadMs?: number
  /** A stream without a byte for this long gets a comment, ms. Default 15 000. */
  readonly keepaliveMs?: number
  /** A client that takes no byte for this long is closed, ms. Default 30 000. */
  readonly stallTimeoutMs?: number
  /** Events a second for each client, twice that in a burst; what is over is merged. Default 100. */
  readonly eventsPerSec?: number
  /** A larger event is sent as several; a larger panel is cut. Default 65 536. */
  readonly maxEventBytes?: number
  /** Gets what fails inside the hub or in `authorize`. Default: a warning of the process. */
  readonly onError?: (error: unknown) => void
}

const ms = (fallback: number, min: number) => z.int().min(min).max(86_400_000).default(fallback)
const call = <T>(what: string) => z.custom<T>(given => typeof given === 'function', `must be ${what}`)

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}

const schema = z.strictObject({
  authorize: call<NonNullable<LiveHubOptions['authorize']>>('a function of a request').optional(),
  maxClients: z.int().min(1).max(1_000_000).default(1_000),
  allowOrigin: z.array(z.string()).default([]),
  gzip: z.boolean().default(true),
  structured: z.boolean().default(false),
  page: z.boolean().default(false),
  retryMs: ms(2_000, 0),
  reconnectSpreadMs: ms(5_000, 0),
  keepaliveMs: ms(15_000, 1_000),
  stallTimeoutMs: ms(30_000, 1_000),
  eventsPerSec: z.number().min(0.1).max(1_000_000).default(100),
  maxEventBytes: z.int().min(256).max(67_108_864).default(65_536),
  onError: call<NonNullable<LiveHubOptions['onError']>>('a function of an error').default(() => warn),
})

export type CheckedOptions = z.infer<typeof schema>

/** The names of all options, for the test that each is documented. */
export const OPTION_NAMES = Object.keys(schema.shape)

/** The options with defaults. Throws a TypeError that names what is wrong and what is allowed. */
export function checkOptions(options: LiveHubOptions): CheckedOptions {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '))
  throw new TypeError(`createHub: ${faults.join('; ')}. The options are ${OPTION_NAMES.join(', ')}.`)
}
