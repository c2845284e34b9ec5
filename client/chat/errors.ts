import { refusalOf } from '../body.js'

/** Why an answer failed: `message` for people, `code` for programs. */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  constructor(
    /**
     * The server's own code (of its `error` event or problem document), else `network`, `timeout` (silence), `status`,
     * `content_type`, `too_large`, or `lost` (the stream has expired).
     */
    readonly code: string,
    message: string,
    /** Whether asking again may help; the client has already retried. */
    readonly retryable: boolean,
    /** The HTTP status, if there was one. */
    readonly status?: number,
    /** `Retry-After`, at most an hour. */
    readonly retryAfterSec?: number,
  ) {
    super(message)
  }
}

/** The error in a response that is not a stream. */
export async function refusal(response: Response): Promise<ChatError> {
  const { status } = response
  const { problem = 'status', detail, message, retryAfterSec } = await refusalOf(response)
  return new ChatError(problem, detail ?? message, status >= 500 || status === 429, status, retryAfterSec)
}
