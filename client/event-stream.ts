// Server-Sent Events over fetch, for browser and Node: `EventSource` with headers, methods, timeouts and errors that say
// what went wrong. One consumer, which pulls: a slow one slows the server down, and only the events of one chunk are
// queued here.
//
// A connection that ends is made again, with the last id, after
//     the server's delay (`retry:`, `Retry-After`) + random × min(maxDelayMs, initialDelayMs × 2^failures)
// See backoff.ts. After 401 and 403 the server's delay is at least `maxDelayMs`. 204 ends the stream.
import { createSseParser, type SseMessage } from '../src/sse/parse.js'
import { createBackoff, MAX_SERVER_DELAY_MS } from './backoff.js'
import { type Fetch, pieces, type Refusal, refusalOf } from './body.js'

export type { SseMessage } from '../src/sse/parse.js'

export type StreamErrorCode =
  /** The connection failed. */
  | 'network'
  /** The server ended the stream. */
  | 'ended'
  /** No byte for `readTimeoutMs`. */
  | 'timeout'
  /** A status other than 200 and 204. */
  | 'status'
  /** Not `text/event-stream`. */
  | 'content_type'
  /** A redirect to no usable address, or too many of them. */
  | 'redirect'
  /** An event over the size limit was dropped; the stream goes on. */
  | 'too_large'
  /** Data that is no valid event; the stream goes on. */
  | 'malformed'
  /** `/summary/resync` failed; the stream starts afresh. */
  | 'resync'
  /** The server sent an `error` event. */
  | 'server'
  /** A server of the Python original, which cannot be followed; the connection is closed. */
  | 'original'

/** What went wrong with a stream: passed to `onError`, never thrown. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  declare readonly code: StreamErrorCode
  /** HTTP status, if there was an answer. */
  declare readonly status: number | undefined
  /** Of a refusal: `code` of its problem document. */
  declare readonly problem: string | undefined
  /** Of a refusal: what the server says to people, one line; it is in `message` too. */
  declare readonly detail: string | undefined
  /** Of a refusal: `Retry-After`, at most an hour. */
  declare readonly retryAfterSec: number | undefined
  /** Time until the reconnection, ms; undefined when the connection was not lost. */
  retryInMs: number | undefined = undefined

  constructor(
    code: StreamErrorCode,
    message?: string,
    status?: number,
    more?: Refusal | { readonly cause: unknown },
  ) {
    super(message)
    Object.assign(this, { code, status, ...more })
  }
}

export type EventStreamOptions = {
  /** A function is called for each connection: a token may change. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** `GET` by default; with a body usually `POST` or `REPORT`. */
  readonly method?: string
  /** Sent again with every reconnection. */
  readonly body?: string
  /** Sent as `Last-Event-ID` with the first request. */
  readonly lastEventId?: string
  /** Longest silence, before the response headers too; 0 = no limit (default). */
  readonly readTimeoutMs?: number
  /** Upper bound of the first random wait; default 1000. */
  readonly initialDelayMs?: number
  /** Upper bound of every random wait; default 30 000. */
  readonly maxDelayMs?: number
  /** Largest event, in UTF-16 units; default 16 Mi. */
  readonly maxEventLength?: number
  readonly onComment?: (text: string) => void
  /** Every failure, those that a reconnection solves too. */
  readonly onError?: (error: StreamError) => void
  /**
   * Called after each event: whether it ends a run of failures, after which the waits begin anew. By default no event does: a
   * connection that lived for 10 s does.
   */
  readonly isGood?: () => boolean
  /** Called for each accepted connection. */
  readonly onOpen?: (response: Response) => void
  /** Called for each chunk received. */
  readonly onBytes?: (count: number) => void
  /** Closes the stream when it aborts. */
  readonly signal?: AbortSignal
  readonly fetch?: Fetch
  /** 0 ≤ n < 1; for tests. */
  readonly random?: () => number
}

