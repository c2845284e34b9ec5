// Documents over HTTP: asks a server at a steady pace. Redirects stay on the server, bodies are bounded after they are unpacked,
// and what people read of the URL is scheme and host alone.
import { readFile } from 'node:fs/promises'
import { OwnConnections, type Resolve } from '../outgoing/fetch.js'
import { type Fault, retryAfterMs, statusFault, transportFault, typeFault } from './answered.js'
import type { HttpSpec, PrometheusSpec } from './declared.js'
import { basicAuthorization } from './followed-server.js'
import { type Answer, type Ask, type PolledOptions, PolledSource } from './polled.js'
import { type Environment, Secret, SecretFault } from './secret.js'
import { hostOf } from './url.js'

export type WebSpec = Omit<HttpSpec, 'kind'> | Omit<PrometheusSpec, 'kind'>

export type WebOptions = {
  /** `G6_STATUS_MAX_BYTES`; a source may have a limit of its own. */
  readonly maxBytes: number
  readonly userAgent: string
  readonly env?: Environment
  readonly resolve?: Resolve
}

export type HttpSourceOptions = WebOptions &
  Omit<PolledOptions, 'name' | 'everyMs' | 'timeoutMs' | 'ask' | 'onClose'>

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

class AnswerFault extends Error {
  constructor(
    readonly fault: Fault,
    readonly waitMs: number | null = null,
  ) {
    super(fault.message)
  }
}

/** An answer that was received whole. */
export type WebAnswer = { readonly bytes: Uint8Array; readonly contentType: string | null }

/** Asks one address, with its credentials; remembers the marks of the last answer. */
export class WebQuestion {
  readonly #spec: WebSpec
  readonly #url: URL
  readonly #options: WebOptions
  readonly #headers: readonly (readonly [string, string | Secret])[]
  readonly #password: Secret | null
  readonly #connections = new OwnConnections()
  /** `ETag` and `Last-Modified` of the last good answer. */
  #marks: Readonly<Record<string, string>> = {}

