// Leaving node:http once the head of a stream is about to go out.
//
// A connection that streams for hours does not need the HTTP parser, the request and response objects, and the dozen listeners
// that node:http keeps for it: they are more than half of an idle connection's memory (10.5 KB against 5 KB). Node offers a way
// out for upgrades only, and a GET is none. So we do what Node itself does when it hands a socket to another process:
//
//   1. a `data` listener makes http stop feeding its parser straight from the socket's handle (`unconsume`);
//   2. we move the TCP handle from the old socket to a plain net.Socket;
//   3. we destroy the old socket (`release`): it has no handle, so no byte is sent and nothing is closed, but http sees its
//      connection end and frees everything it holds, by its own code.
//
// `_handle` is the only internal that we touch. If it is missing, or http still has bytes to write, or the new socket cannot be
// created, the result is null, nothing has changed, and the stream stays on http's socket.
//
// After that node:http no longer knows the connection: neither its timeouts nor Server.close() nor closeAllConnections() reach
// it, so the caller must keep track of the new socket.
import { Socket } from 'node:net'

/** The internal of a socket that we use. */
type WithHandle = { _handle?: object | null }
/** An option of net.Socket that net.Server uses; not in the public types. */
type FromHandle = { handle: object; writableHighWaterMark: number }

/** Bytes of a blocked reader in our memory; the default differs between Node versions. */
const WRITE_BUFFER_BYTES = 16 * 1024

function ignoreBytes(): void {}

export type LeftHttp = {
  readonly socket: Socket
  /** Lets http free what it holds. A separate step, after the head of the stream is sent, because it takes longer. */
  release(): void
}

export function leaveHttp(old: Socket): LeftHttp | null {
  const held = old as WithHandle
  const handle = held._handle
  if (handle === undefined || handle === null || old.destroyed || old.writableLength > 0) return null
  old.on('data', ignoreBytes)
  held._handle = null
  const options: FromHandle = { handle, writableHighWaterMark: WRITE_BUFFER_BYTES }
  let socket: Socket
  try {
    socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  } catch {
    held._handle = handle
    old.off('data', ignoreBytes)
    return null
  }
  return { socket, release: () => void old.destroy() }
}
