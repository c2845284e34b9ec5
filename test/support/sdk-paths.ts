// One question by each way that an app asks it with the SDKs as they are published, and what its answer was.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { ChatOpenAI } from '@langchain/openai'
import { jsonSchema, streamText, tool } from 'ai'
import OpenAI from 'openai'
import type { MockScript } from '../../src/chat/mock/script.js'

/** What an app got; what a wire does not have is empty. */
export type Outcome = {
  readonly text: string
  readonly reasoning: string
  /** Name and arguments, as JSON text. */
  readonly tools: readonly (readonly [name: string, input: string])[]
  readonly refusal: string
}

export type Asked = {
  /** Without a path. */
  readonly url: string
  readonly question: string
  readonly fetch?: typeof fetch
  readonly apiKey?: string
  readonly signal?: AbortSignal
  /** How often the SDK itself may ask again; 0 unless given. */
  readonly retries?: number
  /** Called with each piece of text. */
  readonly onText?: (text: string) => void
}

export type SdkPath = {
  readonly name: string
  readonly isStreamed: boolean
  readonly hasReasoning: boolean
  readonly hasTools: boolean
  readonly hasRefusal: boolean
  ask(asked: Asked): Promise<Outcome>
}

export const MODEL = 'mock-1'

/** A question that tells the mock what to do. */
export const scripted = (script: Partial<MockScript>): string => `mock:${JSON.stringify(script)}`

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } } as const

export function openAi({ url, fetch, apiKey = 'none', retries = 0 }: Asked): OpenAI {
  return new OpenAI({
    baseURL: `${url}/v1`,
    apiKey,
    maxRetries: retries,
    ...(fetch === undefined ? {} : { fetch }),
  })
}

export function anthropicClient({ url, fetch, apiKey = 'none', retries = 0 }: Asked): Anthropic {
  return new Anthropic({
    baseURL: url,
    apiKey,
    maxRetries: retries,
    ...(fetch === undefined ? {} : { fetch }),
  })
}

const signalOf = ({ signal }: Asked) => (signal === undefined ? {} : { signal })
const turn = (asked: Asked) => [{ role: 'user' as const, content: asked.question }]
const chatTools = [
  { type: 'function' as const, function: { name: 'weather', parameters: { ...PARAMETERS } } },
]

class Gathered {
  text = ''
  reasoning = ''
  refusal = ''
  readonly tools: [name: string, input: string][] = []
  constructor(private readonly asked: Asked) {}
  word(text: string): void {
    if (text === '') return
    this.text += text
    this.asked.onText?.(text)
  }
  outcome(): Outcome {
    const { text, reasoning, tools, refusal } = this
    return { text, reasoning, tools, refusal }
  }
}

type WithReasoning = { readonly reasoning_content?: string }

const openAiChatStream: SdkPath = {
  name: 'openai chat, streamed',
  isStreamed: true,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: true,
  ask: async asked => {
    const stream = await openAi(asked).chat.completions.create(
      { model: MODEL, messages: turn(asked), stream: true, tools: chatTools },
      signalOf(asked),
    )
    const got = new Gathered(asked)
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta
      got.reasoning += (delta as WithReasoning | undefined)?.reasoning_content ?? ''
      got.refusal += delta?.refusal ?? ''
      for (const { index, function: called } of delta?.tool_calls ?? []) {
        const call = got.tools[index] ?? ['', '']
        got.tools[index] = call
        call[0] += called?.name ?? ''
        call[1] += called?.arguments ?? ''
      }
      got.word(delta?.content ?? '')
    }
    return got.outcome()
  },
}

const openAiChatHelper: SdkPath = {
  name: 'openai chat, its stream helper',
  isStreamed: true,
  hasReasoning: false,
  hasTools: true,
  hasRefusal: true,
  ask: async asked => {
    const got = new Gathered(asked)
    const stream = openAi(asked).chat.completions.stream(
      { model: MODEL, messages: turn(asked), tools: chatTools },
      signalOf(asked),
    )
    stream.on('content', delta => got.word(delta))
    const { choices } = await stream.finalChatCompletion()
    const message = choices[0]?.message
    got.refusal = message?.refusal ?? ''
    for (const call of message?.tool_calls ?? [])
      if (call.type === 'function') got.tools.push([call.function.name, call.function.arguments])
    return got.outcome()
  },
}

