// A port that nothing listens on now, and that the system assigns to nobody by itself: for programs that cannot listen on "any", for
// servers that come back at the same port, and for addresses without a server. An assigned port that was closed again
// goes to the next process that asks, another test included.
import { createServer } from 'node:net'

/** Below the range that systems assign: Linux begins at 32 768. */
const LOWEST = 12_000
const HIGHEST = 32_000
/** Test files run in their own processes, each with its own ports. */
const OF_EACH_PROCESS = 50

let next = LOWEST + ((process.pid * OF_EACH_PROCESS) % (HIGHEST - LOWEST))

export async function freePort(): Promise<number> {
  for (;;) {
    const port = next
    next = port + 1 < HIGHEST ? port + 1 : LOWEST
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
