// Reads an answer that comes as one JSON document: its bytes as they came, and what they count.
import type { BodyReader } from '../answer-format.js'
import type { JsonObject } from '../events.js'
import { anthropic } from '../upstream/dialects/anthropic.js'
import { openAi } from '../upstream/dialects/openai.js'
import { responses } from '../upstream/dialects/responses.js'
import { isFailure } from '../upstream/failures.js'
import { FAILURE, type Remark } from '../upstream/remark.js'
import { parsedObject, record, tokenCounts } from '../upstream/values.js'
import { BROKEN, type PassEvent } from './pass-reader.js'
import { Ending } from './wires/ending.js'
import { responseId } from './wires/openai-responses.js'

/** Images and sounds come as text in it. */
export const MAX_WHOLE_BYTES = 64 * 1024 * 1024

export function createWholeReader(maxBytes = MAX_WHOLE_BYTES): BodyReader<PassEvent> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  const last = (bytes: Buffer): PassEvent => {
    const frame = parsedObject(bytes.toString())
    const usage = tokenCounts(record(frame?.usage))
    const ending = new Ending()
    // A tool or an image is an answer as well, and what is text of it is not known.
    ending.spoke()
    if (frame !== null) ending.take(remarksOn(frame))
    const answerId = frame?.object === 'response' ? responseId(frame.id) : null
    return { ...ending.seen, bytes, wordBytes: bytes.length, usage, answerId }
  }
  return {
    accepts: type => /^application\/([\w.-]+\+)?json\b/i.test(type),
    push: chunk => {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes) return [BROKEN]
      pieces.push(chunk)
      return null
    },
    end: () => [last(Buffer.concat(pieces))],
    isTerminal: ({ ends }) => ends !== null,
    isError: ({ ends }) => ends === 'error' || ends === 'broken',
    isVisible: ({ ends }) => ends === 'done',
  }
}

function remarksOn(frame: JsonObject): readonly Remark[] {
  if (isFailure(frame, 'message')) return FAILURE
  return openAi(frame) ?? anthropic(frame) ?? responses(frame) ?? []
}
