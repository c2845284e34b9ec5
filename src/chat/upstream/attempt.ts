// One try at one backend: hands on what its reader finds in the response, chunk by chunk.
import type { BodyReader } from '../answer-format.js'
import type { EdgeCall, EdgeHeaders, UpstreamEdge } from './edge.js'
import type { UpstreamRequest } from './request.js'
import type { TryFailure } from './retry.js'

export type AttemptHandlers<Item> = {
  /** The head of an answer came: what follows is its body. */
  onHead(headers: EdgeHeaders): void
  /** What one chunk of `bytes` brought, in order; null: not one frame, but a sign of life. */
  onItems(items: readonly Item[] | null, bytes: number): void
  /** It ended without a terminal event; called at most once, and never after one. */
  onFailure(failure: TryFailure): void
  /** The connection is free or closed; the last call, omitted after `abort`. */
  onClosed(): void
}

export type Attempt = EdgeCall & {
  /** Not a byte came for too long: fails, and ends the connection. */
  stalled(): void
  /** Its body stays open although nothing is to follow: what its end would be, and ends the connection. */
  endBody(): void
}

export function oneHeader(header: string | readonly string[] | undefined): string | null {
  return (typeof header === 'string' ? header : header?.[0]) ?? null
}

const FORMS: readonly (readonly [type: RegExp, word: string])[] = [
  [/^(text\/html|application\/xhtml\+xml)\b/i, 'html'],
  [/^application\/([\w.-]+\+)?json\b/i, 'json'],
  [/^(text|application)\/([\w.-]+\+)?xml\b/i, 'xml'],
  [/^text\//i, 'text'],
]

/** What a log line calls a body that is not an answer; never a text of the backend. */
function formOf(contentType: string | null): string {
  if (contentType === null) return 'no_content_type'
  return FORMS.find(([type]) => type.test(contentType.trim()))?.[1] ?? 'other_content_type'
}

/** `keptRefusalBytes`: of the body of another status than 200. Ignores everything after a terminal event; the caller aborts it
 * if it does not end soon. */
export function attempt<Item>(
  edge: UpstreamEdge,
  request: UpstreamRequest,
  reader: BodyReader<Item>,
  keptRefusalBytes: number,
  handlers: AttemptHandlers<Item>,
): Attempt {
  let hasHead = false
  let hasBytes = false
  let isOver = false
  let refused: { readonly status: number; readonly headers: EdgeHeaders } | null = null
  const pieces: Buffer[] = []
  let piecesBytes = 0

  function accepts(type: string): boolean {
    return reader.accepts?.(type) ?? /^text\/event-stream\b/i.test(type)
  }
  /** Up to the first terminal event. */
  function hand(items: readonly Item[], bytes: number): void {
    const last = items.findIndex(reader.isTerminal)
    if (last !== -1) isOver = true
    handlers.onItems(last === -1 ? items : items.slice(0, last + 1), bytes)
  }
  function fail(failure: TryFailure): void {
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

  function onEnd(): void {
    failAsRefused()
    if (!isOver) {
      const items = hasBytes ? reader.end() : []
      if (items.some(reader.isTerminal)) hand(items, 0)
      else fail({ kind: 'cut', cause: hasBytes ? 'no_last_event' : 'empty_body' })
    }
    handlers.onClosed()
  }

  const call = edge.open(request, {
    onHead: (status, headers) => {
      if (status < 200 || isOver) return
      hasHead = true
      const type = oneHeader(headers['content-type'])
      if (status !== 200) {
        refused = { status, headers }
        if (keptRefusalBytes > 0) return
        failAsRefused()
        call.abort()
      } else if (type === null || !accepts(type)) {
        fail({ kind: 'not_a_stream', cause: formOf(type) })
        call.abort()
      } else handlers.onHead(headers)
    },
    onData: chunk => {
      if (isOver) return
      if (refused !== null) return keep(chunk)
      hasBytes = true
      const items = reader.push(chunk)
      if (items === null) handlers.onItems(null, chunk.length)
      else hand(items, chunk.length)
    },
    onEnd,
    onError: (cause, isSent) => {
      failAsRefused()
      fail({ kind: hasHead ? 'cut' : isSent ? 'unanswered' : 'unreachable', cause })
      handlers.onClosed()
    },
  })
  return {
    abort: () => call.abort(),
    pause: () => call.pause(),
    resume: () => call.resume(),
    stalled: () => {
      failAsRefused()
      fail({ kind: 'silence' })
      call.abort()
    },
    endBody: () => {
      call.abort()
      onEnd()
    },
  }
}
