import { expect, test } from 'vitest'
import { UsageTap } from './usage-tap.js'

function countsOf(text: string, pieceBytes = text.length) {
  const tap = new UsageTap()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) tap.take(bytes.subarray(at, at + pieceBytes))
  expect(tap.bytes).toBe(bytes.length)
  return tap.counts
}
const long = `"data":["${'0'.repeat(100_000)}"]`

test.each([
  ['embeddings', `{${long},"usage":{"prompt_tokens":5,"total_tokens":5}}`, { inputTokens: 5 }],
  ['a total alone', `{${long},"usage": {"total_tokens":5}}`, { inputTokens: 5 }],
  ['counts at the beginning', `{"usage":{"prompt_tokens":7,"total_tokens":7},${long}}`, { inputTokens: 7 }],
  [
    'counts with parts',
    `{${long},"usage":{"input_tokens":5,"input_tokens_details":{"text_tokens":2},"output_tokens":9}}`,
    { inputTokens: 5, outputTokens: 9 },
  ],
  ['billed units', `{${long},"meta":{"billed_units":{"input_tokens":3}}}`, { inputTokens: 3 }],
  [
    'the last of several',
    'data: {"usage":{"input_tokens":1}}\n\ndata: {"usage":{"input_tokens":2}}\n\n',
    { inputTokens: 2 },
  ],
  ['no counts', `{${long}}`, null],
  ['counts that are none', '{"usage":{"seconds":2}}', null],
  ['counts that break off', '{"usage":{"input_tokens":1', null],
  ['nothing', '', null],
])('%s, in one piece or in many', (_, text, counts) => {
  expect(countsOf(text)).toEqual(counts)
  expect(countsOf(text, 7)).toEqual(counts)
})
