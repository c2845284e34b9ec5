// The network edge: one connection pool for all backends, directly or through the proxies that the environment names, and the part
// of a response that is needed here, decompressed. No redirect is followed: it would take the key along. Tests replace it. The
// library is loaded with the first question, so a server whose relay is off does without it.
import type { EnvHttpProxyAgent } from 'undici'
import { codingsOf, createDecoder, type Decoder } from './decode.js'
import type { UpstreamRequest } from './request.js'

export type EdgeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a backend answered instead of an answer: for callers that have to read it. */
export type UpstreamRefusal = {
  readonly status: number
  readonly headers: EdgeHeaders
  readonly body: Buffer
}

export type EdgeHandlers = {
  onHead(status: number, headers: EdgeHeaders): void
  onData(chunk: Buffer): void
  onEnd(): void
  /**
   * Connecting failed, or the connection broke, or the body cannot be decompressed; called at most once, and never after `onEnd`.
   * `code` is that of the system or the library (ECONNREFUSED, CERT_HAS_EXPIRED), or a word of ours; never the message, which
   * may quote the request. `isSent`: the request was written to a socket.
   */
  onError(code: string, isSent: boolean): void
}

export type EdgeCall = {
  /** Ends it and its connection now; no handler is called afterwards. */
  abort(): void
  pause(): void
  resume(): void
}

export interface UpstreamEdge {
  open(request: UpstreamRequest, handlers: EdgeHandlers): EdgeCall
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 5_000
const KEEP_ALIVE_MS = 30_000
/** The timeouts are ours (call.ts, clocks.ts). */
const NO_TIMEOUT = 0

type Controller = { abort(reason: Error): void; pause(): void; resume(): void }

/** A proxy that does not connect gives the code of an abort, which we never see otherwise. */
const PROXY_REFUSED = 'UND_ERR_ABORTED'

function codeOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : error.name
  return code === PROXY_REFUSED ? 'proxy_refused' : code
}

export function createUndiciEdge(connectTimeoutMs = CONNECT_TIMEOUT_MS): UpstreamEdge {
  let agent: EnvHttpProxyAgent | null = null
  let loading: Promise<void> | null = null
  async function load(): Promise<void> {
    const undici = await import('undici')
    const connecting = { timeout: connectTimeoutMs }
    agent = new undici.EnvHttpProxyAgent({
      connect: connecting,
      proxyTls: connecting,
      requestTls: connecting,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: NO_TIMEOUT,
      bodyTimeout: NO_TIMEOUT,
      pipelining: 1,
    })
  }

  return {
    open: (request, handlers) => {
      const call = new Call(handlers)
      const dispatch = (): void => {
        // A copy: the library adds headers of its own for a proxy.
        if (!call.isOver) agent?.dispatch({ ...request, headers: { ...request.headers } }, call)
      }
      if (agent === null) {
        loading ??= load()
        loading.then(dispatch).catch(error => call.failed(error))
      } else dispatch()
      return { abort: () => call.abort(), pause: () => call.pause(), resume: () => call.resume() }
    },
    close: async () => {
      // `open` has reported a load that failed.
      await loading?.catch(() => {})
      await agent?.destroy()
    },
  }
}

/** One request, as the library calls back, and as the caller holds it. */
class Call {
  isOver = false
  readonly #handlers: EdgeHandlers
  /** Null: not a byte was written. */
  #controller: Controller | null = null
  /** Null: the body is not compressed. */
  #decoder: Decoder | null = null
  #isPaused = false

  constructor(handlers: EdgeHandlers) {
    this.#handlers = handlers
  }

  // What the library calls.

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.isOver) controller.abort(new Error('cancelled'))
  }

  onResponseStart(_: unknown, status: number, headers: EdgeHeaders): void {
    if (this.isOver) return
    const codings = codingsOf(String(headers['content-encoding'] ?? ''))
    if (codings === null) {
      this.#broken('unknown_encoding')
      return
    }
    if (codings.length === 0) {
      this.#handlers.onHead(status, headers)
      return
    }
    this.#decoder = createDecoder(codings, {
      onData: chunk => this.#handlers.onData(chunk),
      onEnd: () => this.#ended(),
      onError: code => this.#broken(code),
      onDrain: () => {
        if (!this.#isPaused) this.#controller?.resume()
      },
    })
    const { 'content-encoding': _coding, 'content-length': _length, ...others } = headers
    this.#handlers.onHead(status, others)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.isOver) return
    if (this.#decoder === null) this.#handlers.onData(chunk)
    else if (!this.#decoder.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    if (this.isOver) return
    if (this.#decoder === null) this.#ended()
    else this.#decoder.end()
  }

  onResponseError(_: unknown, error: Error): void {
    this.failed(error)
  }

  failed(error: Error): void {
    if (this.isOver) return
    this.#over()
    this.#handlers.onError(codeOf(error), this.#controller !== null)
  }

  // What the caller does.

  abort(): void {
    if (this.isOver) return
    this.#over()
    this.#controller?.abort(new Error('cancelled'))
  }

  pause(): void {
    this.#isPaused = true
    this.#decoder?.pause()
    this.#controller?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#decoder?.resume()
    this.#controller?.resume()
  }

  #over(): void {
    this.isOver = true
    this.#decoder?.destroy()
  }

  #ended(): void {
    if (this.isOver) return
    this.isOver = true
    this.#handlers.onEnd()
  }

  #broken(code: string): void {
    if (this.isOver) return
    this.abort()
    this.#handlers.onError(code, true)
  }
}