const openAiChatWhole: SdkPath = {
  name: 'openai chat, not streamed',
  isStreamed: false,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: true,
  ask: async asked => {
    const { choices } = await openAi(asked).chat.completions.create(
      { model: MODEL, messages: turn(asked), tools: chatTools },
      signalOf(asked),
    )
    const message = choices[0]?.message
    return {
      text: message?.content ?? '',
      reasoning: (message as WithReasoning | undefined)?.reasoning_content ?? '',
      refusal: message?.refusal ?? '',
      tools: (message?.tool_calls ?? []).flatMap(call =>
        call.type === 'function' ? [[call.function.name, call.function.arguments] as const] : [],
      ),
    }
  },
}

const openAiCompletions: SdkPath = {
  name: 'openai completions, streamed',
  isStreamed: true,
  hasReasoning: false,
  hasTools: false,
  hasRefusal: false,
  ask: async asked => {
    const stream = await openAi(asked).completions.create(
      { model: MODEL, prompt: asked.question, stream: true },
      signalOf(asked),
    )
    const got = new Gathered(asked)
    for await (const chunk of stream) got.word(chunk.choices[0]?.text ?? '')
    return got.outcome()
  },
}

const responseTools = [{ type: 'function' as const, name: 'weather', parameters: PARAMETERS, strict: false }]

function gatherItems(output: OpenAI.Responses.ResponseOutputItem[], got: Gathered): void {
  for (const item of output) {
    if (item.type === 'reasoning') got.reasoning += item.summary.map(({ text }) => text).join('')
    if (item.type === 'function_call') got.tools.push([item.name, item.arguments])
    if (item.type === 'message')
      for (const part of item.content) if (part.type === 'refusal') got.refusal += part.refusal
  }
}

const openAiResponses: SdkPath = {
  name: 'openai responses, streamed',
  isStreamed: true,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: true,
  ask: async asked => {
    const stream = await openAi(asked).responses.create(
      { model: MODEL, input: asked.question, stream: true, tools: responseTools },
      signalOf(asked),
    )
    const got = new Gathered(asked)
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') got.word(event.delta)
      if (event.type === 'response.completed' || event.type === 'response.incomplete')
        gatherItems(event.response.output, got)
    }
    return got.outcome()
  },
}

const openAiResponsesHelper: SdkPath = {
  name: 'openai responses, its stream helper',
  isStreamed: true,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: true,
  ask: async asked => {
    const got = new Gathered(asked)
    const stream = openAi(asked).responses.stream(
      { model: MODEL, input: asked.question, tools: responseTools },
      signalOf(asked),
    )
    stream.on('response.output_text.delta', ({ delta }) => got.word(delta))
    gatherItems((await stream.finalResponse()).output, got)
    return got.outcome()
  },
}

const messageTools = [{ name: 'weather', input_schema: { ...PARAMETERS } }]

function outcomeOfBlocks(content: readonly Anthropic.ContentBlock[], got: Gathered): Outcome {
  for (const block of content) {
    if (block.type === 'thinking') got.reasoning += block.thinking
    if (block.type === 'tool_use') got.tools.push([block.name, JSON.stringify(block.input)])
  }
  return got.outcome()
}

const anthropicStream: SdkPath = {
  name: 'anthropic messages, streamed',
  isStreamed: true,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: false,
  ask: async asked => {
    const stream = await anthropicClient(asked).messages.create(
      { model: MODEL, max_tokens: 1000, messages: turn(asked), stream: true, tools: messageTools },
      signalOf(asked),
    )
    const got = new Gathered(asked)
    for await (const event of stream) {
      if (event.type === 'content_block_start' && event.content_block.type === 'tool_use')
        got.tools.push([event.content_block.name, ''])
      if (event.type !== 'content_block_delta') continue
      const { delta } = event
      if (delta.type === 'text_delta') got.word(delta.text)
      if (delta.type === 'thinking_delta') got.reasoning += delta.thinking
      const call = got.tools.at(-1)
      if (delta.type === 'input_json_delta' && call !== undefined) call[1] += delta.partial_json
    }
    return got.outcome()
  },
}

