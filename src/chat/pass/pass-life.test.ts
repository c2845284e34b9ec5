// When an answer that is passed on counts as dead: after a silence, or without a word for much longer. Any byte is a sign of life.
import { expect, test } from 'vitest'
import { ownTime } from '../../../test/support/own-time.js'
import { appRoute } from '../app-routes/ask.js'
import { EndOfTurn } from '../end-of-turn.js'
import type { Terminal } from '../events.js'
import { Generation } from '../generation.js'
import { MemoryLog } from '../log/memory-log.js'
import { Breakers } from '../upstream/breakers.js'
import { UpstreamCall } from '../upstream/call.js'
import type { EdgeHandlers, UpstreamEdge } from '../upstream/edge.js'
import { passFormat } from './pass-answer.js'
import { createPassReader, type PassEvent } from './pass-reader.js'
import { anthropic } from './wires/anthropic.js'
import { openAiChat } from './wires/openai-chat.js'
import { openAiResponses } from './wires/openai-responses.js'
import { uiMessage } from './wires/ui-message.js'
import type { Wire } from './wires/wire.js'

const { backend } = appRoute({
  path: '/',
  upstream: 'http://backend',
  streamId: 'body.id',
  owner: [],
  forward: [],
})
const REQUEST = { origin: 'http://backend', path: '/', method: 'POST', headers: {}, body: '{}' } as const

/** An answer that has its head, in a time of its own. */
async function begun(wire: () => Wire) {
  const time = ownTime()
  const ends: Terminal[] = []
  let handlers: EdgeHandlers | null = null
  let open: (handlers: EdgeHandlers) => void = () => {}
  const opened = new Promise<EdgeHandlers>(resolve => {
    open = resolve
  })
  let isAborted = false
  const edge: UpstreamEdge = {
    open: (_, given) => {
      open(given)
      const abort = (): void => {
        isAborted = true
      }
      return { abort, pause: () => {}, resume: () => {} }
    },
    close: async () => {},
  }
  const generation = new Generation<PassEvent>({
    facts: { streamId: 's', owner: null, identified: false, connectionId: 'c' },
    format: passFormat({ questionBytes: 4 }),
    log: new MemoryLog(1 << 20),
    call: given =>
      new UpstreamCall(
        {
          edge,
          breakers: new Breakers(),
          ...time,
          random: () => 0,
          rules: { silenceMs: 30_000, repeatUnanswered: false },
        },
        {
          targets: [backend],
          requestFor: () => REQUEST,
          newReader: () => createPassReader(wire()),
          keptRefusalBytes: 0,
        },
        given,
      ),
    settings: {
      limits: {
        firstTokenTimeoutMs: Number.POSITIVE_INFINITY,
        idleTimeoutMs: 60_000,
        noWordTimeoutMs: 600_000,
        maxDurationMs: 3_600_000,
      },
      pace: 'upstream',
      readAheadBytes: 1 << 20,
      onDisconnect: 'finish',
      graceMs: 0,
    },
    ...time,
    endOfTurn: new EndOfTurn(),
    observer: { onEnd: (_, terminal) => ends.push(terminal) },
  })
  generation.start()
  handlers = await opened
  handlers.onHead(200, { 'content-type': 'text/event-stream' })
  const say = (text: string): void => handlers?.onData(Buffer.from(text))
  /** The failure so far. */
  const end = async (): Promise<string | null> => {
    await Promise.resolve()
    const [last] = ends
    return last === undefined ? null : last.type === 'error' ? last.code : last.type
  }
  return { ...time, say, end, isAborted: () => isAborted }
}

const chunk = (delta: string): string =>
  `data: {"choices":[{"index":0,"delta":${delta},"finish_reason":null}]}\n\n`
