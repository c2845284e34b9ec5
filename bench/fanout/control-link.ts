// The client side of a server's control port: publishes events, and asks for processor time and memory.
import net from 'node:net'
import { z } from 'zod'

const replySchema = z.object({
  userUs: z.number(),
  systemUs: z.number(),
  rssBytes: z.number(),
  published: z.number(),
})
export type Reply = z.infer<typeof replySchema>

const REPLY_TIMEOUT_MS = 20_000

export class ControlLink {
  readonly #socket: net.Socket
  readonly #waiting: { resolve(reply: Reply): void; reject(error: Error): void; timer: NodeJS.Timeout }[] = []
  #rest = ''

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#onText(text))
    socket.on('error', error => this.#failAll(error))
    socket.on('close', () => this.#failAll(new Error('the control port was closed')))
  }

  static connect(port: number): Promise<ControlLink> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new ControlLink(socket))
      })
    })
  }

  publish(events: number): void {
    this.#socket.write(`P ${events}\n`)
  }

  /** Processor time since the server's start, memory now, events published; with `collect` after a garbage collection. */
  ask(collect = false): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#socket.destroy(new Error(`no answer within ${REPLY_TIMEOUT_MS} ms`)),
        REPLY_TIMEOUT_MS,
      )
      this.#waiting.push({ resolve, reject, timer })
      this.#socket.write(collect ? 'G\n' : 'C\n')
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #onText(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const first = this.#waiting.shift()
      if (first === undefined) continue
      clearTimeout(first.timer)
      first.resolve(replySchema.parse(JSON.parse(line)))
    }
  }

  #failAll(error: Error): void {
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      reject(error)
    }
  }
}
