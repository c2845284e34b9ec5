// `unix:/run/g6/g6.sock` as an address to listen on.

const PREFIX = 'unix:'
/** `sun_path` of unix(7) without its closing NUL; a longer path would be cut without an error. */
export const MAX_UNIX_PATH_BYTES = process.platform === 'linux' ? 107 : 103

/** The path of a unix socket; null when the host is a network address or name. */
export function unixPathOf(host: string): string | null {
  return host.startsWith(PREFIX) ? host.slice(PREFIX.length) : null
}

/** Why a path cannot be used for a socket; null when it can. */
export function unixPathFault(path: string): string | null {
  if (!path.startsWith('/')) return 'the path of a unix socket must begin with /'
  if (path.endsWith('/')) return 'the path of a unix socket must end with the name of the socket'
  if (/\p{Cc}/u.test(path)) return 'the path of a unix socket must have no control characters'
  const bytes = Buffer.byteLength(path)
  return bytes > MAX_UNIX_PATH_BYTES
    ? `the path of a unix socket has at most ${MAX_UNIX_PATH_BYTES} bytes, this one ${bytes}`
    : null
}
