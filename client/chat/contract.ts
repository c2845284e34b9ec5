// What the chat client takes and gives: questions, callbacks, options, answers.
import type { ChatError } from './errors.js'
import type { AnswerMetrics, ChatEvent, ChatSource, Connected, Usage } from './events.js'

export type ChatQuestion = {
  readonly query: string
  readonly user_email?: string
  readonly user_role?: string
  readonly conversation_history?: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[]
}

/** How an answer ended. */
export type ChatEnd = {
  readonly type: 'done' | 'aborted'
  /** `complete`, `length`, or why it was aborted: `client_stop`, `shutdown`, `expired`, `idle`; `superseded` is reserved. */
  readonly reason: string
  /** The whole text. */
  readonly text: string
  readonly metrics: ChatMetrics
}

export type ChatMetrics = AnswerMetrics & { readonly reconnects: number }

export type ChatCallbacks = {
  /** Each time the server has taken the connection; never for an answer that came whole. */
  readonly onConnect?: (connected: Connected) => void
  readonly onToken?: (text: string) => void
  readonly onMetadata?: (metadata: Readonly<Record<string, unknown>>) => void
  readonly onSources?: (sources: readonly ChatSource[]) => void
  readonly onUsage?: (usage: Usage) => void
  /** The connection was lost, or not had; it is made again in so many milliseconds. */
  readonly onReconnect?: (reconnect: { readonly attempt: number; readonly delayMs: number }) => void
  /** It ended by itself or was stopped. Exactly one of `onComplete` and `onError` is called, once. */
  readonly onComplete?: (end: ChatEnd) => void
  readonly onError?: (error: ChatError) => void
}

export type ClientOptions = {
  /** The server's address; default: the page's own. */
  readonly baseUrl?: string
  /** Default `/api/v2/bali-zero`. */
  readonly prefix?: string
  /** `GET` puts the question into the address, where proxies log it; default `POST`. */
  readonly method?: 'POST' | 'GET'
  /** Sent with every request; called anew for each where it is a function. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** Failures in a row before it is given up; default 5. */
  readonly maxReconnectAttempts?: number
  /** Scale of the first wait, milliseconds; default 1000. */
  readonly reconnectDelay?: number
  /** Longest wait of our own, milliseconds; default 30 000. */
  readonly maxReconnectDelay?: number
  /** The server's heartbeat interval; silence of two of them and 5 s is a dead connection. Default 30 000. */
  readonly heartbeatMs?: number
  readonly fetch?: typeof fetch
  /** 0 ≤ n < 1; for tests. */
  readonly random?: () => number
}

export type StreamOptions = ChatCallbacks & {
  /** Aborting it stops the answer, as `stop()` does. */
  readonly signal?: AbortSignal
}

export type ChatStream = AsyncIterable<ChatEvent> & {
  /** Null until the server has named it; with it, `resume` finds the answer again. */
  readonly streamId: string | null
  /** The text so far. */
  readonly text: string
  /** Ends the answer here and on the server (DELETE). Resolves when the server has heard, or cannot. Idempotent. */
  stop(): Promise<void>
  getMetrics(): ChatMetrics
}

/** What to begin with: a question, or a stream that is known by its id. */
export type Begin = { readonly question: ChatQuestion } | { readonly streamId: string }
