// An upstream that sends what a test wants, when it wants: no clock decides what has come when a reader leaves.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type HandUpstream = {
  readonly url: string
  /** Questions so far. */
  readonly asked: () => number
  /** Writes to the last request; waits for the first. */
  say(...tokens: readonly string[]): Promise<void>
  /** Writes one frame of the typed dialect. */
  send(type: string, data: unknown): Promise<void>
  /** Ends it, for this reason. */
  done(reason?: string): Promise<void>
  /** Resolves when the relay has closed the last request before its end. */
  cancelled(): Promise<void>
  close(): Promise<void>
}

export async function startHandUpstream(): Promise<HandUpstream> {
  let asked = 0
  let answered: (answer: ServerResponse) => void = () => {}
  let answer = new Promise<ServerResponse>(resolve => {
    answered = resolve
  })
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (asked++ === 0) answered(response)
    else answer = Promise.resolve(response)
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  const frame = (type: string, data: unknown): string => `data: ${JSON.stringify({ type, data })}\n\n`
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    say: async (...tokens) => void (await answer).write(tokens.map(each => frame('token', each)).join('')),
    send: async (type, data) => void (await answer).write(frame(type, data)),
    done: async reason => void (await answer).end(frame('done', reason === undefined ? null : { reason })),
    cancelled: async () => {
      const response = await answer
      if (!response.destroyed) await new Promise<void>(resolve => void response.once('close', resolve))
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
