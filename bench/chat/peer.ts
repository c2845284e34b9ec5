// What the programs have in common that the relay is compared with: each asks the upstream what it was asked, and passes the answer on
// in its own way. It is a process of its own so that its processor time can be measured: `/cpu` returns it in microseconds, user and system.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher, request } from 'undici'

const JSON_TYPE = { 'content-type': 'application/json' }

export type Body = Dispatcher.ResponseData['body']

/** Listens on a free port, prints where, and ends the process on SIGTERM. */
export function servePeer(pass: (body: Body, response: ServerResponse) => void): void {
  const [upstream = ''] = process.argv.slice(2)
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 })
  const server = createServer({ noDelay: true }, (incoming, response) => {
    if (incoming.url === '/cpu') {
      response.end(JSON.stringify(process.cpuUsage()))
      return
    }
    const { method = 'GET', url = '/' } = incoming
    const asked = method === 'POST' ? ({ method, body: incoming, headers: JSON_TYPE } as const) : {}
    request(`${upstream}${url}`, { dispatcher: agent, ...asked }).then(
      ({ body }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.flushHeaders()
        pass(body, response)
        body.on('error', () => response.destroy())
        response.on('close', () => body.destroy())
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.stdout.write(`{"listening":"http://127.0.0.1:${port}"}\n`)
  })
  process.once('SIGTERM', () => process.exit(0))
}
