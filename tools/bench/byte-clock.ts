// A client of the summary stream on a bare socket that takes the time of bytes.
import { send } from '../../bench/requests.js'

export class ByteClock {
  #resolve: (atMs: number) => void = () => {}
  readonly #socket
  #bytes = 0

  constructor(url: string) {
    this.#socket = send(`${url}/summary/events`)
    this.#socket.on('data', bytes => {
      this.#bytes += bytes.length
      this.#resolve(performance.now())
    })
  }

  /** Resolves to the time of the next byte. */
  next(): Promise<number> {
    return new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  /** Bytes since the last call. */
  takeBytes(): number {
    const bytes = this.#bytes
    this.#bytes = 0
    return bytes
  }

  close(): void {
    this.#socket.destroy()
  }
}
