// /v1/responses: named events with a type and a number; the last one has the whole response with its usage.
import { record } from '../../upstream/values.js'
import { createScan } from './scan.js'
import {
  DONE,
  DONE_MARK,
  FAILED,
  NOTHING,
  nameIn,
  objectOf,
  said,
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
  return {
    look: event => {
      const name = nameIn(event)
      if (name?.endsWith('.delta')) return said(scan(event).wordBytes)
      const text = textOf(event)
      const type = name ?? typeIn(text)
      if (type === null) return text.length < 64 && DONE_MARK.test(text) ? DONE : NOTHING
      if (type.endsWith('.delta')) return said(scan(event).wordBytes)
      if (FIRST_TYPES.has(type)) return { ...NOTHING, answerId: idIn(text) }
      const isDone = DONE_TYPES.has(type)
      if (!isDone && !FAILED_TYPES.has(type)) return NOTHING
      const usage = tokenCounts(record(objectOf(text)?.response)?.usage)
      return { ...(isDone ? DONE : FAILED), usage }
    },
    endsWithBody: () => false,
  }
}

function typeIn(text: string): string | null {
  const type = objectOf(text)?.type
  return typeof type === 'string' ? type : null
}

function idIn(text: string): string | null {
  const id = record(objectOf(text)?.response)?.id
  return typeof id === 'string' && id.length <= LONGEST_ID ? id : null
}
