// A question as the HTTP request of a backend, in each upstream style.
import type { Asked } from '../question.js'

export type Question = Asked & {
  /** Of the verified token; null for anonymous callers. */
  readonly email: string | null
  readonly role: string | null
  readonly requestId: string
  readonly traceparent: string | null
  readonly sessionId: string | null
  readonly continuityId: string | null
  /** The caller's own `Authorization`, only with `G6_CHAT_FORWARD_AUTH`. */
  readonly authorization: string | null
}

export type UpstreamStyle = 'rag-get' | 'rag-post' | 'openai'

export type UpstreamSettings = {
  readonly style: UpstreamStyle
  readonly model: string | null
  readonly token: string | null
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

function headersOf(question: Question, token: string | null): Record<string, string> {
  const authorization = question.authorization ?? (token === null ? null : `Bearer ${token}`)
  const optional = {
    traceparent: question.traceparent,
    'x-session-id': question.sessionId,
    'x-continuity-id': question.continuityId,
    authorization,
  }
  const given = Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== null)
  return { accept: 'text/event-stream', 'x-request-id': question.requestId, ...Object.fromEntries(given) }
}

function post(
  url: URL,
  path: string,
  question: Question,
  token: string | null,
  body: object,
): UpstreamRequest {
  return {
    origin: url.origin,
    path: `${base(url)}${path}`,
    method: 'POST',
    headers: { ...headersOf(question, token), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

const base = (url: URL): string => url.pathname.replace(/(?<!\/)\/+$/, '')

const RAG_PATH = '/bali-zero/chat-stream'

/** The request for one backend; its URL may have a path of its own. */
export function upstreamRequest(url: URL, question: Question, settings: UpstreamSettings): UpstreamRequest {
  const { style, token } = settings
  if (style === 'openai') {
    const { query, history } = question
    return post(url, '/v1/chat/completions', question, token, {
      ...(settings.model === null ? {} : { model: settings.model }),
      messages: [...history, { role: 'user', content: query }],
      stream: true,
      stream_options: { include_usage: true },
    })
  }
  if (style === 'rag-get') {
    const texts = Object.entries(members(question)).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
    const path = `${base(url)}${RAG_PATH}?${new URLSearchParams(texts)}`
    if (url.origin.length + path.length <= LONGEST_GET_URL_BYTES) {
      const headers = headersOf(question, token)
      return { origin: url.origin, path, method: 'GET', headers, body: null }
    }
  }
  return post(url, RAG_PATH, question, token, members(question))
}
