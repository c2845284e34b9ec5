// A port nobody listens on now, and that the system gives to nobody by itself: for programs that cannot be told "any", for
// servers that come back to where they were, and for addresses where nobody is. One that was given away and closed again
// belongs to whoever asks next, a test beside this one as well.
import { createServer } from 'node:net'

/** Below those that systems give away: Linux begins at 32 768. */
const LOWEST = 12_000
const HIGHEST = 32_000
/** Test files run in processes of their own, each with ports of its own. */
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
