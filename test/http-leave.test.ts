// Leaving node:http: the connection stays open, and http frees everything it had for it; where that is impossible, http keeps it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { leaveHttp } from '../src/connection/leave-http.js'
import { SocketTransport } from '../src/connection/socket-transport.js'
import { RawClient, raw } from './support/http-rig.js'

let server: Server
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

type Asked = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly client: RawClient
}

/** A server with one request that it has not answered. */
async function asked(): Promise<Asked> {
  server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const heard = new Promise<[IncomingMessage, ServerResponse]>(resolve => {
    server.once('request', (request, response) => resolve([request, response]))
  })
  const client = new RawClient(port, raw('GET /'))
  const [request, response] = await heard
  return { request, response, client }
}

const connections = () => new Promise(resolve => server.getConnections((_, count) => resolve(count)))
const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'

describe('leaving', () => {
  test('hands the connection over while http frees parser, request and response', async () => {
    const { request, response, client } = await asked()
    const gone = Promise.all([
      new Promise(resolve => request.once('close', resolve)),
      new Promise(resolve => response.once('close', resolve)),
    ])
    const left = leaveHttp(request.socket)
    const socket = left?.socket
    left?.release()
    await gone
    expect(await connections()).toBe(0)
    expect(socket).not.toBe(request.socket)
    socket?.write(HEAD)
    await client.until('\r\n\r\n')
    const transport = new SocketTransport(socket ?? new Socket(), true, null)
    const closed = new Promise<void>(resolve => transport.attach({ onDrain: () => {}, onClose: resolve }))
    transport.write(Buffer.from('one '))
    transport.end(Buffer.from('two'))
    await client.end()
    expect(client.body).toBe('one two')
    await closed
    transport.end(Buffer.from('three'))
    transport.destroy()
  })
})

describe('where it cannot leave', () => {
  const staysUsable = async ({ request, client }: Asked, sent: string) => {
    const transport = new SocketTransport(request.socket, false, null)
    const closed = new Promise<void>(resolve => transport.attach({ onDrain: () => {}, onClose: resolve }))
    transport.write(Buffer.from(`${HEAD}one `))
    transport.end(Buffer.from('two'))
    await client.end()
    expect(client.text).toBe(`${sent}${HEAD}one two`)
    await closed
  }

  test('because http still has bytes to write, the stream comes after them', async () => {
    const it = await asked()
    const before = 'x'.repeat(20_000_000)
    it.request.socket.write(before)
    expect(leaveHttp(it.request.socket)).toBeNull()
    await staysUsable(it, before)
  })
  test('because this Node keeps no handle there, it stays as it is', async () => {
    const it = await asked()
    const handle = Reflect.get(it.request.socket, '_handle')
    Reflect.set(it.request.socket, '_handle', undefined)
    expect(leaveHttp(it.request.socket)).toBeNull()
    Reflect.set(it.request.socket, '_handle', handle)
    await staysUsable(it, '')
  })
  test('because the connection is gone, there is nothing to take', async () => {
    const { request } = await asked()
    request.socket.destroy()
    expect(leaveHttp(request.socket)).toBeNull()
  })
})
