// POST /v1/completions: text only.
import { type Answer, event, INPUT_TOKENS, openAiRefusal, outputTokens, steps, type Wire } from '../wire.js'

const REASONS = { stop: 'stop', length: 'length', filter: 'content_filter' } as const

const head = ({ id, model, createdSec }: Answer) => ({
  id: `cmpl-${id}`,
  object: 'text_completion',
  created: createdSec,
  model,
})
const choice = (text: string, finish: string | null) => ({
  text,
  index: 0,
  logprobs: null,
  finish_reason: finish,
})

function usageOf(answer: Answer) {
  const output = outputTokens(answer)
  return { prompt_tokens: INPUT_TOKENS, completion_tokens: output, total_tokens: INPUT_TOKENS + output }
}

export const openAiCompletions: Wire = {
  frames: answer => ({
    body: steps(answer.refusal ?? answer.tokens, text =>
      event({ ...head(answer), choices: [choice(text, null)] }),
    ),
    closing: [
      event({ ...head(answer), choices: [choice('', REASONS[answer.reason])] }),
      ...(answer.usage === 'none' ? [] : [event({ ...head(answer), choices: [], usage: usageOf(answer) })]),
      event('[DONE]'),
    ],
    error: event(openAiRefusal(500, answer.error)),
  }),
  whole: answer => ({
    ...head(answer),
    choices: [choice((answer.refusal ?? answer.tokens).join(''), REASONS[answer.reason])],
    usage: usageOf(answer),
  }),
  refusal: openAiRefusal,
}
