// The transport itself: one answer a chat, kept under the chat's id while it runs.
import type { ChatTransport, UIMessage, UIMessageChunk } from 'ai'
import { type Answer, AnswerLost, type AnswerSource } from './answer.js'
import { createParts } from './parts.js'
import type { RunningAnswers } from './running.js'

type Sending<M extends UIMessage> = Parameters<ChatTransport<M>['sendMessages']>[0]
type Reconnecting<M extends UIMessage> = Parameters<ChatTransport<M>['reconnectToStream']>[0]
type Chunks = ReadableStream<UIMessageChunk>

const ID_BYTES = 12

/** Pages over plain HTTP have no `crypto.randomUUID`. */
function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

const plain = (headers: Sending<UIMessage>['headers']): Readonly<Record<string, string>> =>
  Object.fromEntries(new Headers(headers))

export class G6Transport<M extends UIMessage> implements ChatTransport<M> {
  /** `reconnectToStream` gives the whole answer again, under the same message id. */
  readonly resumeStreamIsReplay = true
  readonly #source: AnswerSource
  readonly #running: RunningAnswers
  /** The newest request of each chat that has one open. */
  readonly #newest = new Map<string, object>()

  constructor(source: AnswerSource, running: RunningAnswers) {
    this.#source = source
    this.#running = running
  }

  async sendMessages({ chatId, messages, abortSignal, headers, body }: Sending<M>): Promise<Chunks> {
    abortSignal?.throwIfAborted()
    const answer = this.#source.ask({ messages, headers: plain(headers), body: { ...body } })
    return this.#open(chatId, answer, abortSignal, freshId())
  }

  async reconnectToStream({ chatId, abortSignal, headers }: Reconnecting<M>): Promise<Chunks | null> {
    const known = this.#running.of(chatId)
    if (known === null) return null
    const answer = this.#source.resume(known.streamId, plain(headers))
    try {
      return await this.#open(chatId, answer, abortSignal, known.messageId)
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error
      this.#running.forget(chatId, known.streamId)
      return null
    }
  }

  async #open(
    chatId: string,
    answer: Answer,
    signal: AbortSignal | undefined,
    messageId: string,
  ): Promise<Chunks> {
    const turn = {}
    this.#newest.set(chatId, turn)
    // Resuming a chat aborts the resume before it, at once followed by the new request: that is no stop.
    const onAbort = (): void =>
      queueMicrotask(() => {
        if (this.#newest.get(chatId) === turn) void answer.stop()
        else answer.leave()
      })
    signal?.addEventListener('abort', onAbort, { once: true })
    const release = (): void => {
      signal?.removeEventListener('abort', onAbort)
      if (this.#newest.get(chatId) === turn) this.#newest.delete(chatId)
    }
    let streamId: string | null
    try {
      streamId = await answer.begun
      signal?.throwIfAborted()
    } catch (error) {
      release()
      throw error
    }
    if (streamId !== null) this.#running.keep(chatId, { streamId, messageId })
    const ended = (): void => {
      release()
      if (streamId !== null) this.#running.forget(chatId, streamId)
    }
    return new ReadableStream<UIMessageChunk>({
      start: controller => {
        let isOpen = true
        const settle = (how: () => void): void => {
          if (isOpen) how()
          isOpen = false
        }
        const parts = createParts(chunk => {
          if (isOpen) controller.enqueue(chunk)
        })
        signal?.addEventListener('abort', () => settle(() => controller.close()), { once: true })
        parts.start(messageId)
        answer.follow(parts).then(
          () => {
            ended()
            settle(() => controller.close())
          },
          (error: unknown) => {
            // The answer may be running still, so it stays known.
            release()
            settle(() => controller.error(error))
          },
        )
      },
      cancel: () => {
        release()
        answer.leave()
      },
    })
  }
}
