// One try at one backend: parses the response into events, chunk by chunk.
import { createSseParser } from '../../sse/parse.js'
import type { UpstreamEvent } from '../events.js'
import type { EdgeCall, UpstreamEdge } from './edge.js'
import { createNormaliser, type Dialect } from './normalise.js'
import type { UpstreamRequest } from './request.js'
import { createUtf8Text } from './utf8-text.js'

/** Limit of a line and of an event of an upstream, UTF-16 units; longer ones count as unknown. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024

export type AttemptFailure =
  | { readonly kind: 'unreachable'; readonly cause: string }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'not_a_stream' }
  /** `cause` null: the body ended properly, but without a terminal frame. */
  | { readonly kind: 'cut'; readonly cause: string | null }

export type AttemptHandlers = {
  /** The events of one chunk, in order; empty when it held only signs of life. */
  onEvents(events: readonly UpstreamEvent[]): void
  onUnknownFrame(): void
  /** It ended without a terminal event; called at most once, and never after one. */
  onFailure(failure: AttemptFailure): void
  /** The connection is free or closed; the last call, omitted after `abort`. */
  onClosed(): void
}

const isTerminal = ({ type }: UpstreamEvent): boolean => type === 'done' || type === 'error'

function one(header: string | readonly string[] | undefined): string | null {
  return (typeof header === 'string' ? header : header?.[0]) ?? null
}

/** Ignores everything after a terminal event; the caller aborts it if it does not end soon. */
export function attempt(
  edge: UpstreamEdge,
  request: UpstreamRequest,
  dialect: Dialect,
  handlers: AttemptHandlers,
): EdgeCall {
  const normaliser = createNormaliser(dialect)
  const textOf = createUtf8Text()
  let said: UpstreamEvent[] = []
  let hasHead = false
  let hasFrames = false
  let isOver = false
  const parser = createSseParser(
    {
      onEvent: message => {
        hasFrames = true
        const events = normaliser.frame(message)
        if (events === null) handlers.onUnknownFrame()
        else for (const event of events) said.push(event)
      },
      onOverflow: () => handlers.onUnknownFrame(),
    },
    { maxLineLength: MAX_EVENT_CHARS, maxEventLength: MAX_EVENT_CHARS },
  )

  /** Up to the first terminal event. */
  function hand(events: readonly UpstreamEvent[]): void {
    const last = events.findIndex(isTerminal)
    if (last !== -1) isOver = true
    handlers.onEvents(last === -1 ? events : events.slice(0, last + 1))
  }
  function fail(failure: AttemptFailure): void {
    if (isOver) return
    isOver = true
    handlers.onFailure(failure)
  }

  /** A tail without its blank line is dropped, unless it holds a terminal frame; otherwise the normaliser decides. */
  function tailOrEnd(): readonly UpstreamEvent[] {
    said = []
    parser.push('\n\n')
    return said.some(isTerminal) ? said : normaliser.end()
  }

  const call = edge.open(request, {
    onHead: (status, headers) => {
      if (status < 200) return
      hasHead = true
      const type = one(headers['content-type'])
      if (status !== 200) {
        fail({ kind: 'status', status, retryAfter: one(headers['retry-after']) })
        call.abort()
      } else if (type === null || !/^text\/event-stream\b/i.test(type)) {
        fail({ kind: 'not_a_stream' })
        call.abort()
      }
    },
    onData: chunk => {
      if (isOver) return
      said = []
      hasFrames = false
      parser.push(textOf(chunk))
      if (hasFrames) hand(said)
    },
    onEnd: () => {
      if (!isOver) {
        const events = tailOrEnd()
        if (events.some(isTerminal)) hand(events)
        else fail({ kind: 'cut', cause: null })
      }
      handlers.onClosed()
    },
    onError: cause => {
      fail({ kind: hasHead ? 'cut' : 'unreachable', cause })
      handlers.onClosed()
    },
  })
  return call
}
