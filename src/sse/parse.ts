// Reading text/event-stream, to the letter of WHATWG HTML 9.2.5 and 9.2.6 ("Parsing", "Interpreting an event stream").
//
// No I/O: bytes or text go in as they arrive, cut anywhere; callbacks come out. A line is interpreted the moment its end
// is seen (a CR at the end of a chunk ends it at once; an LF that follows is swallowed), so nothing waits for more bytes
// than it needs. An unfinished line is kept as a list of flat pieces and joined once, so a 10 MB line that comes byte
// by byte costs as much as one that comes whole. What is not dispatched by a blank line is dropped with the parser.
//
// One parser reads one connection; a reconnection takes a new one, given the old one's `lastEventId`.

export type SseMessage = {
  /** `message` when the stream did not name it. */
  readonly event: string
  readonly data: string
  /** The last id seen on the stream, this event's or an earlier one's; empty when there was none. */
  readonly id: string
}

/** A line or an event was larger than allowed and has been dropped, up to the next blank line. */
export type SseOverflow = { readonly what: 'line' | 'event'; readonly limit: number }

export type SseHandlers = {
  onEvent(message: SseMessage): void
  /** A comment line without its colon and the space after it. */
  onComment?: ((text: string) => void) | undefined
  /** How long to wait before reconnecting, milliseconds. */
  onRetry?(ms: number): void
  onOverflow?(overflow: SseOverflow): void
}

export type SseParserOptions = {
  /** Longest line, in UTF-16 units; default 16 Mi. */
  readonly maxLineLength?: number | undefined
  /** Largest sum of one event's data lines (field name and line end included), in UTF-16 units; default 16 Mi. */
  readonly maxEventLength?: number | undefined
  /** Where a reconnection continues: the id that events have until the stream gives another. */
  readonly lastEventId?: string | undefined
}

export type SseParser = {
  /** Takes the next piece of the stream. Handlers run before it returns. */
  push(chunk: Uint8Array | string): void
  /** The id to come back with: that of the last complete event block. */
  readonly lastEventId: string
}

const DEFAULT_LIMIT = 16 * 1024 * 1024
/** Pieces of an unfinished line are flattened at this length, so that no deep rope of tiny strings builds up. */
const PIECE_LENGTH = 4096
/** `data:` and a line end: so that a flood of empty data lines is bounded too. */
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

  function dropEvent(what: SseOverflow['what'], limit: number): void {
    droppingEvent = true
    data = []
    dataLength = 0
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
    const lines = data
    const event = eventName
    const dropped = droppingEvent
    data = []
    dataLength = 0
    eventName = ''
    droppingEvent = false
    if (dropped || lines.length === 0) return
    const [first = ''] = lines
    handlers.onEvent({ event: event || 'message', data: lines.length === 1 ? first : lines.join('\n'), id })
  }

  function takeField(name: string, value: string): void {
    if (name === 'data') addData(value)
    else if (name === 'event') eventName = value
    else if (name === 'id') {
      if (!value.includes('\0')) id = value
    } else if (name === 'retry' && /^[0-9]+$/.test(value)) handlers.onRetry?.(Number(value))
  }

  /** A comment, or a field other than the usual `data:`. */
  function takeOther(line: string): void {
    const colon = line.indexOf(':')
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (colon === 0) handlers.onComment?.(value)
    else takeField(colon < 0 ? line : line.slice(0, colon), value)
  }

  /** The line `text[from, end)`. */
  function takeLine(text: string, from: number, end: number): void {
    if (from === end) dispatch()
    else if (text.startsWith('data:', from)) {
      addData(text.slice(from + (text[from + 5] === ' ' ? 6 : 5), end))
    } else takeOther(text.slice(from, end))
  }

  function lineTooLong(firstChar: string | undefined): void {
    // A comment belongs to no event.
    if (firstChar === ':') handlers.onOverflow?.({ what: 'line', limit: maxLine })
    else dropEvent('line', maxLine)
  }

  function keepUnfinished(text: string): void {
    if (skippingLine || text === '') return
    if (piecesLength + piece.length + text.length > maxLine) {
      const first = (pieces[0] ?? piece)[0] ?? text[0]
      pieces = []
      piecesLength = 0
      piece = ''
      skippingLine = true
      lineTooLong(first)
      return
    }
    piece += text
    if (piece.length < PIECE_LENGTH) return
    piece.charCodeAt(0) // reading a character makes engines flatten the concatenation
    pieces.push(piece)
    piecesLength += piece.length
    piece = ''
  }

  function endLine(text: string, from: number, end: number): void {
    if (skippingLine) skippingLine = false
    else if (piecesLength + piece.length === 0) {
      if (end - from > maxLine) lineTooLong(text[from])
      else takeLine(text, from, end)
    } else {
      keepUnfinished(text.slice(from, end))
      if (skippingLine) skippingLine = false
      else {
        const line = pieces.join('') + piece
        pieces = []
        piecesLength = 0
        piece = ''
        takeLine(line, 0, line.length)
      }
    }
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
    // Each position is searched once: a stream of one kind of line end never rescans for the other.
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
