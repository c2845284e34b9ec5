// The requests of one connection, one after the other.
//
// node:http reads on while an answer is unfinished and hands over all requests of a packet at once: a thousand of them are
// megabytes, for a client that reads nothing. So a request runs only when the answer before it has left our memory, only a few may
// wait, and one more ends the connection. Requests that wait when the connection ends, or becomes a stream, never run.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Of one connection, including the one being answered. */
export const MAX_UNANSWERED = 8
/** Heads of all waiting requests together. Parsed, they take about twice as much. */
export const MAX_WAITING_HEAD_BYTES = 32 * 1024
/** Requests per connection; the last answer closes it. */
export const MAX_REQUESTS = 1_000

type Turn = { readonly response: ServerResponse; readonly headBytes: number; readonly run: () => void }

function headBytesOf({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, url.length)
}

export class RequestTurns {
  readonly #waiting: Turn[] = []
  #waitingHeadBytes = 0
  #unanswered = 0
  #taken = 0

  constructor(
    readonly socket: Socket,
    /** More requests came than may wait; the connection is closed. */
    readonly onTooMany: () => void,
  ) {}

  get isAnswering(): boolean {
    return this.#unanswered > 0
  }

  /** Runs it when its turn comes, if ever. */
  take(request: IncomingMessage, response: ServerResponse, run: () => void): void {
    if (!this.socket.writable) {
      // The rest of the packet. Without this, http ends each of these requests with an error and a stack trace.
      request.destroy()
      return
    }
    this.#unanswered += 1
    this.#taken += 1
    if (this.#unanswered > MAX_UNANSWERED) this.#endAsTooMany()
    else if (this.#taken > MAX_REQUESTS) return
    else {
      if (this.#taken === MAX_REQUESTS) response.setHeader('Connection', 'close')
      if (this.#unanswered === 1) this.#run(response, run)
      else this.#wait({ response, headBytes: headBytesOf(request), run })
    }
  }

  #wait(turn: Turn): void {
    this.#waiting.push(turn)
    this.#waitingHeadBytes += turn.headBytes
    if (this.#waitingHeadBytes > MAX_WAITING_HEAD_BYTES) this.#endAsTooMany()
  }

  #endAsTooMany(): void {
    this.#waiting.length = 0
    this.socket.destroy()
    this.onTooMany()
  }

  #run(response: ServerResponse, run: () => void): void {
    response.once('close', () => this.#answered())
    run()
  }

  #answered(): void {
    this.#unanswered -= 1
    if (!this.socket.writable) this.#waiting.length = 0
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#waitingHeadBytes -= next.headBytes
    this.#run(next.response, next.run)
  }
}