  constructor(spec: WebSpec, url: URL, options: WebOptions) {
    const { env } = options
    this.#spec = spec
    this.#url = url
    this.#options = options
    this.#headers = Object.entries(spec.headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : new Secret(value, `the header ${name}`, env),
    ])
    this.#password = spec.basic === undefined ? null : new Secret(spec.basic.password, 'the password', env)
  }

  /** Never throws. `use` makes the answer of a whole body; `same` is the answer to a 304. */
  async ask(signal: AbortSignal, canConfirm: boolean, use: (answer: WebAnswer) => Answer): Promise<Answer> {
    try {
      if (!canConfirm) this.#marks = {}
      const response = await this.#follow(signal)
      if (response.status === 304) {
        await response.body?.cancel()
        return { kind: 'same' }
      }
      const bytes = await this.#wholeBody(response)
      const answer = use({ bytes, contentType: response.headers.get('content-type') })
      this.#marks = answer.kind === 'bad' ? {} : marksOf(response.headers)
      return answer
    } catch (error) {
      this.#marks = {}
      return this.#bad(error, signal)
    }
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  #bad(error: unknown, signal: AbortSignal): Answer {
    if (signal.aborted) {
      const message = `it has not answered within ${this.#spec.timeoutMs} ms`
      return { kind: 'bad', error: 'timeout', message }
    }
    if (error instanceof SecretFault) return { kind: 'bad', error: 'forbidden', message: error.message }
    if (error instanceof AnswerFault) {
      const { fault, waitMs } = error
      return { kind: 'bad', ...fault, ...(waitMs === null ? {} : { waitMs }) }
    }
    const { error: kind, message, isTls } = transportFault(error)
    // The next question reads the file of certificates again.
    if (isTls) void this.#connections.close()
    return { kind: 'bad', error: kind, message }
  }

  async #follow(signal: AbortSignal): Promise<Response> {
    const headers = await this.#requestHeaders()
    let url = this.#url
    let method: string = 'method' in this.#spec ? this.#spec.method : 'GET'
    for (let redirects = 0; ; redirects++) {
      const response = await this.#request(url, method, headers, signal)
      const { status } = response
      if (!REDIRECTS.has(status)) return await this.#checked(response)
      await response.body?.cancel()
      if (redirects === MAX_REDIRECTS)
        throw new AnswerFault({ error: 'io', message: `it redirects more than ${MAX_REDIRECTS} times` })
      url = this.#target(url, response)
      if (status === 303 || (method === 'POST' && status < 303)) method = 'GET'
    }
  }

  /** Credentials go nowhere else, and another port may be another program. */
  #target(from: URL, response: Response): URL {
    const location = response.headers.get('location') ?? ''
    const to = URL.canParse(location, from.href) ? new URL(location, from.href) : null
    if (to !== null && to.origin === from.origin) return to
    const where = to === null ? 'nowhere' : `to ${to.origin}`
    const message = `it redirects ${where}, which is not followed; name that address if it is right`
    throw new AnswerFault({ error: 'io', message })
  }

  async #request(
    url: URL,
    method: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { caFile } = this.#spec
    const body = method === 'POST' && 'body' in this.#spec ? this.#spec.body : undefined
    const { resolve } = this.#options
    return this.#connections.fetch(
      url.href,
      { method, headers, signal, redirect: 'manual', ...(body === undefined ? {} : { body }) },
      {
        ca: caFile === undefined ? null : await certificates(caFile),
        ...(resolve === undefined ? {} : { resolve }),
      },
    )
  }

  async #requestHeaders(): Promise<Readonly<Record<string, string>>> {
    const { basic } = this.#spec
    const given: (readonly [string, string])[] = []
    for (const [name, value] of this.#headers)
      given.push([name.toLowerCase(), typeof value === 'string' ? value : await value.read()])
    const password = (await this.#password?.read()) ?? null
    const authorization = basicAuthorization(basic?.user ?? null, password)
    return {
      accept: 'application/json, */*;q=0.5',
      'user-agent': this.#options.userAgent,
      ...('body' in this.#spec && this.#spec.body !== undefined
        ? { 'content-type': 'application/json' }
        : {}),
      ...(authorization === null ? {} : { authorization }),
      ...this.#marks,
      ...Object.fromEntries(given),
    }
  }

  async #checked(response: Response): Promise<Response> {
    const { status, headers } = response
    const isAsked = status === 304 && Object.keys(this.#marks).length > 0
    const fault = isAsked || this.#spec.statuses?.includes(status) ? null : statusFault(status)
    if (fault === null) return response
    await response.body?.cancel()
    throw new AnswerFault(fault, retryAfterMs(headers.get('retry-after'), Date.now()))
  }

  /** Counts what was unpacked: a small answer may become a large one. */
  async #wholeBody(response: Response): Promise<Uint8Array> {
    const maxBytes = this.#spec.maxBytes ?? this.#options.maxBytes
    const reader = response.body?.getReader()
    const pieces: Uint8Array[] = []
    let size = 0
    for (;;) {
      const piece = await reader?.read()
      if (piece === undefined || piece.done) break
      size += piece.value.length
      if (size > maxBytes) {
        await reader?.cancel().catch(() => {})
        throw new AnswerFault({ error: 'too_large', message: `the answer is larger than ${maxBytes} bytes` })
      }
      pieces.push(piece.value)
    }
    return new Uint8Array(Buffer.concat(pieces, size))
  }
}

async function certificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new AnswerFault({ error: 'io', message: `the file of ca_file cannot be read (${code})` })
  }
}

function marksOf(headers: Headers): Readonly<Record<string, string>> {
  const etag = headers.get('etag')
  const modified = headers.get('last-modified')
  return {
    ...(etag === null ? {} : { 'if-none-match': etag }),
    ...(modified === null ? {} : { 'if-modified-since': modified }),
  }
}

/** A JSON document; where it is a page for people, the reading says so. */
function documentOf({ bytes, contentType }: WebAnswer): Answer {
  const type = typeFault(contentType)
  const first = bytes.find(byte => byte > 0x20)
  // `{` or `[`, or the first byte of a byte-order mark.
  const isJson = first === 0x7b || first === 0x5b || (first ?? 0) >= 0xef
  if (type === null || isJson) return { kind: 'bytes', bytes }
  return { kind: 'bad', error: 'not_json', message: `it answered with ${type}, not with JSON` }
}

export function createHttpSource(spec: HttpSpec, options: HttpSourceOptions): PolledSource {
  const question = new WebQuestion(spec, new URL(spec.url), options)
  const ask: Ask = (signal, canConfirm) => question.ask(signal, canConfirm, documentOf)
  return polledWeb(spec, ask, question, options)
}

export function polledWeb(
  { url, everyMs, timeoutMs }: WebSpec,
  ask: Ask,
  question: WebQuestion,
  options: HttpSourceOptions,
): PolledSource {
  const onClose = (): Promise<void> => question.close()
  return new PolledSource({ ...options, name: hostOf(url), everyMs, timeoutMs, ask, onClose })
}
