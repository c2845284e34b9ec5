// Readers as light as possible, so that their own work does not hide the server's: the time from connecting until one has its
// response head, or the whole of a certain event.
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../requests.js'

export type Visit = {
  readonly port: number
  readonly path: string
  /** Text within the awaited event; null: the head is enough. */
  readonly mark: string | null
}

export type Visitor = { readonly socket: Socket; readonly servedMs: Promise<number> }

const KEPT = 32
const HEAD_END = '\r\n\r\n'

/** `servedMs` rejects when the connection is refused, the answer is not 200, or the stream ends too early. */
export function visit({ port, path, mark }: Visit): Visitor {
  const startMs = performance.now()
  const socket = send(`http://127.0.0.1:${port}${path}`, ['Accept: text/event-stream'])
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
      // After the mark, the blank line that ends its event.
      if (hasHead && hasMark && (mark === null || text.includes('\n\n', markAt))) {
        resolve(performance.now() - startMs)
        socket.removeAllListeners('data').resume()
      }
      tail = hasHead ? text.slice(-KEPT) : text
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the stream ended before the reader was served')))
  })
  return { socket, servedMs }
}

/** Timers do not keep shorter waits. */
const LEAST_WAIT_MS = 2

/** `count` readers within `overMs`. Resolves when all are served, still connected; `servedMs` of each, `allMs` of the last. */
export async function storm(to: Visit, count: number, overMs: number) {
  const startMs = performance.now()
  const visitors: Visitor[] = []
  for (let i = 0; i < count; i++) {
    const aheadMs = (overMs * i) / count - (performance.now() - startMs)
    if (aheadMs > LEAST_WAIT_MS) await sleep(aheadMs)
    visitors.push(visit(to))
  }
  const servedMs = await Promise.all(visitors.map(visitor => visitor.servedMs))
  return { allMs: performance.now() - startMs, servedMs, sockets: visitors.map(({ socket }) => socket) }
}
