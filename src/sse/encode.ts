// Writing text/event-stream (WHATWG HTML, section 9.2.5 "Parsing an event stream" read backwards): text in, text out.

export type SseEvent = { readonly event?: string; readonly data: string; readonly id?: string }

const LINE_BREAK = /\r\n|\r|\n/

function oneLine(field: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new RangeError(`SSE ${field} must not contain CR, LF or NUL`)
  return value
}

/**
 * One event as text, ended by its blank line. Data of several lines becomes several `data:` fields.
 * Throws RangeError when `event` or `id` contain a line break or NUL: they come from us, never from outside.
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
 * As `encodeEvent`, for data that is JSON text, which holds no line break (RFC 8259 section 7), and for a name and an id that
 * cannot hold one either: nothing is looked at. Who waits for the event waits for this.
 */
export function encodeJsonEvent(event: string, json: string, id?: string): string {
  const head = id === undefined ? '' : `id: ${id}\n`
  return `${head}event: ${event}\ndata: ${json}\n\n`
}

/**
 * A comment: ignored by every parser, keeps proxies from cutting an idle connection. `line`: inside the block of the event
 * that comes next, when something of that block went out already.
 */
export function encodeComment(text: string, place: 'block' | 'line' = 'block'): string {
  return `: ${oneLine('comment', text)}\n${place === 'block' ? '\n' : ''}`
}

/**
 * How long a client waits before it reconnects, in whole milliseconds. A line of the block of the event that must come next:
 * simple clients count a block without an event as an error.
 */
export function encodeRetry(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0)
    throw new RangeError(`SSE retry must be a whole number of ms, got ${ms}`)
  return `retry: ${ms}\n`
}
