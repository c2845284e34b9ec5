// A question as the HTTP request of a backend, in each upstream style.
import { type Backend, keyHeaders, modelAt, pathAt, type UpstreamStyle } from '../backends/backend.js'
import type { Asked } from '../question.js'

export type Question = Asked & {
  /** Of the verified token; null for anonymous callers. */
  readonly email: string | null
  readonly role: string | null
  readonly requestId: string
  readonly traceparent: string | null
  readonly tracestate: string | null
  readonly sessionId: string | null
  readonly continuityId: string | null
  /** The caller's own `Authorization`, only with `G6_CHAT_FORWARD_AUTH`. */
  readonly authorization: string | null
}

export type UpstreamSettings = {
  readonly style: UpstreamStyle
  readonly model: string | null
}

export type UpstreamRequest = {
  readonly origin: string
  readonly path: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | null
}

/** A longer GET becomes a POST. */
const LONGEST_GET_URL_BYTES = 8 * 1024

function members(question: Question): Record<string, unknown> {
  const { query, email, role, history } = question
  return {
    query,
    ...(email === null ? {} : { user_email: email }),
    ...(role === null ? {} : { user_role: role }),
    ...(history.length === 0 ? {} : { conversation_history: history }),
  }
}

/** The key of the backend alone, or with G6_CHAT_FORWARD_AUTH the caller's token in its place. */
function headersOf(question: Question, backend: Backend): Record<string, string> {
  const optional = {
    traceparent: question.traceparent,
    tracestate: question.tracestate,
    'x-session-id': question.sessionId,
    'x-continuity-id': question.continuityId,
    authorization: question.authorization,
  }
  const given = Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== null)
  return {
    accept: 'text/event-stream',
    'x-request-id': question.requestId,
    ...keyHeaders(backend),
    ...Object.fromEntries(given),
  }
}

function post(backend: Backend, path: string, question: Question, body: object): UpstreamRequest {
  return {
    origin: backend.url.origin,
    path,
    method: 'POST',
    headers: { ...headersOf(question, backend), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/** `rag` paths are below the whole path of the URL; its query comes first. */
function ragPath({ pathname, searchParams }: URL, texts: readonly [string, string][]): string {
  const all: [string, string][] = [...searchParams, ...texts]
  const query = new URLSearchParams(all).toString()
  return `${pathname.replace(/(?<!\/)\/+$/, '')}/bali-zero/chat-stream${query === '' ? '' : `?${query}`}`
}

/** The request for one backend; null: it does not serve the model. */
export function upstreamRequest(
  backend: Backend,
  question: Question,
  { style, model }: UpstreamSettings,
): UpstreamRequest | null {
  const { url, usageOption } = backend
  if (style === 'openai') {
    const { query, history } = question
    const itsModel = model === null ? null : modelAt(backend, model)
    if (model !== null && itsModel === null) return null
    return post(backend, pathAt(url, '/chat/completions'), question, {
      ...(itsModel === null ? {} : { model: itsModel }),
      messages: [...history, { role: 'user', content: query }],
      stream: true,
      ...(usageOption ? { stream_options: { include_usage: true } } : {}),
    })
  }
  if (style === 'rag-get') {
    const texts = Object.entries(members(question)).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
    const path = ragPath(url, texts)
    if (url.origin.length + path.length <= LONGEST_GET_URL_BYTES) {
      return { origin: url.origin, path, method: 'GET', headers: headersOf(question, backend), body: null }
    }
  }
  return post(backend, ragPath(url, []), question, members(question))
}
