// /v1/responses: named events with a type and a number; the last one has the whole response with its usage.
import { responses as remarksOn } from '../../upstream/dialects/responses.js'
import { isFailure } from '../../upstream/failures.js'
import { record } from '../../upstream/values.js'
import { Ending } from './ending.js'
import { createScan } from './scan.js'
import {
  DONE_MARK,
  FAILED,
  NOTHING,
  nameIn,
  objectOf,
  type Seen,
  seenWords,
  textOf,
  tokenCounts,
  type Wire,
} from './wire.js'

const DONE_TYPES: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.cancelled',
])
const FAILED_TYPES: ReadonlySet<string> = new Set(['response.failed', 'error'])
/** Those that bring the first sight of the response's id. */
const FIRST_TYPES: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
])
const LONGEST_ID = 200

const scan = createScan(['delta'])

export function openAiResponses(): Wire {
  const ending = new Ending()
  function last(text: string, isDone: boolean): Seen {
    const frame = objectOf(text) ?? {}
    const response = record(frame.response)
    ending.take(remarksOn(frame) ?? [])
    if (Array.isArray(response?.output) && response.output.some(hasOtherForm)) ending.spoke()
    const usage = tokenCounts(response?.usage)
    return { ...(isDone ? ending.seen : FAILED), usage }
  }
  function untyped(text: string): Seen {
    if (text.length < 64 && DONE_MARK.test(text)) return ending.seen
    const frame = objectOf(text)
    return frame !== null && isFailure(frame, 'message') ? FAILED : NOTHING
  }
  /** The hot path. */
  function delta(event: Buffer, type: string): Seen {
    const seen = seenWords(scan(event).wordBytes)
    if (seen.wordBytes === 0) return seen
    if (type === 'response.refusal.delta') ending.refused()
    else if (!type.startsWith('response.function_call')) ending.spoke()
    return seen
  }
  return {
    look: event => {
      const name = nameIn(event)
      if (name?.endsWith('.delta')) return delta(event, name)
      const text = textOf(event)
      const type = name ?? typeIn(text)
      if (type === null) return untyped(text)
      if (type.endsWith('.delta')) return delta(event, type)
      if (FIRST_TYPES.has(type)) return { ...NOTHING, answerId: idIn(text) }
      if (DONE_TYPES.has(type)) return last(text, true)
      return FAILED_TYPES.has(type) ? last(text, false) : NOTHING
    },
    hasReason: false,
    end: null,
  }
}

/** An item of its output that is no text and no request for a tool: an image, a search. */
function hasOtherForm(item: unknown): boolean {
  const type = record(item)?.type
  return typeof type === 'string' && !/^(message|reasoning|function_call|custom_tool_call)$/.test(type)
}

function typeIn(text: string): string | null {
  const type = objectOf(text)?.type
  return typeof type === 'string' ? type : null
}

function idIn(text: string): string | null {
  return responseId(record(objectOf(text)?.response)?.id)
}

/** An id that is longer is not kept. */
export function responseId(id: unknown): string | null {
  return typeof id === 'string' && id.length <= LONGEST_ID ? id : null
}
