/** Why an answer failed: `message` for people, `code` for programs. */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  constructor(
    /**
     * The server's own code (of its `error` event or problem document), else `network`, `timeout` (silence), `status`,
     * `content_type`, or `lost` (the stream has expired).
     */
    readonly code: string,
    message: string,
    /** Whether asking again may help; the client has already retried. */
    readonly retryable: boolean,
    /** The HTTP status, if there was one. */
    readonly status?: number,
    /** Retry-After, seconds. */
    readonly retryAfterSec?: number,
  ) {
    super(message)
  }
}

type Problem = {
  readonly code?: unknown
  readonly detail?: unknown
  /** In place of `code`, from the original. */
  readonly error?: unknown
  readonly message?: unknown
  readonly retryAfter?: unknown
}

const firstText = (...texts: readonly unknown[]): string | undefined =>
  texts.find((text): text is string => typeof text === 'string')

/** The error in a response that is not a stream. */
export async function refusal(response: Response): Promise<ChatError> {
  const { status } = response
  let problem: Problem = {}
  try {
    problem = ((await response.json()) ?? {}) as Problem
  } catch {
    // Not JSON, a proxy's page for example: the status is all there is.
  }
  const { code, detail, error, message } = problem
  const wait = Number(response.headers.get('retry-after') ?? problem.retryAfter ?? Number.NaN)
  return new ChatError(
    firstText(code, error) ?? 'status',
    firstText(detail, message) ?? `HTTP ${status}`,
    status >= 500 || status === 429,
    status,
    Number.isFinite(wait) ? wait : undefined,
  )
}
