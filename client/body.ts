// Bodies of answers, read within bounds; and what a refusal says. For both clients.

import { retryAfterSec } from '../src/protocol/retry-after.js'

/** What is needed of `fetch`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

export type Refusal = {
  /** `HTTP 429`, and the detail. */
  readonly message: string
  /** `code` of the problem document (RFC 9457), or `error` of the original. */
  readonly problem: string | undefined
  /** Its `detail` (or `message`), for people: one line, without control characters. */
  readonly detail: string | undefined
  /** `Retry-After`, at most an hour. */
  readonly retryAfterSec: number | undefined
}

/** Limits of a problem document. */
const MAX_PROBLEM_BYTES = 2 ** 16
const PROBLEM_TIMEOUT_MS = 5_000
const MAX_TEXT_LENGTH = 300

/** The pieces of a body until `signal` aborts, which throws; `inTime` wraps each read. Leaving the loop ends the connection. */
export async function* pieces(
  { body }: Response,
  signal: AbortSignal,
  inTime: <T>(work: Promise<T>) => Promise<T> = work => work,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = (body as ReadableStream<Uint8Array> | null)?.getReader()
  const end = (): void => void reader?.cancel().catch(() => {})
  // Not every fetch ends a pending read on abort.
  signal.addEventListener('abort', end)
  try {
    while (reader) {
      const { value } = await inTime(reader.read())
      signal.throwIfAborted()
      if (!value) return
      yield value
    }
  } finally {
    end()
  }
}

/** The body as text: at most `maxBytes` after decompression, until `signal` aborts; else it throws. */
export async function bodyText(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let left = maxBytes
  for await (const piece of pieces(response, signal)) {
    left -= piece.length
    if (left < 0) throw new Error(`the answer is over ${maxBytes} bytes`)
    text += decoder.decode(piece, { stream: true })
  }
  return text + decoder.decode()
}

/** A text of a server as one line for people; undefined when there is none. */
function shown(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  return (
    text
      .slice(0, MAX_TEXT_LENGTH)
      .replace(/[\s\p{C}]+/gu, ' ')
      .trim() || undefined
  )
}

/** What an answer that is no stream says; reads its body. Never throws. */
export async function refusalOf(response: Response): Promise<Refusal> {
  let given: Readonly<Record<string, unknown>> = {}
  try {
    given = Object(
      JSON.parse(await bodyText(response, MAX_PROBLEM_BYTES, AbortSignal.timeout(PROBLEM_TIMEOUT_MS))),
    )
  } catch {
    // Not JSON, a proxy's page for example: the status is all there is.
  }
  const detail = shown(given.detail ?? given.message)
  return {
    message: `HTTP ${response.status}${detail ? `: ${detail}` : ''}`,
    problem: shown(given.code ?? given.error),
    detail,
    retryAfterSec: retryAfterSec(response.headers.get('retry-after') ?? given.retryAfter, Date.now()),
  }
}
