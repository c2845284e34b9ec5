// Requests for the status stream and their answers, over real sockets.
import { expect, test } from 'vitest'
import { RawClient, raw } from './support/http-rig.js'
import { startStatusServer } from './support/status-server.js'

const COMPARED = [
  ...['content-type', 'cache-control', 'content-encoding', 'x-accel-buffering', 'vary'],
  ...['access-control-allow-origin', 'x-content-type-options', 'x-frame-options', 'content-security-policy'],
]

test.each([{}, { 'Accept-Encoding': 'gzip', Origin: 'http://a.example' }])(
  'HEAD /events gets the headers of a GET and no stream (%j)',
  async headers => {
    const server = await startStatusServer({ n: 1 }, { sseAllowOrigin: ['*'] })
    const head = await new RawClient(server.port, raw('HEAD /events', headers)).until('\r\n\r\n')
    const stream = await new RawClient(server.port, raw('GET /events', headers)).until('\r\n\r\n')
    const shown = (client: RawClient) => COMPARED.map(name => [name, client.header(name)])
    expect(head.status).toBe(200)
    expect(shown(head)).toEqual(shown(stream))
    expect(head.header('content-type')).toBe('text/event-stream; charset=utf-8')
    await head.end()
    expect(head.body).toBe('')
    stream.socket.destroy()
    await server.close()
  },
)
