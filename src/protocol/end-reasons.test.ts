import { describe, expect, test } from 'vitest'
import { endKind, endReason, isFailureReason } from './end-reasons.js'

describe('the reason of an end', () => {
  test.each([
    // OpenAI, Mistral, Ollama, vLLM
    ['stop', 'complete'],
    ['length', 'length'],
    ['content_filter', 'filter'],
    ['tool_calls', 'tool'],
    ['function_call', 'tool'],
    ['model_length', 'length'],
    ['abort', 'other'],
    // Anthropic, Bedrock
    ['end_turn', 'complete'],
    ['stop_sequence', 'complete'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool'],
    ['pause_turn', 'tool'],
    ['refusal', 'refusal'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'filter'],
    ['content_filtered', 'filter'],
    // Gemini
    ['STOP', 'complete'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'filter'],
    ['RECITATION', 'filter'],
    ['PROHIBITED_CONTENT', 'filter'],
    ['FINISH_REASON_UNSPECIFIED', 'other'],
    ['MALFORMED_FUNCTION_CALL', 'other'],
    // Cohere, AI SDK, TGI, OpenAI Responses
    ['COMPLETE', 'complete'],
    ['ERROR_TOXIC', 'filter'],
    ['USER_CANCEL', 'other'],
    ['content-filter', 'filter'],
    ['tool-calls', 'tool'],
    ['eos_token', 'complete'],
    ['max_output_tokens', 'length'],
    ['completed', 'complete'],
    ['maxTokens', 'length'],
    ['surprise', 'other'],
    ['', 'other'],
  ] as const)('%j is %s', (word, kind) => expect(endKind(word)).toBe(kind))

  test.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['tool-calls', 'tool_calls'],
    ['end_turn', 'complete'],
    ['Some Reason!', 'some_reason'],
    ['9 lives', 'lives'],
    ['!!', 'other'],
    ['x'.repeat(99), 'x'.repeat(40)],
  ])('%j goes out as %j', (word, reason) => expect(endReason(word)).toBe(reason))

  test('every word that goes out means the kind it came from', () => {
    for (const word of ['stop', 'length', 'safety', 'refusal', 'tool_use', 'empty', 'error', 'surprise']) {
      expect(endKind(endReason(word))).toBe(endKind(word))
    }
  })

  test('says that generating failed', () => {
    expect(['error', 'ERROR', 'network_error'].every(isFailureReason)).toBe(true)
    expect(['stop', 'abort', 'ERROR_TOXIC', ''].some(isFailureReason)).toBe(false)
  })
})