export type EventStream = AsyncIterable<SseMessage> & {
  /** Ends the iteration. Idempotent. */
  close(): void
  /** Closes the connection and opens a new one after `delayMs` (default: at once; `Infinity`: with the next `restart`). */
  restart(delayMs?: number): void
  /** The id to reconnect with; set it to '' to start afresh. */
  lastEventId: string
  readTimeoutMs: number
  /** The URL of the next connection. */
  url: string
}

const MAX_REDIRECTS = 10
/** A longer timer would fire at once. */
const LONGEST_MS = 2 ** 31 - 1

/** The value, or what the function returns now. */
export function resolve<T extends string | object | null | undefined>(value: T | (() => T)): T {
  return value instanceof Function ? value() : value
}

/** A header value is bytes: encode UTF-8 bytes as Latin-1 characters. */
function headerValue(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

/** Node's fetch only says "fetch failed"; the cause has the details. */
export function messageOf(reason: unknown): string {
  const { message, code } = Object(Object(reason).cause ?? reason)
  return message || code || String(reason)
}

/**
 * Sends a request. Follows redirects itself, as the fetch standard does, but keeps `secret` headers (credentials) from another
 * origin. A browser hides the target of a redirect, so there the browser follows it.
 */
export async function send(
  request: Fetch,
  url: string,
  given: RequestInit,
  open: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>> | undefined,
): Promise<Response> {
  const init: RequestInit & { readonly cache: 'no-store' } = {
    ...given,
    cache: 'no-store',
    redirect: 'manual',
  }
  let headers = new Headers({ ...open, ...secret })
  let target = url
  for (let hops = 0; ; hops++) {
    const response = await request(target, { ...init, headers })
    const { status, type } = response
    if (type === 'opaqueredirect') {
      init.redirect = 'follow'
      continue
    }
    if (!/^30[12378]$/.test(`${status}`)) return response
    await response.body?.cancel()
    const location = response.headers.get('location')
    if (!location || !URL.canParse(location, target))
      throw new StreamError('redirect', 'redirect without Location, or to no address', status)
    if (hops === MAX_REDIRECTS)
      throw new StreamError('redirect', `more than ${MAX_REDIRECTS} redirects`, status)
    const next = new URL(location, target)
    if (next.origin !== new URL(target).origin) headers = new Headers(open)
    if (status === 303 || (status < 303 && init.method === 'POST')) {
      init.method = 'GET'
      init.body = null
      headers.delete('content-type')
    }
    target = next.href
  }
}

export function createEventStream(url: string | URL, options: EventStreamOptions = {}): EventStream {
  const { onError, onComment, signal, maxEventLength, method = 'GET', body = null } = options
  const { initialDelayMs = 1000, maxDelayMs = 30_000, random = Math.random, fetch: request = fetch } = options
  const backoff = createBackoff(initialDelayMs, maxDelayMs, random)
  let closed = false
  let connection = new AbortController()
  /** Ends a wait between two connections. */
  let wake = (): void => {}
  let restartAfterMs: number | null = null
  /** When the connection was accepted. */
  let openedMs = Number.POSITIVE_INFINITY
  /** What a refusal asks for. */
  let leastMs = 0

  const stream: EventStream = {
    close,
    restart,
    lastEventId: options.lastEventId ?? '',
    readTimeoutMs: options.readTimeoutMs ?? 0,
    url: String(url),
    [Symbol.asyncIterator]: () => events,
  }

  function close(): void {
    closed = true
    signal?.removeEventListener('abort', close)
    connection.abort()
    wake()
  }

  function restart(delayMs = 0): void {
    restartAfterMs = Number.isFinite(delayMs) ? Math.min(delayMs, MAX_SERVER_DELAY_MS) : LONGEST_MS
    connection.abort()
    wake()
  }

  /** Awaits `work`, but no longer than the read timeout. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    const current = connection
    const ms = Math.min(stream.readTimeoutMs, LONGEST_MS)
    if (ms <= 0) return work
    const timer = setTimeout(() => current.abort(new StreamError('timeout', `no byte for ${ms} ms`)), ms)
    try {
      return await work
    } finally {
      clearTimeout(timer)
    }
  }

  async function open(): Promise<Response> {
    const own: Record<string, string> = { Accept: 'text/event-stream' }
    // An id with control characters fits in no header; one without limit makes every request too large.
    if (/^\P{Cc}{1,999}$/u.test(stream.lastEventId)) own['Last-Event-ID'] = headerValue(stream.lastEventId)
    return send(
      request,
      stream.url,
      { method, body, signal: connection.signal },
      own,
      resolve(options.headers),
    )
  }

  async function refuse(response: Response, type: string): Promise<never> {
    const { status } = response
    if (status === 200) throw new StreamError('content_type', `not an event stream: ${type}`, status)
    const refusal = await refusalOf(response)
    leastMs = (refusal.retryAfterSec ?? 0) * 1000
    if (status === 401 || status === 403) leastMs = Math.max(leastMs, maxDelayMs)
    throw new StreamError('status', refusal.message, status, refusal)
  }

  async function pause(error: StreamError): Promise<void> {
    let ms = restartAfterMs
    if (ms === null) {
      ms = backoff.next(performance.now() - openedMs, leastMs)
      error.retryInMs = ms
      onError?.(error)
    }
    // A restart during the wait replaces it.
    for (; ms !== null && !closed; ms = restartAfterMs) {
      restartAfterMs = null
      let timer: ReturnType<typeof setTimeout> | undefined
      await new Promise<void>(resolve => {
        wake = resolve
        timer = setTimeout(resolve, ms ?? 0)
      })
      clearTimeout(timer)
    }
  }

  async function* readAll(): AsyncGenerator<SseMessage, void, undefined> {
    try {
      while (!closed) {
        connection = new AbortController()
        openedMs = Number.POSITIVE_INFINITY
        leastMs = 0
        let error = new StreamError('ended', 'the server ended the stream')
        try {
          const response = await inTime(open())
          if (response.status === 204) return
          const type = response.headers.get('content-type') ?? 'no content type'
          if (response.status !== 200 || !response.body || !/^text\/event-stream\s*(;|$)/i.test(type))
            await refuse(response, type)
          openedMs = performance.now()
          options.onOpen?.(response)
          // Comments and errors are reported in their order among the events.
          const ready: (SseMessage | (() => void))[] = []
          const parser = createSseParser(
            {
              onEvent: message => ready.push(message),
              onRetry: backoff.retry,
              onOverflow: ({ what, limit }) => {
                const error = new StreamError('too_large', `${what} over ${limit} characters dropped`)
                ready.push(() => onError?.(error))
              },
              onComment: onComment && (text => ready.push(() => onComment(text))),
            },
            { lastEventId: stream.lastEventId, maxEventLength, maxLineLength: maxEventLength },
          )
          for await (const value of pieces(response, connection.signal, inTime)) {
            options.onBytes?.(value.length)
            parser.push(value)
            const seenId = parser.lastEventId
            for (const item of ready.splice(0)) {
              if (item instanceof Function) item()
              else {
                stream.lastEventId = item.id
                yield item
                if (options.isGood?.()) backoff.good()
              }
              connection.signal.throwIfAborted()
            }
            stream.lastEventId = seenId
          }
        } catch (reason) {
          const why: unknown = connection.signal.reason ?? reason
          error =
            why instanceof StreamError
              ? why
              : new StreamError('network', messageOf(why), undefined, { cause: why })
        } finally {
          connection.abort()
        }
        if (!closed) await pause(error)
      }
    } finally {
      close()
    }
  }

  const events = readAll()
  if (signal?.aborted) close()
  else signal?.addEventListener('abort', close)
  return stream
}
