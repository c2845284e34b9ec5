// One request to the app behind a route. Its head decides what becomes of the body, so the body waits until it is taken: by a
// generation, as if it had asked itself, or the caller, unchanged.
import { Readable } from 'node:stream'
import type { Timers } from '../../clock/timers.js'
import type { EdgeCall, EdgeHandlers, EdgeHeaders, UpstreamEdge } from '../upstream/edge.js'
import type { UpstreamRequest } from '../upstream/request.js'

export type AppHead = { readonly status: number; readonly headers: EdgeHeaders }
export type AppFailure = 'unreachable' | 'timeout' | 'gone'

type Event = (to: EdgeHandlers) => void

export class AppCall {
  /** Resolves once: with the head, or why there is none. */
  readonly head: Promise<AppHead | AppFailure>
  readonly #call: EdgeCall
  /** What has come and nobody has taken: little, since the connection is paused. */
  #waiting: Event[] = []
  #taker: EdgeHandlers | null = null
  #settle: (head: AppHead | AppFailure) => void = () => {}
  readonly #cancelTimer: () => void

  constructor(edge: UpstreamEdge, request: UpstreamRequest, timers: Timers, headTimeoutMs: number) {
    let hasHead = false
    this.head = new Promise(resolve => {
      this.#settle = head => {
        this.#cancelTimer?.()
        resolve(head)
      }
    })
    this.#cancelTimer = timers.after(headTimeoutMs, () => {
      this.#call.abort()
      this.#settle('timeout')
    })
    this.#call = edge.open(request, {
      onHead: (status, headers) => {
        if (status < 200) return
        hasHead = true
        this.#call.pause()
        this.#settle({ status, headers })
      },
      onData: chunk => this.#take(to => to.onData(chunk)),
      onEnd: () => this.#take(to => to.onEnd()),
      onError: (...why) => {
        if (hasHead) this.#take(to => to.onError(...why))
        else this.#settle('unreachable')
      },
    })
  }

  #take(event: Event): void {
    if (this.#taker === null) this.#waiting.push(event)
    else event(this.#taker)
  }

  /** Nobody wants it any more. */
  abort(why: AppFailure): void {
    this.#call.abort()
    this.#settle(why)
  }

  #handOver(taker: EdgeHandlers): void {
    this.#taker = taker
    for (const event of this.#waiting.splice(0)) event(taker)
    this.#call.resume()
  }

  /** An edge whose only answer is this one. */
  edgeFor({ status, headers }: AppHead): UpstreamEdge {
    return {
      open: (_request, handlers) => {
        // Not before the caller has the call.
        queueMicrotask(() => {
          handlers.onHead(status, headers)
          this.#handOver(handlers)
        })
        return this.#call
      },
      close: async () => {},
    }
  }

  /** The body as it comes, no faster than it is read. */
  body(): Readable {
    const call = this.#call
    let isOver = false
    const body = new Readable({
      read: () => call.resume(),
      destroy: (error, done) => {
        if (!isOver) call.abort()
        done(error)
      },
    })
    this.#handOver({
      onHead: () => {},
      onData: chunk => {
        if (!body.push(chunk)) call.pause()
      },
      onEnd: () => {
        isOver = true
        body.push(null)
      },
      // It must not look whole: the connection is destroyed.
      onError: () => void body.destroy(new Error('the app broke off')),
    })
    return body
  }
}
