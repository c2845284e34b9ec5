import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { SocketTransport } from './socket-transport.js'

/** A socket whose `write` answers as the test wants. */
class ScriptedSocket extends Socket {
  left = 0

  constructor() {
    super()
    Object.defineProperty(this, 'writableLength', { get: () => this.left })
  }
  override write(): boolean {
    return false
  }
}

test('blocked means that bytes are left in our memory, not only that the high-water mark was passed', () => {
  const socket = new ScriptedSocket()
  const transport = new SocketTransport(socket, true, null)
  let drained = 0
  transport.attach({ onDrain: () => (drained += 1), onClose: () => {} })
  expect(transport.write(Buffer.from('x'))).toBe(true)
  socket.emit('drain')
  expect(drained).toBe(0)
  socket.left = 1
  expect(transport.write(Buffer.from('x'))).toBe(false)
  socket.emit('drain')
  socket.emit('drain')
  expect(drained).toBe(1)
  socket.destroy()
})

test('without libuv’s number, progress is the bytes in our memory', () => {
  const socket = new ScriptedSocket()
  socket.left = 7
  expect(new SocketTransport(socket, true, null).progress()).toBe(7)
  socket.destroy()
})
