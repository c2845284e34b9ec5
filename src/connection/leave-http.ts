// Leaving node:http once the head of a stream is about to go out.
//
// A connection that streams for hours does not need the HTTP parser, the request and response objects, and the dozen
// listeners node:http keeps for it: they are more than half of an idle connection's memory (10.5 KB against 5 KB). Node's
// way out is an upgrade, which a GET is not. So we do what Node itself does when it hands a socket to another process:
//
//   1. a `data` listener makes http stop feeding its parser straight from the socket's handle (`unconsume`);
//   2. the TCP handle is taken off the old socket, and a plain net.Socket takes it over;
//   3. the old socket is destroyed (`release`): it has no handle, so no byte is sent and nothing is closed, but http sees its
//      connection end and frees everything it holds, by its own code.
//
// `_handle` is the only internal that is touched. If it is missing, or http still has bytes to write, or the new socket cannot
// be made, null is returned, nothing has changed, and the stream stays on the socket http has.
//
// node:http no longer knows the connection after that: neither its timeouts nor Server.close() nor
// closeAllConnections() concern it, so the caller must keep track of the new socket.
import { Socket } from 'node:net'

/** What of a socket's internals is used here. */
type WithHandle = { _handle?: object | null }
/** An option of net.Socket that net.Server uses; not in the public types. */
type FromHandle = { handle: object; writableHighWaterMark: number }

/** The same on every Node version; what a blocked reader may hold back in our memory. */
const WRITE_BUFFER_BYTES = 16 * 1024

function ignoreBytes(): void {}

export type LeftHttp = {
  readonly socket: Socket
  /** Lets http free what it holds. Apart, since that takes longer than the head of a stream: first things first. */
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
