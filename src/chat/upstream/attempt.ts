// One try at one backend: hands on what its reader finds in the response, chunk by chunk.
import type { BodyReader } from '../answer-format.js'
import type { EdgeCall, EdgeHeaders, UpstreamEdge } from './edge.js'
import type { UpstreamRequest } from './request.js'

/** What a backend answered instead of an answer: for callers that have to read it. */
export type UpstreamRefusal = {
  readonly status: number
  readonly headers: EdgeHeaders
  readonly body: Buffer
}

export type AttemptFailure =
  | { readonly kind: 'unreachable'; readonly cause: string }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfter: string | null
      /** Null: not kept. */
      readonly refusal: UpstreamRefusal | null
    }
  | { readonly kind: 'not_a_stream' }
  /** `cause` null: the body ended properly, but without a terminal frame. */
  | { readonly kind: 'cut'; readonly cause: string | null }

export type AttemptHandlers<Said> = {
  /** The head of an answer came: what follows is its body. */
  onHead(headers: EdgeHeaders): void
  /** What one chunk said, in order; null: not one frame, but a sign of life. */
  onSaid(said: readonly Said[] | null): void
  /** It ended without a terminal event; called at most once, and never after one. */
  onFailure(failure: AttemptFailure): void
  /** The connection is free or closed; the last call, omitted after `abort`. */
  onClosed(): void
}

export function oneHeader(header: string | readonly string[] | undefined): string | null {
  return (typeof header === 'string' ? header : header?.[0]) ?? null
}

/** `keptRefusalBytes`: of the body of another status than 200. Ignores everything after a terminal event; the caller aborts it
 * if it does not end soon. */
export function attempt<Said>(
  edge: UpstreamEdge,
  request: UpstreamRequest,
  reader: BodyReader<Said>,
  keptRefusalBytes: number,
  handlers: AttemptHandlers<Said>,
): EdgeCall {
  let hasHead = false
  let isOver = false
  let refused: { readonly status: number; readonly headers: EdgeHeaders } | null = null
  const pieces: Buffer[] = []
  let piecesBytes = 0

  /** Up to the first terminal event. */
  function hand(said: readonly Said[]): void {
    const last = said.findIndex(reader.isTerminal)
    if (last !== -1) isOver = true
    handlers.onSaid(last === -1 ? said : said.slice(0, last + 1))
  }
  function fail(failure: AttemptFailure): void {
    if (isOver) return
    isOver = true
    handlers.onFailure(failure)
  }
  function failAsRefused(): void {
    if (refused === null) return
    const { status, headers } = refused
    const refusal = keptRefusalBytes === 0 ? null : { status, headers, body: Buffer.concat(pieces) }
    fail({ kind: 'status', status, retryAfter: oneHeader(headers['retry-after']), refusal })
  }
  function keep(chunk: Buffer): void {
    pieces.push(chunk.subarray(0, keptRefusalBytes - piecesBytes))
    piecesBytes += chunk.length
    if (piecesBytes < keptRefusalBytes) return
    failAsRefused()
    call.abort()
  }

  const call = edge.open(request, {
    onHead: (status, headers) => {
      if (status < 200) return
      hasHead = true
      const type = oneHeader(headers['content-type'])
      if (status !== 200) {
        refused = { status, headers }
        if (keptRefusalBytes > 0) return
        failAsRefused()
        call.abort()
      } else if (type === null || !/^text\/event-stream\b/i.test(type)) {
        fail({ kind: 'not_a_stream' })
        call.abort()
      } else handlers.onHead(headers)
    },
    onData: chunk => {
      if (isOver) return
      if (refused !== null) return keep(chunk)
      const said = reader.push(chunk)
      if (said === null) handlers.onSaid(null)
      else hand(said)
    },
    onEnd: () => {
      failAsRefused()
      if (!isOver) {
        const said = reader.end()
        if (said.some(reader.isTerminal)) hand(said)
        else fail({ kind: 'cut', cause: null })
      }
      handlers.onClosed()
    },
    onError: cause => {
      failAsRefused()
      fail({ kind: hasHead ? 'cut' : 'unreachable', cause })
      handlers.onClosed()
    },
  })
  return call
}
