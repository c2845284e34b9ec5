// The options of the transport, each with its default and the reason for it.
import type { Fetch } from '../body.js'

export type Settings<T> = T | (() => T)

/** Remembers which answer belongs to which chat; `localStorage` and `sessionStorage` are such. */
export type Store = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export type G6TransportOptions = {
  /** The server's address, without a path; default: the page's own. */
  readonly baseUrl?: string
  /**
   * Which routes to ask. `bali-zero` (default): one question and the turns before it, of text. `chat-completions`: OpenAI's
   * format, with system messages, images and tools.
   */
  readonly api?: 'bali-zero' | 'chat-completions'
  /** Of the `bali-zero` routes; default `/api/v2/bali-zero`. */
  readonly prefix?: string
  /** The model to ask for; `chat-completions` needs one. */
  readonly model?: string
  /** More members for each `chat-completions` body, such as `tools` or `temperature`. */
  readonly body?: Settings<Readonly<Record<string, unknown>>>
  /** Sent with every request; a function is called for each, since a token may change. */
  readonly headers?: Settings<Readonly<Record<string, string>>>
  /**
   * Where the id of a running answer is kept, so that it can be continued after a reload. Default: `sessionStorage`, else
   * memory. With `localStorage` other tabs of the page find it too; the id of an anonymous answer is enough to read it.
   */
  readonly storage?: Store
  /** Default: the global one. */
  readonly fetch?: Fetch
  /** Failures in a row before an answer ends with an error; default 5. */
  readonly maxReconnectAttempts?: number
  /** Upper bound of the first random wait, milliseconds; default 1000. */
  readonly reconnectDelay?: number
}

export function currentOf<T extends object>(setting: Settings<T> | undefined): T | undefined {
  return typeof setting === 'function' ? (setting as () => T)() : setting
}
