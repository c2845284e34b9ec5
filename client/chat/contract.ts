// The types of the chat client: questions, callbacks, options, answers.
import type { EndKind } from '../../src/protocol/end-reasons.js'
import type { Fetch } from '../body.js'
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
  /** `complete`, `length`, `content_filter`, `refusal`, `tool_calls`, `empty`, another word of the backend, or why it was aborted: `client_stop`, `shutdown`, `expired`, `idle`; `superseded` is reserved. `left`: `leave()` was called. */
  readonly reason: string
  /** What the reason of a `done` means: only after `complete` is the answer whole. Null: it was aborted. */
  readonly kind: EndKind | null
  /** The whole text. */
  readonly text: string
  readonly metrics: ChatMetrics
}

export type ChatMetrics = AnswerMetrics & { readonly reconnects: number }

export type ChatCallbacks = {
  /** Each time a connection is accepted; never for an answer that comes whole. */
  readonly onConnect?: (connected: Connected) => void
  readonly onToken?: (text: string) => void
  /** What the model thinks before it answers; no part of the answer. */
  readonly onReasoning?: (text: string) => void
  /** The words with which the model declines; no part of `text`. */
  readonly onRefusal?: (text: string) => void
  readonly onMetadata?: (metadata: Readonly<Record<string, unknown>>) => void
  readonly onSources?: (sources: readonly ChatSource[]) => void
  readonly onUsage?: (usage: Usage) => void
  /** The connection failed or was lost; the client reconnects after `delayMs`. */
  readonly onReconnect?: (reconnect: { readonly attempt: number; readonly delayMs: number }) => void
  /** The answer is complete or was stopped. Exactly one of `onComplete` and `onError` is called, once. */
  readonly onComplete?: (end: ChatEnd) => void
  readonly onError?: (error: ChatError) => void
}

export type ClientOptions = {
  /** The server's address; default: the page's own. */
  readonly baseUrl?: string
  /** Default `/api/v2/bali-zero`. */
  readonly prefix?: string
  /** `GET` puts the question into the URL, which proxies log; default `POST`. */
  readonly method?: 'POST' | 'GET'
  /** Sent with every request; a function is called for each. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** Failures in a row before it ends with an error; default 5. */
  readonly maxReconnectAttempts?: number
  /** Limit of the first random wait, milliseconds; default 1000. */
  readonly reconnectDelay?: number
  /** Limit of every random wait, milliseconds; default 30 000. */
  readonly maxReconnectDelay?: number
  /** The server's heartbeat interval; the client reconnects after two of them and 5 s of silence. Default 30 000. */
  readonly heartbeatMs?: number
  readonly fetch?: Fetch
  /** 0 ≤ n < 1; for tests. */
  readonly random?: () => number
}

export type StreamOptions = ChatCallbacks & {
  /** Aborting it stops the answer, as `stop()` does. */
  readonly signal?: AbortSignal
}

export type ChatStream = AsyncIterable<ChatEvent> & {
  /** Null until it is known; `resume` needs it. */
  readonly streamId: string | null
  /** The text so far. */
  readonly text: string
  /** Ends the answer here and on the server (DELETE). Resolves when the server has answered, at most 5 s later. Idempotent. */
  stop(): Promise<void>
  /**
   * Ends the answer here only, with the reason `left`: on the server it goes on as for any reader that has gone, and can be
   * resumed. Idempotent.
   */
  leave(): void
  /** Ends the wait before the next attempt, if there is one. */
  reconnect(): void
  getMetrics(): ChatMetrics
}

/** What to begin with: a question, or the id of a stream. */
export type Begin = { readonly question: ChatQuestion } | { readonly streamId: string }
