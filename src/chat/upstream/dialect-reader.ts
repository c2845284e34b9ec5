// Reads the body of an upstream for the `bali-zero` routes, in any of the dialects of normalise.ts and in three forms: an event
// stream, JSON lines, and one JSON document from a backend that does not stream.
import { createSseParser } from '../../sse/parse.js'
import type { BodyReader } from '../answer-format.js'
import type { UpstreamEvent } from '../events.js'
import { createNormaliser } from './normalise.js'
import { createUtf8Text } from './utf8-text.js'
import { parsedJson } from './values.js'

/** Limit of a line, of an event and of a document, UTF-16 units: what is longer ends the answer with an error. */
export const MAX_EVENT_CHARS = 8 * 1024 * 1024

type Form = 'events' | 'lines' | 'document'

const FORMS: readonly (readonly [type: RegExp, form: Form])[] = [
  [/^text\/event-stream\b/i, 'events'],
  [/^application\/(x-)?(nd-?json|json-?lines?|jsonl|stream\+json)\b/i, 'lines'],
  [/^application\/([\w.-]+\+)?json\b/i, 'document'],
]

const TOO_LONG: UpstreamEvent = { type: 'error', code: 'upstream_line_too_long' }
const isTerminal = ({ type }: UpstreamEvent): boolean => type === 'done' || type === 'error'

export function createDialectReader(onUnknownFrame: (kind: string) => void): BodyReader<UpstreamEvent> {
  const normaliser = createNormaliser(onUnknownFrame)
  const textOf = createUtf8Text()
  let form: Form = 'events'
  let items: UpstreamEvent[] = []
  let hasFrames = false
  /** The unfinished line, or the document so far. */
  let pieces: string[] = []
  let chars = 0

  function take(message: { readonly event: string; readonly data: string }): void {
    hasFrames = true
    for (const event of normaliser.frame({ ...message, id: '' })) items.push(event)
  }
  function tooLong(): void {
    hasFrames = true
    items.push(TOO_LONG)
  }
  const parser = createSseParser(
    { onEvent: take, onOverflow: tooLong },
    { maxLineLength: MAX_EVENT_CHARS, maxEventLength: MAX_EVENT_CHARS },
  )

  function keep(text: string): void {
    chars += text.length
    if (chars > MAX_EVENT_CHARS) tooLong()
    else if (text !== '') pieces.push(text)
  }
  function takeKept(): string {
    const text = pieces.join('')
    pieces = []
    chars = 0
    return text
  }
  function takeLine(line: string): void {
    const data = line.trim()
    if (data !== '') take({ event: 'message', data })
  }
  function pushLines(text: string): void {
    const lines = text.split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      keep(line)
      takeLine(takeKept())
    }
    keep(last)
  }
  function takeDocument(): void {
    const text = takeKept()
    if (parsedJson(text) !== undefined) take({ event: 'message', data: text })
    // Some write lines under the type of a document.
    else for (const line of text.split('\n')) takeLine(line)
  }

  return {
    accepts: type => {
      const found = FORMS.find(([known]) => known.test(type))
      if (found !== undefined) form = found[1]
      return found !== undefined
    },
    push: chunk => {
      items = []
      hasFrames = false
      const text = textOf(chunk)
      if (form === 'events') parser.push(text)
      else if (form === 'lines') pushLines(text)
      else keep(text)
      return hasFrames ? items : null
    },
    // A tail without its blank line is dropped, unless it holds the end of the answer.
    end: () => {
      items = []
      if (form === 'events') parser.push('\n\n')
      else if (form === 'lines') takeLine(takeKept())
      else takeDocument()
      return items.some(isTerminal) ? items : [...items, ...normaliser.end(form === 'document')]
    },
    hasReason: () => normaliser.hasReason,
    isTerminal,
    isError: ({ type }) => type === 'error',
    isVisible: ({ type }) => type === 'token' || type === 'refusal',
  }
}
