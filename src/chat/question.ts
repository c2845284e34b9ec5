// The question of a caller: the same members in a POST body and in a GET's query, with the schemas that check both. Pure.
import { z } from 'zod'

export const MAX_TURNS = 200
export const MAX_HISTORY_BYTES = 1024 * 1024

const NO_HISTORY = 'must be an array of {role: "user" or "assistant", content: text}'
const CLAIM = 'Ignored: email and role come from the token alone.'
const AS_SET = 'at most G6_CHAT_MAX_QUERY_BYTES.'

const turn = z.object({ role: z.enum(['user', 'assistant']), content: z.string() })

const query = z
  .string({ error: ({ input }) => (Array.isArray(input) ? 'must be given once' : 'is required') })
  .refine(text => text.trim() !== '', 'is required')
const history = z
  .array(turn, NO_HISTORY)
  .max(MAX_TURNS, `may have ${MAX_TURNS} turns`)
  .refine(
    turns => Buffer.byteLength(JSON.stringify(turns)) <= MAX_HISTORY_BYTES,
    `may have ${MAX_HISTORY_BYTES} bytes`,
  )
  .nullish()
const claims = {
  user_email: z.unknown().optional().describe(CLAIM),
  user_role: z.unknown().optional().describe(CLAIM),
}

/** In a URL the history is JSON text. */
function fromText(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return false // not JSON: the schema refuses it, as it is no array
  }
}

export const questionBody = z.object({
  query: query.describe(`The question: not blank, ${AS_SET}`),
  conversation_history: history.describe(
    `The earlier turns: at most ${MAX_TURNS} turns and ${MAX_HISTORY_BYTES} bytes.`,
  ),
  ...claims,
})

export const questionInUrl = z.object({
  query: query.describe(`The question, once: not blank, ${AS_SET} Ignored when Last-Event-ID resumes.`),
  conversation_history: z
    .string(NO_HISTORY)
    .transform(fromText)
    .pipe(history)
    .optional()
    .describe('The earlier turns, as JSON text.'),
  ...claims,
})

export type Asked = {
  readonly query: string
  readonly history: readonly z.infer<typeof turn>[]
}
export type Checked =
  | { readonly ok: true; readonly asked: Asked }
  | { readonly ok: false; readonly isQueryMissing: boolean; readonly detail: string }

export function checkQuestion(given: unknown, place: 'body' | 'url', maxQueryBytes: number): Checked {
  const parsed = (place === 'url' ? questionInUrl : questionBody).safeParse(given)
  const name = place === 'url' ? 'query parameter' : 'query'
  if (parsed.success) {
    const { query, conversation_history: history } = parsed.data
    if (Buffer.byteLength(query) <= maxQueryBytes)
      return { ok: true, asked: { query, history: history ?? [] } }
    return { ok: false, isQueryMissing: false, detail: `the ${name} may have ${maxQueryBytes} bytes` }
  }
  const [issue] = parsed.error.issues
  const [member] = issue?.path ?? []
  // A body that is not an object has no query.
  if (issue === undefined || member === undefined) {
    return { ok: false, isQueryMissing: true, detail: `${name} is required` }
  }
  if (member === 'query') {
    const isTwice = issue.message === 'must be given once'
    return { ok: false, isQueryMissing: true, detail: `${isTwice ? 'the ' : ''}${name} ${issue.message}` }
  }
  // An error within a turn is reported for the whole history.
  const message = issue.path.length > 1 ? NO_HISTORY : issue.message
  return { ok: false, isQueryMissing: false, detail: `${String(member)} ${message}` }
}
