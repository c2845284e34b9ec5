// Encodes text/event-stream (WHATWG HTML 9.2.5).

export type SseEvent = { readonly event?: string; readonly data: string; readonly id?: string }

const LINE_BREAK = /\r\n|\r|\n/

function oneLine(field: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new RangeError(`SSE ${field} must not contain CR, LF or NUL`)
  return value
}

/**
 * One event with its blank line. Data of several lines becomes several `data:` fields.
 * Throws RangeError when `event` or `id` contains a line break or NUL: they never come from outside.
 */
export function encodeEvent({ event, data, id }: SseEvent): string {
  let text = ''
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`
  if (event !== undefined) text += `event: ${oneLine('event', event)}\n`
  if (!LINE_BREAK.test(data)) return `${text}data: ${data}\n\n`
  for (const line of data.split(LINE_BREAK)) text += `data: ${line}\n`
  return `${text}\n`
}

/**
 * As `encodeEvent`, without checks: for JSON, which has no line break (RFC 8259 section 7), and for names and ids that cannot
 * have one. It is on the path from a change to its readers.
 */
export function encodeJsonEvent(event: string, json: string, id?: string): string {
  const head = id === undefined ? '' : `id: ${id}\n`
  return `${head}event: ${event}\ndata: ${json}\n\n`
}

/**
 * A comment, which parsers ignore and which keeps proxies from closing an idle connection. `line`: inside the block of the next
 * event, when part of that block was sent already.
 */
export function encodeComment(text: string, place: 'block' | 'line' = 'block'): string {
  return `: ${oneLine('comment', text)}\n${place === 'block' ? '\n' : ''}`
}

/**
 * The delay before a client reconnects, in whole milliseconds. It is a line in the block of the next event, which must follow:
 * simple clients treat a block without an event as an error.
 */
export function encodeRetry(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0)
    throw new RangeError(`SSE retry must be a whole number of ms, got ${ms}`)
  return `retry: ${ms}\n`
}
