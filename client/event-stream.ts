// Server-Sent Events over fetch, for browser and Node: what `EventSource` does, with headers, methods, timeouts and
// errors that say what went wrong. One consumer; reading is pulled, so a slow consumer slows the server down and nothing
// is queued here but the events of one chunk.
//
// A connection that ends for whatever reason is made again, with the last id, after
//     the server's wish (`retry:`, `Retry-After`) + random × min(maxDelayMs, initialDelayMs × 2^failures)
// where an event that arrived ends the run of failures. 401 and 403 are asked again only after `maxDelayMs`. 204 ends it.
import { createSseParser, type SseMessage } from '../src/sse/parse.js'

export type { SseMessage } from '../src/sse/parse.js'

export type StreamErrorCode =
  /** The connection could not be made, or broke. */
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
  /** What came makes no sense as an event of ours; the stream goes on. */
  | 'malformed'
  /** `/summary/resync` could not be had; the stream begins afresh. */
  | 'resync'
  /** The server reported a fault of its own (its `error` event). */
  | 'server'
  /** A server of the Python original, which cannot be followed; nothing comes after it. */
  | 'original'

/** What went wrong with a stream; never thrown at the consumer, handed to `onError`. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly code: StreamErrorCode
  /** HTTP status, where there was one. */
  readonly status: number | undefined
  /** When the connection is made again, ms from now; undefined when it was not lost. */
  retryInMs: number | undefined = undefined

  constructor(code: StreamErrorCode, message: string, status?: number, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.status = status
  }
}

export type EventStreamOptions = {
  /** A function is asked for each connection: a token may have changed meanwhile. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** `GET` by default; with a body usually `POST` or `REPORT`. */
  readonly method?: string
  /** Sent again with every reconnection. */
  readonly body?: string
  /** Sent as `Last-Event-ID` with the first request. */
  readonly lastEventId?: string
  /** Longest silence, the answer's head included; 0 = any (default). */
  readonly readTimeoutMs?: number
  /** Scale of the first wait; default 1000. */
  readonly initialDelayMs?: number
  /** Longest wait of our own; default 30 000. */
  readonly maxDelayMs?: number
  /** Largest event, in UTF-16 units; default 16 Mi. */
  readonly maxEventLength?: number
  readonly onComment?: (text: string) => void
  /** Every failure, the ones that are mended by a reconnection too. */
  readonly onError?: (error: StreamError) => void
  /** Asked after an event was taken: did it show that the server is well, which ends the run of failures? Default: any does. */
  readonly isGood?: () => boolean
  /** Each time the server has accepted. */
  readonly onOpen?: (response: Response) => void
  /** Each time bytes have come. */
  readonly onBytes?: (count: number) => void
  /** Aborting it closes the stream. */
  readonly signal?: AbortSignal
  readonly fetch?: typeof fetch
  /** 0 ≤ n < 1; for tests. */
  readonly random?: () => number
}

export type EventStream = AsyncIterable<SseMessage> & {
  /** Ends it; the iteration is done. Idempotent. */
  close(): void
  /** Drops the connection and makes a new one, after `delayMs` (default: at once). */
  restart(delayMs?: number): void
  /** The id to come back with; set it to '' to begin afresh. */
  lastEventId: string
  readTimeoutMs: number
  /** Another address for the next connection. */
  url: string
}

const MAX_REDIRECTS = 10
/** The longest wait a server may ask for. */
const MAX_SERVER_DELAY_MS = 3_600_000
/** A timer for longer would run at once. */
const LONGEST_MS = 2 ** 31 - 1

/** What is given, or what a function of it says now. */
export function asked<T extends string | object | null | undefined>(given: T | (() => T)): T {
  return given instanceof Function ? given() : given
}

/** HTTP header values are bytes: UTF-8, spelled as Latin-1. */
function headerValue(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 10.2.3). */
function retryAfterMs(header: string | null): number {
  const ms = Number(header) * 1000 || Date.parse(header ?? '') - Date.now()
  return ms > 0 ? ms : 0
}

/** Node's fetch says no more than "fetch failed"; what failed is in the cause. */
function sayOf(reason: unknown): string {
  const said = (reason instanceof Error && reason.cause) || reason
  const { message, code } = Object(said) as { readonly message?: string; readonly code?: string }
  return message || code || String(reason)
}

export function createEventStream(url: string | URL, options: EventStreamOptions = {}): EventStream {
  const { onError, onComment, signal, maxEventLength, initialDelayMs = 1000, maxDelayMs = 30_000 } = options
  const random = options.random ?? Math.random
  const request = options.fetch ?? fetch
  let closed = false
  let connection = new AbortController()
  /** Ends the wait between two connections. */
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
    restartAfterMs = Math.min(delayMs, MAX_SERVER_DELAY_MS)
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
   * The answer, redirects followed here so that method and body stay what they are; the caller's headers (credentials)
   * are not shown to another origin. A browser hides where a redirect leads, so there it is left to the browser.
   */
  async function open(): Promise<Response> {
    const own: Record<string, string> = { Accept: 'text/event-stream' }
    // One with control characters fits in no header, one without end makes every request too large.
    if (/^\P{Cc}{1,999}$/u.test(stream.lastEventId)) own['Last-Event-ID'] = headerValue(stream.lastEventId)
    const init: RequestInit & { readonly cache: 'no-store' } = {
      method: options.method ?? 'GET',
      headers: { ...own, ...asked(options.headers) },
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
    return why instanceof StreamError ? why : new StreamError('network', sayOf(why), undefined, why)
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
    // A restart while waiting asks for another wait.
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
          // Not every fetch ends a read that is aborted.
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
