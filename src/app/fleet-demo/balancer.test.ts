import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Balancer, startBalancer } from './balancer.js'

const closers: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Upstream = { readonly port: number; readonly server: Server; readonly sockets: Socket[] }

/** Says its name to everybody. */
async function upstream(name: string): Promise<Upstream> {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket.on('error', () => {}))
    socket.write(name)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => void server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { port: address.port, server, sockets }
}

async function balancer(ready: () => readonly number[]): Promise<Balancer> {
  const made = await startBalancer(0, ready)
  closers.push(() => made.close())
  return made
}

async function client(port: number): Promise<{ readonly socket: Socket; readonly first: string }> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  closers.push(() => void socket.destroy())
  const first = await new Promise<string>(resolve => {
    socket.once('data', data => resolve(data.toString())).once('close', () => resolve(''))
  })
  return { socket, first }
}

test('connections go to the ready servers in turn; one that does not accept is passed over', async () => {
  const [a, b, gone] = [await upstream('a'), await upstream('b'), await upstream('c')]
  gone.server.close()
  await once(gone.server, 'close')
  const { port } = await balancer(() => [a.port, gone.port, b.port])
  const firsts = [await client(port), await client(port), await client(port)].map(({ first }) => first)
  expect(firsts.sort()).toEqual(['a', 'b', 'b'])
})

test('the end of a server ends its clients; without a ready server a client is closed', async () => {
  const a = await upstream('a')
  let ready: readonly number[] = [a.port]
  const { port } = await balancer(() => ready)
  const { socket } = await client(port)
  ready = []
  a.sockets[0]?.resetAndDestroy()
  if (!socket.destroyed) await once(socket, 'close')
  expect((await client(port)).first).toBe('')
})

test('closing it ends every connection on both sides', async () => {
  const a = await upstream('a')
  const made = await startBalancer(0, () => [a.port])
  const { socket } = await client(made.port)
  const ended = a.sockets.map(each => once(each, 'close'))
  await made.close()
  await Promise.all(ended)
  if (!socket.destroyed) await once(socket, 'close')
})
