// The hub behind fetch handlers (Hono, Next.js, Deno and others): a Request in, a Response out.
import type { Transport } from '../connection/transport.js'
import type { Answers } from './answer.js'

/** As much as a socket holds back before it says that it is full. */
const QUEUE_BYTES = 16 * 1024

/** A response body as a connection: full when nobody reads it, closed when the reader cancels it or the request is aborted. */
class BodyTransport implements Transport {
  readonly body: ReadableStream<Uint8Array>
  readonly #signal: AbortSignal
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #events: Parameters<Transport['attach']>[0] | null = null
  #isBlocked = false
  readonly farPort = null
  readonly #onGone = () => this.#close()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    this.body = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.#controller = controller
        },
        pull: () => {
          if (!this.#isBlocked) return
          this.#isBlocked = false
          this.#events?.onDrain()
        },
        cancel: this.#onGone,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
    )
    signal.addEventListener('abort', this.#onGone, { once: true })
  }

  attach(events: Parameters<Transport['attach']>[0]): void {
    this.#events = events
    if (this.#signal.aborted) this.#onGone()
  }

  write(bytes: Buffer): boolean {
    this.#controller?.enqueue(bytes)
    this.#isBlocked = this.progress() <= 0
    return !this.#isBlocked
  }

  progress(): number {
    return this.#controller?.desiredSize ?? 0
  }

  ends(): null {
    return null
  }

  sent(): number {
    return 0
  }

  end(lastBytes: Buffer): void {
    if (lastBytes.length > 0) this.#controller?.enqueue(lastBytes)
    this.#controller?.close()
    this.#close()
  }

  breakOff(): void {
    this.destroy()
  }

  destroy(): void {
    this.#controller?.error(new Error('the server has closed this stream'))
    this.#close()
  }

  /** Once, and later than the call that closes it: `onClose` must not come in the middle of `end`. */
  #close(): void {
    if (this.#controller === null) return
    this.#controller = null
    this.#signal.removeEventListener('abort', this.#onGone)
    queueMicrotask(() => this.#events?.onClose())
  }
}

export function answerFetch(answers: Answers, request: Request): Promise<Response> {
  const { method, url, headers, signal } = request
  const { pathname, search } = new URL(url)
  const header = (name: string) => headers.get(name) ?? undefined
  return new Promise((resolve, reject) => {
    const reply: Parameters<Answers['answer']>[1] = {
      document(status, given, body) {
        resolve(new Response(method === 'HEAD' ? null : body, { status, headers: given }))
      },
      stream(given, encoding) {
        const transport = new BodyTransport(signal)
        resolve(new Response(transport.body, { headers: given }))
        return { transport, wire: { encoding, framing: 'raw' } }
      },
    }
    answers.answer({ method, url: pathname + search, header, raw: request }, reply).catch(reject)
  })
}
