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
  return `event: control\ndata: ${JSON.stringify(control)}\n\n`
}

/** Every line end of the text begins a new `data:` line, so that nothing in it can begin an event. */
export function dataFrame(text: string): string {
  return `event: data\ndata: ${text.replace(/\r\n?|\n/g, '\ndata: ')}\n\n`
}
