// A TCP proxy with bad manners, between a client and a server: cuts, cuts mid-event, stalls, slows, moves to another
// server. It knows nothing of what it carries.
import { connect, createServer, type Socket } from 'node:net'

export type FaultProxy = {
  readonly port: number
  readonly url: string
  /** Where new connections go; 0: nobody is there. */
  target: number
  /** Ends all connections now. */
  cut(): void
  /** Ends each connection after so many more bytes of the server's. */
  cutAfter(bytes: number): void
  /** Carries nothing from the server until `resume`. */
  stall(): void
  resume(): void
  /** Connections made so far. */
  readonly connections: number
  close(): Promise<void>
}

type Pair = { readonly client: Socket; readonly server: Socket; leftBytes: number }

export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  let stalled = false
  let connections = 0
  const listener = createServer(client => {
    connections++
    if (proxy.target === 0) {
      client.destroy()
      return
    }
    const server = connect(proxy.target, '127.0.0.1')
    const pair: Pair = { client, server, leftBytes: Number.POSITIVE_INFINITY }
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    client.pipe(server)
    server.on('data', (bytes: Buffer) => {
      const passed = bytes.subarray(0, Math.min(bytes.length, pair.leftBytes))
      pair.leftBytes -= passed.length
      if (pair.leftBytes <= 0) client.end(passed, end)
      else if (!client.write(passed)) {
        server.pause()
        client.once('drain', () => {
          if (!stalled) server.resume()
        })
      }
    })
    server.on('end', () => client.end())
    if (stalled) server.pause()
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxy: FaultProxy = {
    port,
    url: `http://127.0.0.1:${port}`,
    target,
    cut() {
      for (const { client, server } of [...pairs]) {
        client.destroy()
        server.destroy()
      }
    },
    cutAfter(bytes) {
      for (const pair of pairs) pair.leftBytes = bytes
    },
    stall() {
      stalled = true
      for (const { server } of pairs) server.pause()
    },
    resume() {
      stalled = false
      for (const { server } of pairs) server.resume()
    },
    get connections() {
      return connections
    },
    close: () =>
      new Promise<void>(resolve => {
        proxy.cut()
        listener.close(() => resolve())
      }),
  }
  return proxy
}
