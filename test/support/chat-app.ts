// An app of the AI SDK as its users write it: a route that streams the answer of a model, stores each chat, and stops the model when its
// caller is gone. The model says what a test wants, when it wants.
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { convertToModelMessages, createUIMessageStreamResponse, streamText, type UIMessage } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { Hono } from 'hono'

type ModelStream = Awaited<ReturnType<MockLanguageModelV3['doStream']>>['stream']
type ModelPart = ModelStream extends ReadableStream<infer Part> ? Part : never

export type ChatApp = {
  /** Of the route. */
  readonly url: string
  /** The stored messages of a chat. */
  readonly stored: (chat: string) => readonly UIMessage[]
  /** How often the model was asked. */
  readonly asked: () => number
  /** How many answers of the model were stopped before their end. */
  readonly stopped: () => number
  /** In the newest answer. */
  say(text: string): Promise<void>
  done(): Promise<void>
  close(): Promise<void>
}

type Answer = ReadableStreamDefaultController<ModelPart>
/** An answer of the model that a test can wait for. */
function nextAnswer() {
  let begin: (answer: Answer) => void = () => {}
  const begun = new Promise<Answer>(resolve => {
    begin = resolve
  })
  return { begun, begin }
}

const NO_USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

export async function startChatApp(): Promise<ChatApp> {
  const chats = new Map<string, UIMessage[]>()
  let stopped = 0
  let newest = nextAnswer()
  const model = new MockLanguageModelV3({
    doStream: async ({ abortSignal }) => ({
      stream: new ReadableStream<ModelPart>({
        start: to => {
          const mine = newest
          to.enqueue({ type: 'text-start', id: 't' })
          mine.begin(to)
          abortSignal?.addEventListener('abort', () => {
            // It has ended before.
            if (newest !== mine) return
            stopped++
            newest = nextAnswer()
            to.error(abortSignal.reason)
          })
        },
      }),
    }),
  })
  const app = new Hono().post('/api/chat', async ({ req }) => {
    const { id, messages } = await req.json<{ id: string; messages: UIMessage[] }>()
    chats.set(id, messages)
    const answer = streamText({
      model,
      messages: await convertToModelMessages(messages),
      abortSignal: req.raw.signal,
      onError: () => {},
    })
    return createUIMessageStreamResponse({
      stream: answer.toUIMessageStream({
        originalMessages: messages,
        generateMessageId: () => crypto.randomUUID(),
        onFinish: ({ messages: all }) => void chats.set(id, all),
      }),
    })
  })
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/api/chat`,
    stored: chat => chats.get(chat) ?? [],
    asked: () => model.doStreamCalls.length,
    stopped: () => stopped,
    say: async text => (await newest.begun).enqueue({ type: 'text-delta', id: 't', delta: text }),
    done: async () => {
      const to = await newest.begun
      newest = nextAnswer()
      to.enqueue({ type: 'text-end', id: 't' })
      to.enqueue({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: NO_USAGE })
      to.close()
    },
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