const anthropicHelper: SdkPath = {
  name: 'anthropic messages, its stream helper',
  isStreamed: true,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: false,
  ask: async asked => {
    const got = new Gathered(asked)
    const stream = anthropicClient(asked).messages.stream(
      { model: MODEL, max_tokens: 1000, messages: turn(asked), tools: messageTools },
      signalOf(asked),
    )
    stream.on('text', delta => got.word(delta))
    return outcomeOfBlocks((await stream.finalMessage()).content, got)
  },
}

const anthropicWhole: SdkPath = {
  name: 'anthropic messages, not streamed',
  isStreamed: false,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: false,
  ask: async asked => {
    const got = new Gathered(asked)
    const { content } = await anthropicClient(asked).messages.create(
      { model: MODEL, max_tokens: 1000, messages: turn(asked), tools: messageTools },
      signalOf(asked),
    )
    for (const block of content) if (block.type === 'text') got.word(block.text)
    return outcomeOfBlocks(content, got)
  },
}

const aiSdk: SdkPath = {
  name: 'ai streamText, openai-compatible',
  isStreamed: true,
  hasReasoning: true,
  hasTools: true,
  hasRefusal: false,
  ask: async asked => {
    const { url, fetch, apiKey = 'none', retries = 0, question } = asked
    const provider = createOpenAICompatible({
      name: 'g6',
      baseURL: `${url}/v1`,
      apiKey,
      ...(fetch === undefined ? {} : { fetch }),
    })
    const result = streamText({
      model: provider(MODEL),
      prompt: question,
      maxRetries: retries,
      tools: { weather: tool({ inputSchema: jsonSchema<{ city?: string }>({ ...PARAMETERS }) }) },
      onError: () => {}, // it is thrown below
      ...(asked.signal === undefined ? {} : { abortSignal: asked.signal }),
    })
    const got = new Gathered(asked)
    for await (const part of result.fullStream) {
      if (part.type === 'text-delta') got.word(part.text)
      if (part.type === 'reasoning-delta') got.reasoning += part.text
      if (part.type === 'tool-call') got.tools.push([part.toolName, JSON.stringify(part.input)])
      if (part.type === 'error') throw part.error
    }
    return got.outcome()
  },
}

function langchainOf({ url, fetch, apiKey = 'none', retries = 0 }: Asked): ChatOpenAI {
  const configuration = { baseURL: `${url}/v1`, ...(fetch === undefined ? {} : { fetch }) }
  return new ChatOpenAI({ model: MODEL, apiKey, maxRetries: retries, configuration })
}

const langchainStream: SdkPath = {
  name: 'langchain, streamed',
  isStreamed: true,
  hasReasoning: false,
  hasTools: false,
  hasRefusal: false,
  ask: async asked => {
    const got = new Gathered(asked)
    for await (const chunk of await langchainOf(asked).stream(asked.question, signalOf(asked)))
      got.word(chunk.text)
    return got.outcome()
  },
}

const langchainWhole: SdkPath = {
  name: 'langchain, not streamed',
  isStreamed: false,
  hasReasoning: false,
  hasTools: false,
  hasRefusal: false,
  ask: async asked => {
    const { text } = await langchainOf(asked).invoke(asked.question, signalOf(asked))
    return { text, reasoning: '', tools: [], refusal: '' }
  },
}

export const SDK_PATHS: readonly SdkPath[] = [
  openAiChatStream,
  openAiChatHelper,
  openAiChatWhole,
  openAiCompletions,
  openAiResponses,
  openAiResponsesHelper,
  anthropicStream,
  anthropicHelper,
  anthropicWhole,
  aiSdk,
  langchainStream,
  langchainWhole,
]
