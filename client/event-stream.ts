// Server-Sent Events over fetch, for browser and Node: `EventSource` with headers, methods, timeouts and errors that say
// what went wrong. One consumer, which pulls: a slow one slows the server down, and only the events of one chunk are
// queued here.
//
// A connection that ends is made again, with the last id, after
//     the server's delay (`retry:`, `Retry-After`) + random × min(maxDelayMs, initialDelayMs × 2^failures)
// An event resets `failures`. After 401 and 403 the server's delay is at least `maxDelayMs`. 204 ends the stream.
import { createSseParser, type SseMessage } from '../src/sse/parse.js'

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
  /** A redirect without a usable `Location`, or too many of them. */
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
  readonly code: StreamErrorCode
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined
  /** Time until the reconnection, ms; undefined when the connection was not lost. */
  retryInMs: number | undefined = undefined

  constructor(code: StreamErrorCode, message: string, status?: number, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.status = status
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
  /** Called after each event: whether it resets the count of failures. Default: every event does. */
  readonly isGood?: () => boolean
  /** Called for each accepted connection. */
  readonly onOpen?: (response: Response) => void
  /** Called for each chunk received. */
  readonly onBytes?: (count: number) => void
  /** Closes the stream when it aborts. */
  readonly signal?: AbortSignal
  readonly fetch?: typeof fetch
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
/** Limit of a delay that a server asks for. */
const MAX_SERVER_DELAY_MS = 3_600_000
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

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 10.2.3). */
function retryAfterMs(header: string | null): number {
  const ms = Number(header) * 1000 || Date.parse(header ?? '') - Date.now()
  return ms > 0 ? ms : 0
}

/** Node's fetch only says "fetch failed"; the cause has the details. */
function messageOf(reason: unknown): string {
  const source = (reason instanceof Error && reason.cause) || reason
  const { message, code } = Object(source) as { readonly message?: string; readonly code?: string }
  return message || code || String(reason)
}

export function createEventStream(url: string | URL, options: EventStreamOptions = {}): EventStream {
  const { onError, onComment, signal, maxEventLength, initialDelayMs = 1000, maxDelayMs = 30_000 } = options
  const random = options.random ?? Math.random
  const request = options.fetch ?? fetch
  let closed = false
  let connection = new AbortController()
  /** Ends a wait between two connections. */
  let wake = (): void => {}
  let restartAfterMs: number | null = null
  let serverDelayMs = 0
  let failures = 0

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

  /**
   * Sends the request. Follows redirects itself, to keep method and body and to withhold the caller's headers (credentials)
   * from another origin. A browser hides the target of a redirect, so there the browser follows it.
   */
  async function open(): Promise<Response> {
    const own: Record<string, string> = { Accept: 'text/event-stream' }
    // An id with control characters fits in no header; one without limit makes every request too large.
    if (/^\P{Cc}{1,999}$/u.test(stream.lastEventId)) own['Last-Event-ID'] = headerValue(stream.lastEventId)
    const init: RequestInit & { readonly cache: 'no-store' } = {
      method: options.method ?? 'GET',
      headers: { ...own, ...resolve(options.headers) },
      cache: 'no-store',
      redirect: 'manual',
      signal: connection.signal,
      body: options.body ?? null,
    }
    let target = stream.url
    for (let hops = 0; ; hops++) {
      const response = await request(target, init)
      if (response.type === 'opaqueredirect') return request(target, { ...init, redirect: 'follow' })
      if (![301, 302, 307, 308].includes(response.status)) return response
      await response.body?.cancel()
      const location = response.headers.get('location')
      if (!location || hops === MAX_REDIRECTS) {
        const problem = location ? `more than ${MAX_REDIRECTS} redirects` : 'redirect without Location'
        throw new StreamError('redirect', problem, response.status)
      }
      const next = new URL(location, target)
      if (next.origin !== new URL(target).origin) init.headers = own
      target = next.href
    }
  }

  function refuse(response: Response, type: string): never {
    serverDelayMs = retryAfterMs(response.headers.get('retry-after'))
    if (response.status === 401 || response.status === 403)
      serverDelayMs = Math.max(serverDelayMs, maxDelayMs)
    if (response.status !== 200) throw new StreamError('status', `HTTP ${response.status}`, response.status)
    throw new StreamError('content_type', `not an event stream: ${type}`, response.status)
  }

  function asError(reason: unknown): StreamError {
    const why: unknown = connection.signal.reason ?? reason
    return why instanceof StreamError ? why : new StreamError('network', messageOf(why), undefined, why)
  }

  async function pause(error: StreamError): Promise<void> {
    let ms = restartAfterMs
    if (ms === null) {
      const scaleMs = failures === 0 ? initialDelayMs : Math.max(initialDelayMs, 100) * 2 ** failures
      ms = Math.min(serverDelayMs, MAX_SERVER_DELAY_MS) + random() * Math.min(maxDelayMs, scaleMs)
      failures++
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
    let retryMs = 0
    try {
      while (!closed) {
        connection = new AbortController()
        let error = new StreamError('ended', 'the server ended the stream')
        try {
          const response = await inTime(open())
          if (response.status === 204) return
          const type = response.headers.get('content-type') ?? 'no content type'
          if (response.status !== 200 || !response.body || !/^text\/event-stream\s*(;|$)/i.test(type))
            refuse(response, type)
          serverDelayMs = retryMs
          options.onOpen?.(response)
          const ready: SseMessage[] = []
          const parser = createSseParser(
            {
              onEvent: message => ready.push(message),
              onRetry: ms => {
                retryMs = ms
                serverDelayMs = ms
              },
              onOverflow: ({ what, limit }) =>
                onError?.(new StreamError('too_large', `${what} over ${limit} characters dropped`)),
              onComment,
            },
            { lastEventId: stream.lastEventId, maxEventLength, maxLineLength: maxEventLength },
          )
          const reader = response.body.getReader()
          // Not every fetch ends a pending read on abort.
          connection.signal.addEventListener('abort', () => reader.cancel().catch(() => {}))
          for (;;) {
            const { done, value } = await inTime(reader.read())
            connection.signal.throwIfAborted()
            if (done) break
            options.onBytes?.(value.length)
            parser.push(value)
            const seenId = parser.lastEventId
            for (const message of ready.splice(0)) {
              stream.lastEventId = message.id
              yield message
              if (options.isGood?.() ?? true) failures = 0
              connection.signal.throwIfAborted()
            }
            stream.lastEventId = seenId
          }
        } catch (reason) {
          error = asError(reason)
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
