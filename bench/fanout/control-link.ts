// The client side of a server's control port: publishes events, and asks for processor time and memory.
import net from 'node:net'
import { createInterface } from 'node:readline'
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
  /** Called with the next reply, or with the reason why there is none. */
  readonly #waiting: ((reply: Reply | Error) => void)[] = []

  private constructor(socket: net.Socket) {
    this.#socket = socket
    let why = new Error('the control port was closed')
    const onError = (error: Error): void => {
      why = error
    }
    socket.on('error', onError)
    createInterface({ input: socket })
      // The errors of its input are its own too.
      .on('error', onError)
      .on('line', line => this.#waiting.shift()?.(replySchema.parse(JSON.parse(line))))
    socket.on('close', () => {
      for (const fail of this.#waiting.splice(0)) fail(why)
    })
  }

  static connect(port: number): Promise<ControlLink> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new ControlLink(socket)))
    })
  }

  publish(events: number): void {
    this.#socket.write(`P ${events}\n`)
  }

  /** Processor time since the server's start, memory now, events published; with `collect` after a garbage collection. */
  ask(collect = false): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const late = () => this.#socket.destroy(new Error(`no answer within ${REPLY_TIMEOUT_MS} ms`))
      const timer = setTimeout(late, REPLY_TIMEOUT_MS)
      this.#waiting.push(reply => {
        clearTimeout(timer)
        if (reply instanceof Error) reject(reply)
        else resolve(reply)
      })
      this.#socket.write(collect ? 'G\n' : 'C\n')
    })
  }

  /** Processor time of the server so far, µs. */
  async cpuUs(): Promise<number> {
    const { userUs, systemUs } = await this.ask()
    return userUs + systemUs
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** How a client works with its runner: it prints READY, waits for a line on standard input, and answers with a line of JSON. */
export async function runWhenAsked(run: () => Promise<object>): Promise<void> {
  process.stdout.write('READY\n')
  for await (const _ of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await run())}\n`)
    return
  }
}
