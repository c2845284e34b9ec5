// What goes wrong with an answer, as one kind of error.

/** What went wrong, for people in `message`, for programs in `code`. */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  constructor(
    /**
     * The server's own code (of its `error` event or problem document), else `network`, `timeout` (silence), `status`,
     * `content_type`, or `lost` (the stream is not to be had any more).
     */
    readonly code: string,
    message: string,
    /** Whether asking again may help; the client has already tried what it may by itself. */
    readonly retryable: boolean,
    /** HTTP status, where there was one. */
    readonly status?: number,
    /** How long the server asks to wait, seconds. */
    readonly retryAfterSec?: number,
  ) {
    super(message)
  }
}

type Problem = {
  readonly code?: unknown
  readonly detail?: unknown
  /** What the original said instead. */
  readonly error?: unknown
  readonly message?: unknown
  readonly retryAfter?: unknown
}

const firstText = (...texts: readonly unknown[]): string | undefined =>
  texts.find((text): text is string => typeof text === 'string')

/** The error of an answer that is no stream. */
export async function refusal(response: Response): Promise<ChatError> {
  const { status } = response
  let problem: Problem = {}
  try {
    problem = ((await response.json()) ?? {}) as Problem
  } catch {
    // A proxy's page, say: the status has to do.
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
