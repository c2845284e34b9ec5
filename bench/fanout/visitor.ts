// One reader as light as can be, so that its own work does not hide the server's: how long from connecting until it has its head,
// or the whole of the event it came for.
import { connect, type Socket } from 'node:net'

export type Visit = {
  readonly port: number
  readonly path: string
  /** Text within the event waited for; null: the head is enough. */
  readonly mark: string | null
}

export type Visitor = { readonly socket: Socket; readonly servedMs: Promise<number> }

const KEPT = 32
const HEAD_END = '\r\n\r\n'

/** `servedMs` rejects when the connection is refused, answers anything but 200, or ends before it was served. */
export function visit({ port, path, mark }: Visit): Visitor {
  const startMs = performance.now()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`)
  const servedMs = new Promise<number>((resolve, reject) => {
    let tail = ''
    let hasHead = false
    let hasMark = mark === null
    socket.on('data', bytes => {
      const text = tail + bytes.toString('latin1')
      if (!hasHead && text.length >= 12 && !text.startsWith('HTTP/1.1 200')) {
        reject(new Error(`not 200: ${text.slice(0, 80)}`))
        socket.destroy()
        return
      }
      const headEnd = hasHead ? -1 : text.indexOf(HEAD_END)
      hasHead ||= headEnd >= 0
      const markAt = hasMark || mark === null ? 0 : text.indexOf(mark)
      hasMark ||= markAt >= 0
      // Behind the mark, the blank line that ends its event; of a head alone, its end.
      if (hasHead && hasMark && (mark === null || text.includes('\n\n', markAt))) {
        resolve(performance.now() - startMs)
        tail = ''
        return
      }
      tail = hasHead ? text.slice(-KEPT) : text
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the stream ended before the reader was served')))
  })
  return { socket, servedMs }
}
