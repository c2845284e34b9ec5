// An app of the AI SDK: a route that answers with a UI message stream, which says what a test wants, when it wants.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createUIMessageStream, pipeUIMessageStreamToResponse, type UIMessageStreamWriter } from 'ai'

export type Asked = { readonly headers: IncomingHttpHeaders; readonly url: string; readonly body: string }

export type AiApp = {
  readonly url: string
  readonly asked: Asked[]
  /** Requests whose connection the other side has closed before the end. */
  readonly left: () => number
  /** In the newest answer. */
  say(text: string): Promise<void>
  done(): Promise<void>
  /** Answers the next requests itself, instead of with a stream. */
  instead: ((response: ServerResponse) => void) | null
  close(): Promise<void>
}

type Talk = { readonly writer: UIMessageStreamWriter; end(): void }

export async function startAiApp(): Promise<AiApp> {
  const asked: Asked[] = []
  let left = 0
  let newest: Promise<Talk>
  let begun: (talk: Talk) => void = () => {}
  const expectOne = (): void => {
    newest = new Promise(resolve => {
      begun = resolve
    })
  }
  expectOne()
  newest ??= Promise.reject(new Error('unreachable'))
  const app: AiApp = {
    url: '',
    asked,
    left: () => left,
    say: async text => {
      const { writer } = await newest
      writer.write({ type: 'text-delta', id: 't', delta: text })
    },
    done: async () => {
      const { end } = await newest
      expectOne()
      end()
    },
    instead: null,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    asked.push({ headers: request.headers, url: request.url ?? '', body })
    if (app.instead !== null) return app.instead(response)
    response.once('close', () => {
      if (!response.writableEnded) left++
    })
    const stream = createUIMessageStream({
      generateId: () => `message-${asked.length}`,
      execute: async ({ writer }) => {
        writer.write({ type: 'start', messageId: `message-${asked.length}` })
        writer.write({ type: 'text-start', id: 't' })
        await new Promise<void>(resolve => begun({ writer, end: resolve }))
        writer.write({ type: 'text-end', id: 't' })
        writer.write({ type: 'finish' })
      },
    })
    pipeUIMessageStreamToResponse({ response, stream, headers: { 'Set-Cookie': 'seen=1', 'X-App': 'mine' } })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(app, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/chat` })
}
