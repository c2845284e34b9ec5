// Answers of POST /v1/chat/completions, by resumableFetch: it reconnects, and hands out each event once.
import { createSseParser } from '../../src/sse/parse.js'
import { type Fetch, pieces, refusalOf } from '../body.js'
import { resumableFetch } from '../resumable-fetch/index.js'
import { type Answer, AnswerLost, type AnswerSource, lostConnection } from './answer.js'
import { createOpenAiReader } from './openai-chunks.js'
import { openAiMessages } from './openai-messages.js'
import { currentOf, type G6TransportOptions } from './options.js'

const STOP_TIMEOUT_MS = 5_000
const LOST: ReadonlySet<number> = new Set([204, 404])

export function openAiSource(options: G6TransportOptions): AnswerSource {
  const { model, maxReconnectAttempts: maxAttempts, reconnectDelay: retryDelayMs } = options
  if (model === undefined) throw new Error("api: 'chat-completions' needs a model; give one as model.")
  const plain: Fetch = options.fetch ?? ((url, init) => fetch(url, init))
  const resumable = {
    fetch: (input: string | URL | Request, init?: RequestInit) => plain(String(input), init),
    // An abort may only mean that the page looks elsewhere: the transport stops answers itself.
    stopOnAbort: false,
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
  }
  const base = `${(options.baseUrl ?? '').replace(/\/$/, '')}/v1`
  const headersOf = (more: Readonly<Record<string, string>>) => ({ ...currentOf(options.headers), ...more })

  function answerOf(
    open: (signal: AbortSignal) => Promise<Response>,
    headers: Readonly<Record<string, string>>,
    isResume: boolean,
  ): Answer {
    const link = new AbortController()
    const response = open(link.signal)
    const begun = response.then(async answer => {
      if (answer.status === 200) return answer.headers.get('x-stream-id')
      const { message } = await refusalOf(answer)
      throw isResume && LOST.has(answer.status) ? new AnswerLost(message) : new Error(message)
    })
    return {
      begun,
      async follow(parts) {
        const reader = createOpenAiReader(parts)
        const parser = createSseParser({ onEvent: ({ data }) => void reader.take(data) })
        try {
          for await (const piece of pieces(await response, link.signal)) {
            parser.push(piece)
            if (reader.ended) return
          }
        } catch (error) {
          throw lostConnection(error instanceof Error ? error : new Error(String(error)))
        }
        if (!reader.ended) throw lostConnection(new Error('the answer is not whole'))
      },
      async stop() {
        const signal = AbortSignal.timeout(STOP_TIMEOUT_MS)
        const tooLate = new Promise<null>(resolve => signal.addEventListener('abort', () => resolve(null)))
        // It can be stopped when its id is known, which comes with the first bytes.
        const id = await Promise.race([begun.catch(() => null), tooLate])
        link.abort()
        if (id === null) return
        const init = { method: 'DELETE', headers, keepalive: true, signal }
        await plain(`${base}/streams/${encodeURIComponent(id)}`, init)
          .then(({ body }) => body?.cancel())
          // Unreachable: the server itself ends a stream without readers.
          .catch(() => {})
      },
      leave: () => link.abort(),
    }
  }

  return {
    ask({ messages, headers: given, body }) {
      const headers = headersOf(given)
      const question = { model, ...currentOf(options.body), ...body }
      const text = JSON.stringify({ ...question, messages: openAiMessages(messages), stream: true })
      const send = resumableFetch(resumable)
      const open = (signal: AbortSignal) =>
        send(`${base}/chat/completions`, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json' },
          body: text,
          signal,
        })
      return answerOf(open, headers, false)
    },
    resume(streamId, given) {
      const headers = headersOf(given)
      const open = (signal: AbortSignal) =>
        resumableFetch.resume(streamId, { ...resumable, baseUrl: base, headers, signal })
      return answerOf(open, headers, true)
    },
  }
}
