// The network side of asking: one connection pool to all backends, and what of a response is needed here. Tests bring an
// edge of their own.
import { Agent } from 'undici'
import type { UpstreamRequest } from './request.js'

export type EdgeHandlers = {
  onHead(status: number, headers: Readonly<Record<string, string | readonly string[] | undefined>>): void
  onData(chunk: Buffer): void
  onEnd(): void
  /**
   * Connecting failed, or the connection broke; comes at most once, and never after `onEnd`. `code`: the system's or the
   * library's word for it (ECONNREFUSED, CERT_HAS_EXPIRED); never its message, which may quote the request.
   */
  onError(code: string): void
}

export type EdgeCall = {
  /** Ends it now, connection and all; no handler is called any more. */
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
/** Ours are the clocks that count (clocks.ts). */
const NO_TIMEOUT = 0

type Controller = { abort(reason: Error): void; pause(): void; resume(): void }

export function createUndiciEdge(connectTimeoutMs = CONNECT_TIMEOUT_MS): UpstreamEdge {
  const agent = new Agent({
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: NO_TIMEOUT,
    bodyTimeout: NO_TIMEOUT,
    pipelining: 1,
  })
  return {
    open: (request, handlers) => {
      let controller: Controller | null = null
      let isOver = false
      agent.dispatch(request, {
        onRequestStart: started => {
          controller = started
          if (isOver) started.abort(new Error('given up'))
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
        onResponseError: (_, error) => {
          if (isOver) return
          isOver = true
          handlers.onError('code' in error ? String(error.code) : error.name)
        },
      })
      return {
        abort: () => {
          if (isOver) return
          isOver = true
          controller?.abort(new Error('given up'))
        },
        pause: () => controller?.pause(),
        resume: () => controller?.resume(),
      }
    },
    close: () => agent.destroy(),
  }
}
