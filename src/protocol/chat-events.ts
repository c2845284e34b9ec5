// The events of a chat stream as zod schemas, and the table of its failures. One place: the types of server and client, the
// JSON Schemas under /schemas and docs/reference/chat-events.md all come from here.
import { z } from 'zod'

const count = z.int().nonnegative()
const text = z.string()
const ms = z.number().nonnegative()
const latency = ms.nullable()

/**
 * How a stream can fail. The code is that of the `error` event, of the metric and of the audit record; `problem` is the code
 * of the HTTP error when nothing was sent yet. No text of an upstream or of an exception ever gets into an event.
 */
export const CHAT_FAILURES = {
  upstream_unreachable: {
    message: 'The answering service could not be reached.',
    retryable: true,
    problem: 'upstream_failed',
  },
  upstream_refused: {
    message: 'The answering service refused the question.',
    retryable: false,
    problem: 'upstream_failed',
  },
  upstream_failed: {
    message: 'The answering service failed.',
    retryable: true,
    problem: 'upstream_failed',
  },
  upstream_error: {
    message: 'The answering service reported an error.',
    retryable: true,
    problem: 'upstream_failed',
  },
  upstream_cut: { message: 'The answer broke off.', retryable: true, problem: 'upstream_failed' },
  first_token_timeout: {
    message: 'The answering service did not begin in time.',
    retryable: true,
    problem: 'upstream_timeout',
  },
  idle_timeout: {
    message: 'The answer stalled for too long.',
    retryable: true,
    problem: 'upstream_timeout',
  },
  no_word_timeout: {
    message: 'The answering service sent no word for too long.',
    retryable: true,
    problem: 'upstream_timeout',
  },
  upstream_line_too_long: {
    message: 'The answering service sent a line that is too long to be read.',
    retryable: false,
    problem: 'upstream_failed',
  },
  upstream_not_understood: {
    message: 'The answering service sent a part of the answer in a form that this server cannot read.',
    retryable: false,
    problem: 'upstream_failed',
  },
  too_large: {
    message: 'The answer is longer than this server keeps.',
    retryable: false,
    problem: 'upstream_failed',
  },
  breaker_open: {
    message: 'The answering service is temporarily unavailable; try again in 10 s.',
    retryable: true,
    problem: 'breaker_open',
  },
  node_lost: {
    message: 'The server that made the answer was lost.',
    retryable: true,
    problem: 'upstream_failed',
  },
  internal: { message: 'The answer failed on this server.', retryable: false, problem: 'upstream_failed' },
} as const

/** `superseded` is reserved: clients must accept it, no server sends it yet. */
export const ABORT_REASONS = ['client_stop', 'shutdown', 'expired', 'idle', 'superseded'] as const

const connectedData = z.strictObject({
  status: z.literal('connected'),
  connectionId: text,
  streamId: text,
  identified: z.boolean().describe('The token of the caller was verified.'),
  resumed: z.boolean(),
})

const sourceData = z.strictObject({
  title: text.exactOptional(),
  source: text.exactOptional(),
  snippet: text.exactOptional(),
  similarity: z.number().exactOptional(),
  tier: z.union([text, z.number()]).exactOptional(),
  url: text.exactOptional(),
})

const usageData = z.strictObject({
  inputTokens: count.exactOptional(),
  input_tokens: count.exactOptional().describe('The same, as clients of the original read it.'),
  outputTokens: count.exactOptional(),
  output_tokens: count.exactOptional().describe('The same, as clients of the original read it.'),
  estimated: z.boolean().describe('The upstream did not count.'),
})

const metricsData = z
  .strictObject({
    firstTokenLatency: latency,
    tokensReceived: count,
    bytesReceived: count.describe('UTF-8 bytes of the tokens.'),
    duration: ms,
    interTokenMean: latency,
  })
  .describe('Milliseconds; null where there was no token.')

/** The `data` of each event. Codes and reasons are open: a later version may have more. */
export const CHAT_DATA = {
  metadata: z
    .union([connectedData, z.record(text, z.unknown())])
    .describe('First on every connection: `connected`. Later: what the upstream reported about itself.'),
  token: text.min(1),
  reasoning: text.min(1).describe('What the model thinks before it answers; no part of the answer.'),
  refusal: text.min(1).describe('The words with which the model declines; the end has the reason `refusal`.'),
  sources: z.array(sourceData),
  usage: usageData,
  done: z.strictObject({
    reason: text.describe(
      '`complete`, `length`, `content_filter`, `refusal`, `tool_calls`, `empty`, or another word.',
    ),
    metrics: metricsData,
  }),
  error: z.strictObject({
    code: text.describe(Object.keys(CHAT_FAILURES).join(', ')),
    message: text,
    retryable: z.boolean(),
    connectionId: text,
  }),
  aborted: z.strictObject({ reason: text.describe(ABORT_REASONS.join(', ')) }),
  heartbeat: z.strictObject({ timestamp: count }),
} as const

const timestamp = count.describe('Epoch milliseconds.')
const sequence = count.describe('From 0, without gaps over the life of the stream.')
type Names = keyof typeof CHAT_DATA

const numbered = <T extends Names>(type: T) =>
  z.strictObject({ type: z.literal(type), data: CHAT_DATA[type], sequence, timestamp })

/** Every event: the JSON text of its `data:` line. */
export const CHAT_EVENTS = {
  metadata: numbered('metadata').extend({
    sequence: sequence.exactOptional().describe('Missing on a connection that resumes.'),
  }),
  token: numbered('token'),
  reasoning: numbered('reasoning'),
  refusal: numbered('refusal'),
  sources: numbered('sources'),
  usage: numbered('usage'),
  done: numbered('done'),
  error: numbered('error'),
  aborted: numbered('aborted'),
  heartbeat: z.strictObject({ type: z.literal('heartbeat'), data: CHAT_DATA.heartbeat, timestamp }),
} as const

export type ChatData = { readonly [T in Names]: Readonly<z.infer<(typeof CHAT_DATA)[T]>> }
export type ChatFailureCode = keyof typeof CHAT_FAILURES
export type Connected = Readonly<z.infer<typeof connectedData>>
export type ChatSource = Readonly<z.infer<typeof sourceData>>
export type AnswerMetrics = Readonly<z.infer<typeof metricsData>>
