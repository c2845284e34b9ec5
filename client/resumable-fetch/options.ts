// What an app can set, each with its default and the reason for it.

/** A `fetch`, as an SDK takes and calls it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export type ResumableOptions = {
  /** Makes every request. Default: the global `fetch`, looked up at each call, so that one that is replaced later is used too. */
  readonly fetch?: Fetch
  /**
   * Whether an abort (the SDK's `abort()`, a loop that is left early, a cancelled body) also stops the answer on the server. Default: true, because
   * an answer that nobody reads costs money. False: it goes on there as after a lost connection, for `resume` or another reader.
   */
  readonly stopOnAbort?: boolean
  /** Failed attempts in a row until the SDK gets the error; a new event begins anew. Default: 8, about 11 s of waiting. */
  readonly maxAttempts?: number
  /** Milliseconds without a new event until the SDK gets the error, however few the attempts. Default: 60 000: a server keeps an answer without a reader for 15 s. */
  readonly maxOutageMs?: number
  /** The first wait is random between 0 and this; the limit doubles with each failure, up to 20 times this. A server's `Retry-After` may ask for more. Default: 250, so at most 5 s. */
  readonly retryDelayMs?: number
  /** Milliseconds without a byte until a connection counts as lost. Default: 45 000: a server sends one every 15 s. */
  readonly silenceMs?: number
  /** Called with the id of each answer as soon as it is known: keep it to `resume` the answer after a reload. Default: not called. */
  readonly onStream?: (id: string) => void
}

export type ResumeOptions = ResumableOptions & {
  /** The SDK's `baseURL`, where the server's `/v1` is. Default: `/v1` of the page's own server. */
  readonly baseUrl?: string | URL
  /** Who asks, as the SDK says it: `Authorization` or `x-api-key`. Default: none. */
  readonly headers?: NonNullable<RequestInit['headers']>
  /** The `id:` of the last event that the app still has. Default: none, so the answer comes from its beginning. */
  readonly lastEventId?: string
  readonly signal?: AbortSignal
}

/** Of an answer that is not whole and will not become so: what the SDK gets in place of its end. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError'
}
