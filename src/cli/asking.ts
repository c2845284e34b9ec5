// Asks a running server for one of its documents: for commands that look at a server from outside.
import { z } from 'zod'
import type { Config } from '../config/settings.js'

/** The documents are small: a thousand readers are half of it at most. */
const MAX_BODY_BYTES = 2 * 1024 * 1024

/** Where the server of these settings listens. */
export function ownUrl({ httpHost, unifiedHttpPort }: Pick<Config, 'httpHost' | 'unifiedHttpPort'>): string {
  const isEverywhere = httpHost === '0.0.0.0' || httpHost === '::'
  const host = isEverywhere ? '127.0.0.1' : httpHost
  return `http://${host.includes(':') ? `[${host}]` : host}:${unifiedHttpPort}`
}

async function bodyOf(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body ?? []) {
    size += piece.length
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is over ${MAX_BODY_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

const problem = z.looseObject({ detail: z.string().max(1_000) })

/** `: ` and the detail of a problem document; empty for another form of error. */
function whyIn(text: string): string {
  try {
    return `: ${problem.parse(JSON.parse(text)).detail}`
  } catch {
    // Not a problem document: the message has the status alone.
    return ''
  }
}

function addressOf(base: string, path: string): URL {
  const whole = base.endsWith('/') ? base : `${base}/`
  const url = URL.canParse(whole) ? new URL(path, whole) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error(`"${base}" is no address of a server: give http://HOST:PORT or https://HOST`)
  if (url.username !== '' || url.password !== '')
    throw new Error(`the address of ${url.origin} must not have a user or a password in it`)
  return url
}

export type Asked = {
  /** The server's base address. */
  readonly base: string
  readonly path: string
  readonly token: string | null
  /** For the whole answer. */
  readonly timeoutMs: number
  /** GET by default; `body` is sent as JSON. */
  readonly method?: 'POST' | 'DELETE'
  readonly body?: object
}

/** The JSON document at this path. Throws an Error that says why there is none. */
export async function documentOf({ base, path, token, timeoutMs, method, body }: Asked): Promise<unknown> {
  const { fetch } = await import('undici')
  const url = addressOf(base, path)
  const failed = (error: unknown): never => {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    if (isLate) throw new Error(`${url.origin} has not answered within ${timeoutMs / 1000} s`)
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new Error(
      `${url.origin} cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}`,
    )
  }
  const response = await fetch(url, {
    method: method ?? 'GET',
    headers: {
      ...(token === null ? {} : { 'X-API-Token': token }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  }).catch(failed)
  const text = await bodyOf(response.body).catch(failed)
  if (response.status === 401) {
    throw new Error(`${url.origin} needs its token: set G6_SSE_API_TOKEN_FILE as the server has it`)
  }
  if (response.status !== 200 && response.status !== 201)
    throw new Error(`${url.origin} answers with ${response.status}${whyIn(text)}`)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Error(`${url.origin} answers with something that is not JSON`)
  }
}
