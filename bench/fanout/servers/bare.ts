// The bare loop: `net.Socket.write` of one prepared buffer to every socket, no HTTP after a hand-written head, no state.
// What Node itself can do, and so the measure of everything above it.
import net from 'node:net'
import { paddingFor, plainData } from '../payload.js'
import { eventSizeBytes, listen, nowNs, serveControl } from './control.js'

const HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n',
)
const MAX_REQUEST_BYTES = 8192
/** `data: `, the members' names and numbers of usual length, and the blank line. */
const OVERHEAD_BYTES = 52

const padding = paddingFor(eventSizeBytes(), OVERHEAD_BYTES)
const sockets = new Set<net.Socket>()

const server = net.createServer({ noDelay: true }, socket => {
  let request = ''
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  socket.on('data', bytes => {
    if (sockets.has(socket)) return
    request += bytes.toString('latin1')
    if (request.length > MAX_REQUEST_BYTES) socket.destroy()
    if (!request.includes('\r\n\r\n')) return
    request = ''
    socket.write(HEAD)
    sockets.add(socket)
  })
})

await serveControl({
  port: await listen(server),
  path: '/events',
  publish(seq) {
    const event = Buffer.from(`data: ${plainData(seq, nowNs(), padding)}\n\n`)
    for (const socket of sockets) socket.write(event)
  },
})
