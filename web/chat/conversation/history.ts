// The earlier turns, as they are sent on with a question.
import type { End, Turn } from './turn.js'

type Message = { readonly role: 'user' | 'assistant'; readonly content: string }

/** Of failed, withheld, declined and interrupted ones nothing is sent on. */
const SENT_ON: ReadonlySet<End['kind']> = new Set(['complete', 'length', 'stopped'])
/** A server takes 200 texts and 1 MiB. */
const MAX_TURNS = 50
const MAX_BYTES = 900_000

/** The newest that fit, oldest first. */
export function historyOf(turns: readonly Turn[]): readonly Message[] {
  const encoder = new TextEncoder()
  const sent = turns.filter(({ answer, end }) => answer !== '' && end !== null && SENT_ON.has(end.kind))
  const history: Message[] = []
  let left = MAX_BYTES
  for (const { question, answer } of sent.slice(-MAX_TURNS).reverse()) {
    left -= encoder.encode(question).length + encoder.encode(answer).length
    if (left < 0) break
    history.unshift({ role: 'user', content: question }, { role: 'assistant', content: answer })
  }
  return history
}

/** The conversation as Markdown. */
export function asMarkdown(turns: readonly Turn[]): string {
  return turns.map(({ question, answer }) => `## ${question}\n\n${answer}`.trimEnd()).join('\n\n')
}
