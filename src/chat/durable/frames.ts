// The frames of `live=sse`: events of the stream as the protocol's `data` events, each with a `control` event behind it.

export type Control = {
  readonly streamNextOffset: string
  /** Absent when the stream is closed. */
  readonly streamCursor?: string
  readonly upToDate?: true
  readonly streamClosed?: true
  /** How a closed stream ended: after `cut` it is not whole. Not of the protocol. */
  readonly streamEnd?: 'whole' | 'cut'
}

export function controlFrame(control: Control): string {
  return `event: control\ndata:${JSON.stringify(control)}\n\n`
}

/**
 * Every line end of the text begins a new `data:` line, so that nothing in it can begin an event. A reader drops one space behind
 * the colon, so a line that begins with one gets another.
 */
export function dataFrame(text: string): string {
  const lines = text.split(/\r\n?|\n/).map(line => (line.startsWith(' ') ? `data: ${line}` : `data:${line}`))
  return `event: data\n${lines.join('\n')}\n\n`
}
