// POST /v1/chat/completions.
import {
  type Answer,
  argumentPieces,
  event,
  type Frame,
  INPUT_TOKENS,
  openAiRefusal,
  outputTokens,
  steps,
  still,
  type Wire,
} from '../wire.js'

const REASONS = { stop: 'stop', length: 'length', filter: 'content_filter' } as const

function reasonOf({ reason, toolCalls }: Answer): string {
  return reason === 'stop' && toolCalls.length > 0 ? 'tool_calls' : REASONS[reason]
}

function usageOf(answer: Answer) {
  const output = outputTokens(answer) * answer.choices
  return {
    prompt_tokens: INPUT_TOKENS,
    completion_tokens: output,
    total_tokens: INPUT_TOKENS + output,
    completion_tokens_details: { reasoning_tokens: answer.reasoning.length },
  }
}

/** So that merged choices are seen: all but the first say their number. */
const spoken = (text: string, choice: number): string => (choice === 0 ? text : `${choice}:${text}`)

export const openAiChat: Wire = {
  frames: answer => {
    const { id, model, createdSec, reasoning, tokens, refusal, toolCalls, usage } = answer
    const choices = Array.from({ length: answer.choices }, (_, i) => i)
    const every = usage === 'every' ? { usage: usageOf(answer) } : {}
    const chunk = (index: number, delta: object, finish: string | null = null): string =>
      event({
        id: `chatcmpl-${id}`,
        object: 'chat.completion.chunk',
        created: createdSec,
        model,
        choices: [{ index, delta, logprobs: null, finish_reason: finish }],
        ...every,
      })
    const each = (delta: (choice: number) => object): string =>
      choices.map(choice => chunk(choice, delta(choice))).join('')
    const calls = toolCalls.flatMap((call, index): Frame[] => [
      still(
        each(() => ({
          tool_calls: [
            { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } },
          ],
        })),
      ),
      ...steps(argumentPieces(call), piece =>
        each(() => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ),
    ])
    const words =
      refusal === null
        ? steps(tokens, text => each(choice => ({ content: spoken(text, choice) })))
        : steps(refusal, text => each(() => ({ refusal: text })))
    const closing = choices.map(choice => chunk(choice, {}, reasonOf(answer)))
    if (usage === 'last') {
      closing.push(
        event({
          id: `chatcmpl-${id}`,
          object: 'chat.completion.chunk',
          created: createdSec,
          model,
          choices: [],
          usage: usageOf(answer),
        }),
      )
    }
    return {
      body: [
        still(each(() => ({ role: 'assistant', content: '', refusal: null }))),
        ...steps(reasoning, text => each(() => ({ reasoning_content: text }))),
        ...words,
        ...calls,
      ],
      closing: [...closing, event('[DONE]')],
      error: event(openAiRefusal(500, answer.error)),
    }
  },
  whole: answer => {
    const { id, model, createdSec, reasoning, tokens, refusal, toolCalls } = answer
    return {
      id: `chatcmpl-${id}`,
      object: 'chat.completion',
      created: createdSec,
      model,
      choices: Array.from({ length: answer.choices }, (_, index) => ({
        index,
        message: {
          role: 'assistant',
          content: refusal === null ? tokens.map(text => spoken(text, index)).join('') : null,
          refusal: refusal?.join('') ?? null,
          ...(reasoning.length > 0 ? { reasoning_content: reasoning.join('') } : {}),
          ...(toolCalls.length > 0
            ? {
                tool_calls: toolCalls.map(call => ({
                  id: call.id,
                  type: 'function',
                  function: { name: call.name, arguments: call.arguments },
                })),
              }
            : {}),
        },
        logprobs: null,
        finish_reason: reasonOf(answer),
      })),
      usage: usageOf(answer),
    }
  },
  refusal: openAiRefusal,
}
