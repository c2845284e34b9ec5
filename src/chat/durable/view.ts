// A log as the readers of `live=sse` get it: its events in frames of the protocol. The end of the log is one more event of the view,
// so that a reader that had everything hears of it.
import { toWire } from '../../connection/wire.js'
import type { ChatLog, LogEnd } from '../log/chat-log.js'
import { type Control, controlFrame, dataFrame } from './frames.js'
import { offsetOf } from './offsets.js'

/** `next`: the number of the first event that the reader has not. Cursor and closing depend on the moment. */
export function controlOf(next: number, { tail, end }: ChatLog, cursor: () => string): Control {
  const streamNextOffset = offsetOf(next)
  if (next < tail) return { streamNextOffset, streamCursor: cursor() }
  return end === 'open'
    ? { streamNextOffset, streamCursor: cursor(), upToDate: true }
    : { streamNextOffset, upToDate: true, streamClosed: true, streamEnd: end }
}

/** Costs a copy of what is read: these readers are few, and their frames differ in time. */
export function durableView(log: ChatLog, cursor: () => string): ChatLog {
  const frame = (bytes: Buffer, next: number): string =>
    (bytes.length === 0 ? '' : dataFrame(bytes.toString())) + controlFrame(controlOf(next, log, cursor))
  return {
    get head(): number {
      return log.head
    },
    get tail(): number {
      return log.end === 'open' ? log.tail : log.tail + 1
    },
    /** In order after a cut too: the last frame says how it ended. */
    get end(): LogEnd {
      return log.end === 'open' ? 'open' : 'whole'
    },
    follow: onGrowth => log.follow(onGrowth),
    readFrom(from, framing, aboutBytes) {
      const wire = { encoding: 'plain', framing } as const
      const framed = (bytes: Buffer, next: number) => {
        // What says that the stream is closed is its end.
        const isEnd = next >= log.tail && log.end !== 'open'
        return { bytes: toWire(frame(bytes, next), wire), next: isEnd ? next + 1 : next }
      }
      if (from >= log.tail) return framed(Buffer.alloc(0), from)
      const slice = log.readFrom(from, 'raw', aboutBytes)
      return slice instanceof Promise
        ? slice.then(({ bytes, next }) => framed(bytes, next))
        : framed(slice.bytes, slice.next)
    },
  }
}
