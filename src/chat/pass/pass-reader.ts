// Reads a body that is passed on: event by event, as bytes, with what its wire tells about each.
import { createEventSplitter } from '../../sse/split.js'
import type { BodyReader } from '../answer-format.js'
import { NOTHING, type Seen, type Wire } from './wires/wire.js'

/** Of one event. A longer one cannot be passed on whole, so it ends the answer as a cut does. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024

export type PassEvent = Omit<Seen, 'ends'> & {
  /** Whole, with its blank line; empty: nothing to pass on, only the end. */
  readonly bytes: Buffer
  /** As in `Seen`; `broken`: what came cannot be passed on, or where the next event begins is unknown. */
  readonly ends: Seen['ends'] | 'broken'
}

const NO_BYTES = Buffer.alloc(0)
export const BROKEN: PassEvent = { ...NOTHING, bytes: NO_BYTES, ends: 'broken' }

export function createPassReader(wire: Wire, maxEventBytes = MAX_EVENT_BYTES): BodyReader<PassEvent> {
  const splitter = createEventSplitter(maxEventBytes)
  function passEvents(events: readonly Buffer[]): PassEvent[] {
    // The hot path: an object with every member named costs a fraction of a copied one.
    const all = events.map((bytes): PassEvent => {
      const { ends, reason, wordBytes, usage, answerId } = wire.look(bytes)
      return { bytes, ends, reason, wordBytes, usage, answerId }
    })
    if (splitter.overflowed) all.push(BROKEN)
    return all
  }
  return {
    push: chunk => {
      const events = passEvents(splitter.push(chunk))
      return events.length === 0 ? null : events
    },
    // A last event without its blank line counts if the answer ends with it; else it may have been cut off anywhere.
    end: () => {
      const before = wire.end
      const last = passEvents(splitter.end())
      const terminals = last.filter(({ ends }) => ends !== null)
      if (terminals.length > 0) return terminals
      const end = before ?? wire.end
      if (end === null) return []
      return [...(before === null ? last : []), { ...end, bytes: NO_BYTES }]
    },
    hasReason: () => wire.hasReason,
    isTerminal: ({ ends }) => ends !== null,
    isError: ({ ends }) => ends === 'error' || ends === 'broken',
    isVisible: ({ wordBytes }) => wordBytes > 0,
  }
}
