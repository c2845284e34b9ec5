import { expect, test } from 'vitest'
import type { AnswerCounts } from '../answer-format.js'
import type { TokenCounts } from '../events.js'
import { spentOf } from './token-uses.js'

const counts = (usage: TokenCounts | null): AnswerCounts => ({
  startedMonoMs: 0,
  firstTokenMonoMs: 1,
  lastTokenMonoMs: 2,
  tokens: 100,
  bytes: 400,
  usage,
  inputEstimate: 7,
  endedMonoMs: 3,
})

test.each([
  [
    'a whole answer costs what was counted',
    { inputTokens: 3, outputTokens: 5 },
    true,
    { in: 3, out: 5, estimated: false },
  ],
  ['without counts it is estimated', null, true, { in: 7, out: 100, estimated: true }],
  ['also where one of the two is missing', { inputTokens: 3 }, true, { in: 3, out: 100, estimated: true }],
  [
    'one that broke off costs at least what came',
    { inputTokens: 3, outputTokens: 1 },
    false,
    { in: 3, out: 100, estimated: true },
  ],
  [
    'and what was counted, where that is more',
    { inputTokens: 3, outputTokens: 900 },
    false,
    { in: 3, out: 900, estimated: true },
  ],
] as const)('%s', (_, usage, isWhole, spent) => {
  expect(spentOf(counts(usage), isWhole)).toEqual(spent)
})
