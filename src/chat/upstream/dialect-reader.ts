// Reads the body of an upstream in one of the dialects that the `bali-zero` routes know (normalise.ts).
import { createSseParser } from '../../sse/parse.js'
import type { BodyReader } from '../answer-format.js'
import type { UpstreamEvent } from '../events.js'
import { createNormaliser, type Dialect } from './normalise.js'
import { createUtf8Text } from './utf8-text.js'

/** Limit of a line and of an event of an upstream, UTF-16 units; longer ones count as unknown. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024

const isTerminal = ({ type }: UpstreamEvent): boolean => type === 'done' || type === 'error'

export function createDialectReader(
  dialect: Dialect,
  onUnknownFrame: (kind: string) => void,
): BodyReader<UpstreamEvent> {
  const normaliser = createNormaliser(dialect)
  const textOf = createUtf8Text()
  let said: UpstreamEvent[] = []
  let hasFrames = false
  const parser = createSseParser(
    {
      onEvent: message => {
        hasFrames = true
        const events = normaliser.frame(message)
        if (events === null) onUnknownFrame('frame')
        else for (const event of events) said.push(event)
      },
      onOverflow: () => onUnknownFrame('frame'),
    },
    { maxLineLength: MAX_EVENT_CHARS, maxEventLength: MAX_EVENT_CHARS },
  )
  return {
    push: chunk => {
      said = []
      hasFrames = false
      parser.push(textOf(chunk))
      return hasFrames ? said : null
    },
    // A tail without its blank line is dropped, unless it holds a terminal frame; otherwise the normaliser decides.
    end: () => {
      said = []
      parser.push('\n\n')
      return said.some(isTerminal) ? said : normaliser.end()
    },
    isTerminal,
    isError: ({ type }) => type === 'error',
    isVisible: ({ type }) => type === 'token',
  }
}
