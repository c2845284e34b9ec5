// The words with which model APIs say why an answer ended, and the kind of end each one means. One table for the relay, the
// client and the page; without imports, so that a bundle for browsers stays small.

/**
 * - `complete`: the answer is whole.
 * - `length`: it reached a limit of tokens.
 * - `filter`: a content filter withheld it.
 * - `refusal`: the model declined.
 * - `tool`: the model waits for a tool.
 * - `empty`: it ended without a word.
 * - `other`: any other reason; the answer may not be whole.
 */
export const END_KINDS = ['complete', 'length', 'filter', 'refusal', 'tool', 'empty', 'other'] as const

export type EndKind = (typeof END_KINDS)[number]

/** Letters and digits only, so that `MAX_TOKENS`, `max-tokens` and `maxTokens` are one word. */
const WORDS: Readonly<Record<EndKind, readonly string[]>> = {
  complete: [
    ...[
      'complete',
      'completed',
      'stop',
      'stopped',
      'endturn',
      'eos',
      'eostoken',
      'endoftext',
      'endofsequence',
    ],
    ...['done', 'finish', 'finished', 'success', 'stopsequence', 'stopstring', 'stopword', 'normal', 'ended'],
  ],
  length: [
    ...[
      'length',
      'maxtokens',
      'maxoutputtokens',
      'maxcompletiontokens',
      'maxnewtokens',
      'maxlength',
      'tokenlimit',
    ],
    ...[
      'modellength',
      'modelcontextwindowexceeded',
      'contextlength',
      'contextlengthexceeded',
      'contextwindow',
    ],
    ...['contextlimit', 'truncated', 'limit', 'maxturns', 'maxsteps', 'outputlimit', 'tokenlimitreached'],
  ],
  filter: [
    ...[
      'contentfilter',
      'contentfiltered',
      'filter',
      'filtered',
      'safety',
      'recitation',
      'blocklist',
      'spii',
    ],
    ...[
      'prohibitedcontent',
      'imagesafety',
      'imageprohibitedcontent',
      'imagerecitation',
      'language',
      'blocked',
    ],
    ...['guardrail', 'guardrails', 'guardrailintervened', 'errortoxic', 'toxic', 'moderation', 'sensitive'],
    ...[
      'modelarmor',
      'flagged',
      'errorlimitguardrail',
      'blockedreasonunspecified',
      'jailbreak',
      'contentmoderation',
    ],
  ],
  refusal: ['refusal', 'refused', 'declined'],
  tool: [
    ...['toolcalls', 'toolcall', 'tooluse', 'functioncall', 'functioncalls', 'tool', 'toolexecution'],
    ...['pauseturn', 'requiresaction'],
  ],
  empty: ['empty', 'noanswer', 'noresponse', 'nocontent'],
  other: [],
}

/** Reasons that say that generating failed: such an end is an error. */
const FAILURES: ReadonlySet<string> = new Set([
  'error',
  'failed',
  'failure',
  'exception',
  'internalerror',
  'servererror',
  'networkerror',
  'modelerror',
])

const KINDS: ReadonlyMap<string, EndKind> = new Map(
  END_KINDS.flatMap(kind => WORDS[kind].map(word => [word, kind] as const)),
)

/** The word of each kind in `done.reason`, as OpenAI's API has it where it has one. */
const REASONS: Readonly<Record<Exclude<EndKind, 'other'>, string>> = {
  complete: 'complete',
  length: 'length',
  filter: 'content_filter',
  refusal: 'refusal',
  tool: 'tool_calls',
  empty: 'empty',
}

const lettersOf = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Of any word, whatever its case and spelling; an unknown one is `other`. */
export function endKind(word: string): EndKind {
  return KINDS.get(lettersOf(word)) ?? 'other'
}

export function isFailureReason(word: string): boolean {
  return FAILURES.has(lettersOf(word))
}

const LONGEST_REASON = 40

/** `word` as `done.reason` says it: the word of its kind, else itself in lower case and safe for metrics. */
export function endReason(word: string): string {
  const kind = endKind(word)
  if (kind !== 'other') return REASONS[kind]
  const plain = word
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_$/g, '')
    .slice(0, LONGEST_REASON)
  return plain === '' ? 'other' : plain
}
