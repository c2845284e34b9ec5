// A reader of a raw stream: it keeps what it received since it was last asked, and the id of its last event.
import { connect, type Socket } from 'node:net'

const GIVE_UP_MS = 60_000

export class StreamReader {
  readonly #socket: Socket
  #text = ''
  #id = ''
  #look: () => void = () => {}
  /** It was greeted: what it asked for is a stream. */
  isOpen = false

  constructor(url: string, lastEventId = '') {
    const { hostname, port } = new URL(url)
    const resume = lastEventId === '' ? '' : `Last-Event-ID: ${lastEventId}\r\n`
    this.#socket = connect(Number(port), hostname)
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text
      this.isOpen ||= this.#text.includes('event: hello')
      this.#look()
    })
    this.#socket.on('error', () => {})
    this.#socket.write(`GET /summary/events HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${resume}\r\n`)
  }

  /** As of the last `until`. */
  get id(): string {
    return this.#id
  }

  /** Resolves with the time at which this had come; forgets what came before. */
  until(pattern: RegExp): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`a reader did not get ${pattern}`)), GIVE_UP_MS)
      this.#look = () => {
        if (!pattern.test(this.#text)) return
        const atMs = performance.now()
        clearTimeout(timer)
        this.#look = () => {}
        for (const [, id = ''] of this.#text.matchAll(/^id: ?(\S+)\r?$/gm)) this.#id = id
        this.#text = ''
        resolve(atMs)
      }
      this.#look()
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
