// A parser of text/event-stream that follows WHATWG HTML 9.2.5 and 9.2.6 ("Parsing", "Interpreting an event stream").
//
// No I/O: bytes or text go in as they arrive, cut anywhere; callbacks come out. A line is interpreted as soon as its end
// arrives: a CR at the end of a chunk ends it, an LF at the start of the next chunk is skipped. An unfinished line is kept
// as a list of flat pieces and joined once, so a 10 MB line costs the same byte by byte as in one chunk.
//
// A parser reads one connection. Create a new one for a reconnection, with the old one's `lastEventId`.

export type SseMessage = {
  /** `message` when the stream sent no name. */
  readonly event: string
  readonly data: string
  /** The last id of the stream, from this event or an earlier one; empty before the first. */
  readonly id: string
}

/** A line or an event was over the limit; it was dropped up to the next blank line. */
export type SseOverflow = { readonly what: 'line' | 'event'; readonly limit: number }

export type SseHandlers = {
  onEvent(message: SseMessage): void
  /** `text`: the comment line without its colon and the space after it. */
  onComment?: ((text: string) => void) | undefined
  /** `ms`: the delay before a reconnection. */
  onRetry?(ms: number): void
  onOverflow?(overflow: SseOverflow): void
}

export type SseParserOptions = {
  /** Longest line, in UTF-16 units; default 16 Mi. */
  readonly maxLineLength?: number | undefined
  /** Largest sum of one event's data lines (field name and line end included), in UTF-16 units; default 16 Mi. */
  readonly maxEventLength?: number | undefined
  /** The id of events until the stream sends one. */
  readonly lastEventId?: string | undefined
}

export type SseParser = {
  /** Parses the next chunk. Handlers run before it returns. */
  push(chunk: Uint8Array | string): void
  /** The id to reconnect with: that of the last complete event block. */
  readonly lastEventId: string
}

const DEFAULT_LIMIT = 16 * 1024 * 1024
/** Pieces of an unfinished line are flattened at this length, so that no deep rope of tiny strings builds up. */
const PIECE_LENGTH = 4096
/** `data:` and a line end, so that empty data lines are limited too. */
const DATA_LINE_OVERHEAD = 6
const NEVER = Number.POSITIVE_INFINITY

function find(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from)
  return at < 0 ? NEVER : at
}

export function createSseParser(handlers: SseHandlers, options: SseParserOptions = {}): SseParser {
  const maxLine = options.maxLineLength ?? DEFAULT_LIMIT
  const maxEvent = options.maxEventLength ?? DEFAULT_LIMIT
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let atStart = true
  let skipLineFeed = false

  // The unfinished line.
  let pieces: string[] = []
  let piecesLength = 0
  let piece = ''
  let skippingLine = false

  // The unfinished event.
  let data: string[] = []
  let dataLength = 0
  let eventName = ''
  let id = options.lastEventId ?? ''
  let lastEventId = id
  let droppingEvent = false

  function dropData(): void {
    data = []
    dataLength = 0
  }

  function dropEvent(what: SseOverflow['what'], limit: number): void {
    droppingEvent = true
    dropData()
    handlers.onOverflow?.({ what, limit })
  }

  function addData(value: string): void {
    if (droppingEvent) return
    dataLength += value.length + DATA_LINE_OVERHEAD
    if (dataLength > maxEvent) dropEvent('event', maxEvent)
    else data.push(value)
  }

  function dispatch(): void {
    if (droppingEvent) id = lastEventId
    lastEventId = id
    const isEmpty = data.length === 0
    const message = { event: eventName || 'message', data: data.join('\n'), id }
    dropData()
    eventName = ''
    droppingEvent = false
    if (!isEmpty) handlers.onEvent(message)
  }

  /** A comment, or a field that does not begin with `data:`. */
  function takeOther(line: string): void {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === '') handlers.onComment?.(value)
    else if (name === 'data') addData(value)
    else if (name === 'event') eventName = value
    else if (name === 'id') {
      if (!value.includes('\0')) id = value
    } else if (name === 'retry' && /^[0-9]+$/.test(value)) handlers.onRetry?.(Number(value))
  }

  function lineTooLong(firstChar: string | undefined): void {
    // A comment belongs to no event.
    if (firstChar === ':') handlers.onOverflow?.({ what: 'line', limit: maxLine })
    else dropEvent('line', maxLine)
  }

  function takeUnfinished(): string {
    const line = pieces.join('') + piece
    pieces = []
    piecesLength = 0
    piece = ''
    return line
  }

  function keepUnfinished(text: string): void {
    if (skippingLine || text === '') return
    if (piecesLength + piece.length + text.length > maxLine) {
      skippingLine = true
      lineTooLong(takeUnfinished()[0] ?? text[0])
      return
    }
    piece += text
    if (piece.length < PIECE_LENGTH) return
    piece.charCodeAt(0) // reading a character makes engines flatten the concatenation
    pieces.push(piece)
    piecesLength += piece.length
    piece = ''
  }

  /** The line ends with `text[from, end)`. */
  function endLine(text: string, from: number, end: number): void {
    if (piecesLength + piece.length > 0) {
      keepUnfinished(text.slice(from, end))
      const line = takeUnfinished()
      if (!skippingLine) {
        takeLine(line, 0, line.length)
        return
      }
    }
    if (skippingLine) skippingLine = false
    else if (end - from > maxLine) lineTooLong(text[from])
    else takeLine(text, from, end)
  }

  function takeLine(text: string, from: number, end: number): void {
    if (from === end) dispatch()
    else if (text.startsWith('data:', from)) {
      addData(text.slice(from + (text[from + 5] === ' ' ? 6 : 5), end))
    } else takeOther(text.slice(from, end))
  }

  function push(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (text === '') return
    let from = 0
    if (atStart) {
      atStart = false
      if (text[0] === '\ufeff') from = 1
    }
    if (skipLineFeed && from < text.length) {
      skipLineFeed = false
      if (text[from] === '\n') from++
    }
    // Keep both positions: a text with only one kind of line end is searched once for the other.
    let cr = find(text, '\r', from)
    let lf = find(text, '\n', from)
    for (;;) {
      if (cr < from) cr = find(text, '\r', from)
      if (lf < from) lf = find(text, '\n', from)
      const end = Math.min(cr, lf)
      if (end === NEVER) break
      endLine(text, from, end)
      from = end + 1
      if (end === cr) {
        if (from === text.length) skipLineFeed = true
        else if (text[from] === '\n') from++
      }
    }
    keepUnfinished(from === 0 ? text : text.slice(from))
  }

  return {
    push,
    get lastEventId() {
      return lastEventId
    },
  }
}
