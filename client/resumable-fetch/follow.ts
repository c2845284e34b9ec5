// The body of one answer across its connections: whole events only, each once. It ends only when the answer is whole; an answer
// that is lost, or of which the server itself has only a part, ends with an error.
import { type Fetch, type ResumableOptions, ResumeError } from './options.js'
import { createPace, retryAfterMs } from './pace.js'
import { createWholeEvents } from './whole-events.js'

export type Answer = {
  readonly id: string
  /** Where it is resumed and stopped. */
  readonly url: string
  /** Of the question. */
  readonly headers: Headers
  readonly signal: AbortSignal | undefined
}

export const STREAM = 'text/event-stream'
const STOP_TIMEOUT_MS = 5_000
/** A connection that is given up may fail in any way. */
const IGNORED = (): void => {}

export function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith(STREAM) === true
}

/** `first`: its first connection. */
export function follow(
  first: Response,
  { id, url, headers: asked, signal }: Answer,
  request: Fetch,
  options: ResumableOptions,
): ReadableStream<Uint8Array> {
  const { silenceMs = 45_000, stopOnAbort = true } = options
  const pace = createPace(options)
  const events = createWholeEvents(asked.get('last-event-id'))
  const headers = new Headers(asked)
  headers.delete('content-type')
  headers.set('accept', STREAM)
  /** Of the whole answer, and of the newest connection. */
  const over = new AbortController()
  let link = new AbortController()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  /** Its orderly end may be a cut: Node's fetch takes one for the other where the server announced that it closes. */
  let isEndUnsure = false

  const call = (init: RequestInit): Promise<Response> => request(url, { headers, redirect: 'error', ...init })

  function open(response: Response): void {
    reader = response.body?.getReader()
    isEndUnsure = response.headers.get('connection') === 'close'
  }

  function drop(): void {
    link.abort()
    reader?.cancel().catch(IGNORED)
    reader = undefined
    events.restart()
  }

  /** The next bytes; null: the answer is whole. */
  async function next(): Promise<Uint8Array | null> {
    for (;;) {
      let leastMs = 0
      let cause: unknown = 'it ended'
      const timer = setTimeout(() => {
        isEndUnsure = true
        drop()
      }, silenceMs)
      try {
        if (reader === undefined) {
          link = new AbortController()
          const lastId = events.lastId()
          if (lastId !== null) headers.set('last-event-id', lastId)
          const response = await call({ signal: link.signal })
          const { status } = response
          if (status === 204 && response.headers.get('x-stream-end') === 'whole') return null
          if (status === 200 && isEventStream(response)) open(response)
          else {
            cause = `HTTP ${status}`
            // Any other answer stays as it is: no wait is long enough.
            const mayRetry = status >= 500 || status === 429
            leastMs = mayRetry ? retryAfterMs(response.headers.get('retry-after') ?? '') : Infinity
          }
        }
        if (reader !== undefined) {
          const { done, value } = await reader.read()
          if (!done) return value
          if (events.isAtEnd() && !isEndUnsure) return null
        }
      } catch (error) {
        cause = error
      } finally {
        clearTimeout(timer)
      }
      drop()
      if (!(await pace.wait(over.signal, leastMs)))
        throw new ResumeError(`answer ${id} is not whole: ${cause}`, { cause })
    }
  }

  function end(): void {
    over.abort()
    drop()
    signal?.removeEventListener('abort', onAbort)
  }

  /** On the server too. */
  function stop(): void {
    end()
    if (!stopOnAbort) return
    call({ method: 'DELETE', keepalive: true, signal: AbortSignal.timeout(STOP_TIMEOUT_MS) })
      .then(response => response.body?.cancel())
      .catch(IGNORED) // unreachable: the server itself ends an answer without a reader
  }

  let onAbort = IGNORED
  open(first)
  return new ReadableStream<Uint8Array>({
    start(controller) {
      onAbort = () => {
        controller.error(signal?.reason)
        stop()
      }
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted) onAbort()
    },
    async pull(controller) {
      try {
        for (;;) {
          const bytes = await next()
          if (bytes === null) break
          const seen = events.lastId()
          const whole = events.push(bytes)
          if (events.lastId() !== seen) pace.good()
          if (whole.length > 0) return controller.enqueue(whole)
        }
        controller.close()
      } catch (error) {
        controller.error(error)
      }
      end()
    },
    cancel: stop,
  })
}
