// One request whose head decides what becomes of its body, so the body waits until it is taken: by a generation, as if it had asked
// itself, or by the caller, unchanged and no faster than it is read.
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Timers } from '../../clock/timers.js'
import type { EdgeCall, EdgeHandlers, EdgeHeaders, UpstreamEdge } from './edge.js'
import type { UpstreamRequest } from './request.js'
import type { TryFailure } from './retry.js'

export type Head = { readonly status: number; readonly headers: EdgeHeaders }
/** `gone`: the caller has left. */
export type HeadOutcome = { readonly head: Head } | { readonly failure: TryFailure } | 'gone'

type Event = (to: EdgeHandlers) => void

export type BodyOptions = {
  /** How long it may take. */
  readonly forMs: number
  onData?(chunk: Buffer): void
  /** It came to its end. */
  onWhole?(): void
}

export class HeldCall {
  readonly #call: EdgeCall
  readonly #timers: Timers
  readonly #outcome: Promise<HeadOutcome>
  /** Events that wait for `body` or `edgeFor`: few, because the connection is paused after the head. */
  #waiting: Event[] = []
  #taker: EdgeHandlers | null = null
  #settle: (outcome: HeadOutcome) => void = () => {}

  constructor(edge: UpstreamEdge, request: UpstreamRequest, timers: Timers, headTimeoutMs: number) {
    this.#timers = timers
    let hasHead = false
    this.#outcome = new Promise(resolve => {
      this.#settle = outcome => {
        cancelTimer()
        resolve(outcome)
      }
    })
    const cancelTimer = timers.after(headTimeoutMs, () => {
      this.#call.abort()
      this.#settle({ failure: { kind: 'silence' } })
    })
    this.#call = edge.open(request, {
      onHead: (status, headers) => {
        if (status < 200) return
        hasHead = true
        this.#call.pause()
        this.#settle({ head: { status, headers } })
      },
      onData: chunk => this.#take(to => to.onData(chunk)),
      onEnd: () => this.#take(to => to.onEnd()),
      onError: (cause, isSent) => {
        if (hasHead) this.#take(to => to.onError(cause, isSent))
        else this.#settle({ failure: { kind: isSent ? 'unanswered' : 'unreachable', cause } })
      },
    })
  }

  /** The head, or why there is none. When `caller` closes before it, the request is cancelled; null: no caller is watched. */
  async head(caller: ServerResponse | null): Promise<HeadOutcome> {
    if (caller === null) return this.#outcome
    const onClose = (): void => this.abort()
    caller.once('close', onClose)
    if (caller.destroyed) onClose()
    try {
      return await this.#outcome
    } finally {
      caller.off('close', onClose)
    }
  }

  #take(event: Event): void {
    if (this.#taker === null) this.#waiting.push(event)
    else event(this.#taker)
  }

  /** Cancels the request. */
  abort(): void {
    this.#call.abort()
    this.#settle('gone')
  }

  #handOver(taker: EdgeHandlers): void {
    this.#taker = taker
    for (const event of this.#waiting.splice(0)) event(taker)
    this.#call.resume()
  }

  /** An edge whose only answer is this one. */
  edgeFor({ status, headers }: Head): UpstreamEdge {
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
  body({ forMs, onData, onWhole }: BodyOptions): Readable {
    const call = this.#call
    let isOver = false
    const cancelTimer = this.#timers.after(forMs, () => body.destroy(new Error('the answer took too long')))
    const body = new Readable({
      read: () => call.resume(),
      destroy: (error, done) => {
        cancelTimer()
        if (!isOver) call.abort()
        done(error)
      },
    })
    this.#handOver({
      onHead: () => {},
      onData: chunk => {
        onData?.(chunk)
        if (!body.push(chunk)) call.pause()
      },
      onEnd: () => {
        isOver = true
        cancelTimer()
        body.push(null)
        onWhole?.()
      },
      // It must not look whole: the connection is destroyed.
      onError: () => void body.destroy(new Error('the body broke off')),
    })
    return body
  }
}
