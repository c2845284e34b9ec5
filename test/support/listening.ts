// The port of a server that listens on this machine.
import type { Server } from 'node:net'

/** Opens it on 127.0.0.1, on `port` or a free one. */
export function listening(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
    })
  })
}
