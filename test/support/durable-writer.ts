// Writing for the Durable Streams conformance tests: this server's streams are written by answers alone, so the tests' PUT and
// POST go into the logs from here, and their GET and HEAD to the server.
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LogStore, WritableChatLog } from '../../src/chat/log/chat-log.js'
import { randomId } from '../../src/guards/ids.js'

type Written = { readonly streamId: string; readonly log: WritableChatLog }

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

/** `pathOf`: where the server has the stream with this id. */
export async function startDurableWriter(
  store: LogStore,
  server: string,
  pathOf: (streamId: string) => string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const streams = new Map<string, Written>()
  const front = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const known = streams.get(pathname)
    const { method = 'GET' } = request
    if (method === 'PUT' || method === 'POST') {
      let written = known
      if (written === undefined) {
        const streamId = randomId(16, 'base64url')
        const facts = { streamId, owner: null, identified: false, connectionId: 'c' }
        written = { streamId, log: store.create(facts) }
        streams.set(pathname, written)
      }
      const body = await bodyOf(request)
      if (written.log.end !== 'open') {
        response.writeHead(409, { 'Stream-Closed': 'true' }).end()
        return
      }
      if (body !== '') written.log.append(body)
      if (request.headers['stream-closed'] === 'true') written.log.close('whole')
      written.log.publish()
      const offset = String(written.log.tail).padStart(16, '0')
      response.writeHead(method === 'PUT' ? 201 : 204, {
        'Stream-Next-Offset': offset,
        'Content-Type': 'text/plain',
      })
      response.end()
      return
    }
    // The protocol's default; without it this server resumes.
    if (!searchParams.has('offset') && !searchParams.has('live')) searchParams.set('offset', '-1')
    const { host: _, ...headers } = request.headers
    const path = `${pathOf(known?.streamId ?? 'A'.repeat(22))}?${searchParams}`
    const onward = httpRequest(`${server}${path}`, { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    onward.end()
  })
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    close: async () => {
      front.closeAllConnections()
      await new Promise(resolve => front.close(resolve))
    },
  }
}
