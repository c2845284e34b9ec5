import { createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Visitor, visit } from './visitor.js'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function visited(mark: string | null, answer: (socket: Socket) => void): Promise<Visitor> {
  const server = createServer(socket => socket.once('data', () => answer(socket)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const visitor = visit({ port: address.port, path: '/', mark })
  closers.push(() => {
    visitor.socket.destroy()
    server.close()
  })
  return visitor
}

const HEAD = 'HTTP/1.1 200 OK\r\n\r\n'

test('a reader is served when it has its head, where that is all it came for', async () => {
  const { servedMs } = await visited(null, socket => socket.write(HEAD))
  expect(await servedMs).toBeGreaterThan(0)
})

test('a reader is served when the event it came for is whole, in whatever pieces it comes', async () => {
  let isServed = false
  const { servedMs } = await visited('event: board', socket => {
    socket.write(`${HEAD}event: hello\ndata: 1\n\nevent: bo`)
    socket.once('data', () => socket.write('\n\n'))
    setImmediate(() => socket.write('ard\ndata: 2\n'))
  }).then(visitor => {
    visitor.servedMs.then(
      () => {
        isServed = true
      },
      () => {},
    )
    // The server's last piece comes when this has arrived: the event is not whole before it.
    setTimeout(() => {
      expect(isServed).toBe(false)
      visitor.socket.write('x')
    }, 50)
    return visitor
  })
  expect(await servedMs).toBeGreaterThan(0)
})

test('a refusal and an early end are failures that say why', async () => {
  const refused = await visited(null, socket => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'))
  await expect(refused.servedMs).rejects.toThrow('not 200: HTTP/1.1 503')
  const ended = await visited('event: board', socket => socket.end(HEAD))
  await expect(ended.servedMs).rejects.toThrow('the stream ended before the reader was served')
})
