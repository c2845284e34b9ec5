// Webhooks and ntfy: one POST for each message, bounded in time. A redirect is followed on the same host only, and only where the POST
// stays one. Addresses may be secrets: what is shown of them is scheme and host.
import { type Address, type NotifyTarget, usableUrl } from '../../config/notify-targets.js'
import { OwnConnections } from '../../outgoing/fetch.js'
import type { Outcome, Sender } from '../delivery.js'
import { type Body, bodyOf, ntfyBody, signature } from '../formats.js'
import type { Notification } from '../message.js'
import type { ReadText } from './read-text.js'

export type WebTarget = Extract<NotifyTarget, { readonly kind: 'webhook' | 'ntfy' }>

export type WebOptions = {
  readonly target: WebTarget
  readonly read: ReadText
  readonly userAgent: string
  readonly nowMs: () => number
  readonly timeoutMs: number
}

const PROTOCOLS = ['http:', 'https:']
const MAX_REDIRECTS = 3
/** A request of this kind will never be taken, however often it is sent. */
const FINAL: ReadonlySet<number> = new Set([400, 413, 415, 422])

export function shownAddress(kind: string, address: Address): string {
  return typeof address === 'string' ? `${kind} ${new URL(address).origin}` : `${kind} of a file`
}

export function createWebSender(options: WebOptions): Sender {
  const { target, read } = options
  const connections = new OwnConnections()
  const what = target.kind
  return {
    shown: shownAddress(what, target.url),
    send: async (message, signal) => {
      const url = await urlOf(target.url, read)
      if (url === null) return { ok: false, why: 'its file has no URL that can be used' }
      const made = await requestOf(options, message)
      const limit = AbortSignal.timeout(options.timeoutMs)
      return post(connections, url, made, AbortSignal.any([signal, limit]))
    },
    close: () => connections.close(),
  }
}

async function urlOf(address: Address, read: ReadText): Promise<URL | null> {
  return usableUrl(typeof address === 'string' ? address : await read(address.file), PROTOCOLS)
}

type Request = { readonly body: string; readonly headers: Readonly<Record<string, string>> }

async function requestOf(
  { target, read, userAgent, nowMs }: WebOptions,
  message: Notification,
): Promise<Request> {
  const made = await bodyFor(target, read, message)
  const common = {
    ...made.headers,
    'Content-Type': made.type,
    'User-Agent': userAgent,
    'X-G6-Notification-Id': message.id,
  }
  if (target.kind === 'ntfy') {
    const token = target.tokenFile === null ? null : await read(target.tokenFile)
    return {
      body: made.text,
      headers: token === null ? common : { ...common, Authorization: `Bearer ${token}` },
    }
  }
  const secret = target.secretFile === null ? null : await read(target.secretFile)
  const signed = secret === null ? {} : { 'X-G6-Signature': signature(secret, nowMs(), made.text) }
  return { body: made.text, headers: { ...common, ...signed } }
}

async function bodyFor(target: WebTarget, read: ReadText, message: Notification): Promise<Body> {
  if (target.kind === 'ntfy') return ntfyBody(message)
  const key = target.keyFile === null ? null : await read(target.keyFile)
  return bodyOf(target.format, message, { chat: target.chat, key })
}

async function post(
  connections: OwnConnections,
  first: URL,
  { body, headers }: Request,
  signal: AbortSignal,
): Promise<Outcome> {
  let url = first
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const response = await connections
      .fetch(url.href, { method: 'POST', body, headers: { ...headers }, redirect: 'manual', signal })
      .catch((error: unknown) => faultText(error))
    if (typeof response === 'string') return { ok: false, why: response }
    // What it says is not needed; a body that never ends must not hold the connection.
    await response.body?.cancel().catch(() => {})
    const { status } = response
    if (status >= 200 && status < 300) return { ok: true }
    if (status < 300 || status > 399) return refused(status, response.headers.get('retry-after'))
    const next = redirectOf(url, status, response.headers.get('location'))
    if (next === null) return { ok: false, why: `status ${status}, a redirect that is not followed` }
    url = next
  }
  return { ok: false, why: 'too many redirects' }
}

/** Where a redirect leads; null: to another host, or as another request. */
function redirectOf(from: URL, status: number, location: string | null): URL | null {
  if ((status !== 307 && status !== 308) || location === null || !URL.canParse(location, from.href))
    return null
  const to = new URL(location, from)
  return to.origin === from.origin ? to : null
}

function refused(status: number, retryAfter: string | null): Outcome {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter)
  const wait = Number.isFinite(seconds) && seconds > 0 ? { waitMs: seconds * 1000 } : {}
  return { ok: false, why: `status ${status}`, ...wait, ...(FINAL.has(status) ? { isFinal: true } : {}) }
}

/** The code of the connection's error: its message would name the address. */
function faultText(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.name : 'unknown'
}