const named = (type: string, more = ''): string => `event: ${type}\ndata: {"type":"${type}"${more}}\n\n`
type Case = readonly [name: string, wire: () => Wire, word: string, wordless: readonly string[]]
const CASES: readonly Case[] = [
  [
    'chat',
    openAiChat,
    chunk('{"content":"a"}'),
    [
      ': ping\n\n',
      chunk('{}'),
      chunk('{"content":""}'),
      'retry: 1\n\n',
      'd',
      'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n',
    ],
  ],
  [
    'messages',
    anthropic,
    named('content_block_delta', ',"delta":{"type":"text_delta","text":"a"}'),
    [
      ': ping\n\n',
      named('ping'),
      named('content_block_start', ',"content_block":{"type":"thinking","thinking":""}'),
      '\n',
    ],
  ],
  [
    'responses',
    openAiResponses,
    named('response.output_text.delta', ',"delta":"a"'),
    [': ping\n\n', named('response.in_progress'), named('response.web_search_call.searching'), 'e'],
  ],
  [
    'an app',
    uiMessage,
    'data: {"type":"text-delta","delta":"a"}\n\n',
    [': ping\n\n', 'data: {"type":"start-step"}\n\n', ' '],
  ],
]
const SIGNS = CASES.flatMap(([name, wire, word, signs]) =>
  signs.map(sign => [name, sign, wire, word] as const),
)

test.each(SIGNS)(
  '%s: %j is a sign of life, before the first word and after it, and no word',
  async (_, sign, wire, word) => {
    for (const beginning of ['', word]) {
      const { say, pass, end, waiting, isAborted } = await begun(wire)
      say(beginning)
      for (let passedMs = 0; passedMs < 590_000; passedMs += 10_000) {
        say(sign)
        pass(10_000)
      }
      expect(await end()).toBeNull()
      say(sign)
      pass(10_000)
      expect(await end()).toBe('no_word_timeout')
      expect([isAborted(), waiting()]).toEqual([true, 0])
    }
  },
)

const A_WORD: readonly (readonly [name: string, word: string, wire: () => Wire])[] = [
  ['chat', chunk('{"reasoning_content":"a"}'), openAiChat],
  ['chat', chunk('{"reasoning":"a"}'), openAiChat],
  ['chat', chunk('{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}'), openAiChat],
  ['chat', chunk('{"refusal":"a"}'), openAiChat],
  ['messages', named('content_block_delta', ',"delta":{"type":"thinking_delta","thinking":"a"}'), anthropic],
  [
    'messages',
    named('content_block_delta', ',"delta":{"type":"input_json_delta","partial_json":"{"}'),
    anthropic,
  ],
  ['responses', named('response.reasoning_summary_text.delta', ',"delta":"a"'), openAiResponses],
  ['responses', named('response.function_call_arguments.delta', ',"delta":"{"'), openAiResponses],
  ['an app', 'data: {"type":"reasoning-delta","delta":"a"}\n\n', uiMessage],
  ['an app', 'data: {"type":"data-progress","data":1}\n\n', uiMessage],
]
test.each(A_WORD)('%s: %j is a word for the program that asked', async (_, word, wire) => {
  const { say, pass, end } = await begun(wire)
  for (let passedMs = 0; passedMs < 1_200_000; passedMs += 20_000) {
    say(word)
    pass(20_000)
  }
  expect(await end()).toBeNull()
  pass(40_000)
  expect(await end()).toBe('idle_timeout')
})

test.each(CASES)('%s: silence ends it, sooner before the first word', async (_, wire, word, [sign = '']) => {
  for (const [beginning, afterMs, code] of [
    [sign, 30_000, 'first_token_timeout'],
    [word, 60_000, 'idle_timeout'],
  ] as const) {
    const { say, pass, end } = await begun(wire)
    say(beginning)
    pass(afterMs - 1)
    expect(await end()).toBeNull()
    pass(1)
    // The failure goes through the breaker.
    await new Promise(resolve => setImmediate(resolve))
    expect(await end()).toBe(code)
  }
})
