// The network edge: one connection pool for all backends, and the part of a response that is needed here. Tests replace it.
// The library is loaded with the first question, so a server whose relay is off does without it.
import type { Agent } from 'undici'
import type { UpstreamRequest } from './request.js'

export type EdgeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export type EdgeHandlers = {
  onHead(status: number, headers: EdgeHeaders): void
  onData(chunk: Buffer): void
  onEnd(): void
  /**
   * Connecting failed, or the connection broke; called at most once, and never after `onEnd`. `code` is that of the system or
   * the library (ECONNREFUSED, CERT_HAS_EXPIRED); never the message, which may quote the request.
   */
  onError(code: string): void
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
/** The timeouts are ours (clocks.ts). */
const NO_TIMEOUT = 0

type Controller = { abort(reason: Error): void; pause(): void; resume(): void }

export function createUndiciEdge(connectTimeoutMs = CONNECT_TIMEOUT_MS): UpstreamEdge {
  let agent: Agent | null = null
  let loading: Promise<void> | null = null
  async function load(): Promise<void> {
    const undici = await import('undici')
    agent = new undici.Agent({
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: NO_TIMEOUT,
      bodyTimeout: NO_TIMEOUT,
      pipelining: 1,
    })
  }

  return {
    open: (request, handlers) => {
      let controller: Controller | null = null
      let isOver = false
      const failed = (error: Error): void => {
        if (isOver) return
        isOver = true
        handlers.onError('code' in error ? String(error.code) : error.name)
      }
      const dispatch = (): void => {
        if (isOver) return
        agent?.dispatch(request, {
          onRequestStart: started => {
            controller = started
            if (isOver) started.abort(new Error('cancelled'))
          },
          onResponseStart: (_, status, headers) => {
            if (!isOver) handlers.onHead(status, headers)
          },
          onResponseData: (_, chunk) => {
            if (!isOver) handlers.onData(chunk)
          },
          onResponseEnd: () => {
            if (isOver) return
            isOver = true
            handlers.onEnd()
          },
          onResponseError: (_, error) => failed(error),
        })
      }
      if (agent === null) {
        loading ??= load()
        loading.then(dispatch).catch(failed)
      } else dispatch()
      return {
        abort: () => {
          if (isOver) return
          isOver = true
          controller?.abort(new Error('cancelled'))
        },
        pause: () => controller?.pause(),
        resume: () => controller?.resume(),
      }
    },
    close: async () => {
      // `open` has reported a load that failed.
      await loading?.catch(() => {})
      await agent?.destroy()
    },
  }
}
