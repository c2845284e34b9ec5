import { once } from 'node:events'
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

test('a reader that waits for the head is served when it has it', async () => {
  const { servedMs } = await visited(null, socket => socket.write(HEAD))
  expect(await servedMs).toBeGreaterThan(0)
})

test('a reader that waits for an event is served when the event is whole, in any pieces', async () => {
  const accepted: Socket[] = []
  const { socket, servedMs } = await visited('event: board', server => {
    accepted.push(server)
    server.write(`${HEAD}event: hello\ndata: 1\n\nevent: bo`)
  })
  const served = servedMs.then(() => 'served')
  const now = () => Promise.race([served, Promise.resolve('not yet')])
  for (const piece of ['ard\ndata: 2\n', '\n']) {
    await once(socket, 'data')
    expect(await now()).toBe('not yet')
    accepted[0]?.write(piece)
  }
  expect(await served).toBe('served')
})

test('a refusal and an early end reject with the reason', async () => {
  const refused = await visited(null, socket => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'))
  await expect(refused.servedMs).rejects.toThrow('not 200: HTTP/1.1 503')
  const ended = await visited('event: board', socket => socket.end(HEAD))
  await expect(ended.servedMs).rejects.toThrow('the stream ended before the reader was served')
})
