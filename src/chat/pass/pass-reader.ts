// Reads a body that is passed on: event by event, as bytes, with what its wire tells about each.
import { createEventSplitter } from '../../sse/split.js'
import type { BodyReader } from '../answer-format.js'
import type { TokenCounts } from '../events.js'
import type { Wire } from './wires/wire.js'

/** Of one event. A longer one cannot be passed on whole, so it ends the answer as a cut does. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024

export type PassEvent = {
  /** Whole, with its blank line; empty: nothing to pass on, only the end. */
  readonly bytes: Buffer
  /** `broken`: what came cannot be passed on, or where the next event begins is unknown. */
  readonly ends: 'done' | 'error' | 'broken' | null
  /** Bytes of what it says; 0: nothing. */
  readonly wordBytes: number
  readonly usage: TokenCounts | null
  readonly answerId: string | null
}

const NO_BYTES = Buffer.alloc(0)

function endWithout(ends: 'done' | 'broken'): PassEvent {
  return { bytes: NO_BYTES, ends, wordBytes: 0, usage: null, answerId: null }
}

export function createPassReader(wire: Wire, maxEventBytes = MAX_EVENT_BYTES): BodyReader<PassEvent> {
  const splitter = createEventSplitter(maxEventBytes)
  function said(events: readonly Buffer[]): PassEvent[] {
    const all = events.map((bytes): PassEvent => {
      const { ends, wordBytes, usage, answerId } = wire.look(bytes)
      return { bytes, ends, wordBytes, usage, answerId }
    })
    if (splitter.overflowed) all.push(endWithout('broken'))
    return all
  }
  return {
    push: chunk => {
      const events = said(splitter.push(chunk))
      return events.length === 0 ? null : events
    },
    // A last event without its blank line counts if it ends the answer; else it may have been cut off anywhere.
    end: () => {
      const last = said(splitter.end()).filter(({ ends }) => ends !== null)
      return last.length === 0 && wire.endsWithBody() ? [endWithout('done')] : last
    },
    isTerminal: ({ ends }) => ends !== null,
    isError: ({ ends }) => ends === 'error' || ends === 'broken',
    isVisible: ({ wordBytes }) => wordBytes > 0,
  }
}
