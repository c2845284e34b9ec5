// The file of a unix socket: made way for, and given its mode. Only a socket that nobody listens on is deleted, never another file.
import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'

/** Why there can be no socket at a path; the message completes "cannot listen on …: ". */
export class SocketPathError extends Error {
  override readonly name = 'SocketPathError'
}

/** Deletes the socket that a server left when it was killed. Throws SocketPathError when a socket cannot be made there. */
export async function deleteStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    // The system would say EACCES.
    if (!existsSync(dirname(path))) throw new SocketPathError('its folder does not exist')
    return
  }
  if (!found.isSocket())
    throw new SocketPathError('a file that is no socket has this path; g6 does not delete it')
  const code = await connectFault(path)
  if (code === 'ENOENT') return
  if (code === null) throw new SocketPathError('another server listens there')
  // A full backlog (EAGAIN), a socket of another type or of another user: somebody may listen.
  if (code !== 'ECONNREFUSED') throw new SocketPathError(`the socket there may be in use (${code})`)
  // Only the socket that was tried; another server may have put its own there meanwhile.
  const now = lstatSync(path, { throwIfNoEntry: false })
  if (now?.ino === found.ino && now.ctimeMs === found.ctimeMs) unlinkSync(path)
}

/** Null when somebody accepts connections. */
function connectFault(path: string): Promise<string | null> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(null)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown error'))
  })
}

/** Begins to listen; the file is at no moment open to more users than `mode` allows. The server says when it is done, or its error. */
export function listenOnPath(server: Server, path: string, mode: number): void {
  const before = process.umask(0o177)
  try {
    server.listen({ path })
  } finally {
    process.umask(before)
  }
  // Node makes the file before `listen` returns, unless it failed.
  if (server.listening) chmodSync(path, mode)
}
