// Reads an answer that comes as one JSON document: its bytes as they came, and what they count.
import type { BodyReader } from '../answer-format.js'
import { parsedObject, record, tokenCounts } from '../upstream/values.js'
import type { PassEvent } from './pass-reader.js'

/** Images and sounds come as text in it. */
export const MAX_WHOLE_BYTES = 64 * 1024 * 1024

export function createWholeReader(maxBytes = MAX_WHOLE_BYTES): BodyReader<PassEvent> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  const last = (bytes: Buffer, ends: 'done' | 'broken'): PassEvent => {
    // A tool or an image is an answer as well, and what is text of it is not known.
    const usage = tokenCounts(record(parsedObject(bytes.toString())?.usage))
    return { bytes, ends, wordBytes: bytes.length, usage, answerId: null }
  }
  return {
    accepts: type => /^application\/([\w.-]+\+)?json\b/i.test(type),
    push: chunk => {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes) return [last(Buffer.alloc(0), 'broken')]
      pieces.push(chunk)
      return null
    },
    end: () => [last(Buffer.concat(pieces), 'done')],
    isTerminal: ({ ends }) => ends !== null,
    isError: ({ ends }) => ends === 'broken',
    isVisible: () => true,
  }
}
