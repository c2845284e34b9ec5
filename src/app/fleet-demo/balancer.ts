// A small load balancer for the demo of a fleet: it copies bytes between a client and one of the servers that are ready, in turn.
// It knows nothing of HTTP, as a balancer in TCP mode.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A server that does not accept within this time is passed over. */
const CONNECT_MS = 1_000

export type Balancer = { readonly port: number; close(): Promise<void> }

/** `ready`: the ports on 127.0.0.1 that take new connections now. A client that finds none is closed, and comes back. */
export async function startBalancer(port: number, ready: () => readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer(client => {
    keep(client)
    const targets = ready()
    const first = turn++
    const tries = targets.map((_, i) => targets[(first + i) % targets.length] ?? 0)
    void join(client, tries)
  })
  const keep = (socket: Socket): void => {
    open.add(socket)
    // What a reset connection lost is the client's to ask for again.
    socket.on('error', () => {}).once('close', () => open.delete(socket))
  }

  async function join(client: Socket, tries: readonly number[]): Promise<void> {
    for (const target of tries) {
      const upstream = await connected(target)
      if (upstream === null) continue
      keep(upstream)
      if (client.destroyed) upstream.destroy()
      client.pipe(upstream)
      upstream.pipe(client)
      client.once('close', () => upstream.destroy())
      upstream.once('close', () => client.destroy())
      return
    }
    client.destroy()
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** Null: it does not accept. */
function connected(port: number): Promise<Socket | null> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', timeout: CONNECT_MS })
    const refused = (): void => {
      socket.destroy()
      resolve(null)
    }
    socket.once('error', refused).once('timeout', refused)
    socket.once('connect', () => {
      socket.off('error', refused).off('timeout', refused).setTimeout(0)
      resolve(socket)
    })
  })
}
