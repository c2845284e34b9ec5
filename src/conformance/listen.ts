// One request to the server under test, and what it answered: bounded in time and size.
import { bodyText, pieces } from '../../client/body.js'
import { addresses } from '../../client/connect.js'
import { send } from '../../client/event-stream.js'
import { createSseParser } from '../sse/parse.js'

export type Target = {
  /** The server's base, or the address of its stream. */
  readonly url: string
  readonly token: string | null
  /** How long each check waits for what must come. */
  readonly timeoutMs: number
  /** Whether checks that wait for a silent stream run. */
  readonly keepalive: boolean
}

export type Message = {
  readonly event: string
  readonly text: string
  /** Undefined when it is not JSON. */
  readonly data: Readonly<Record<string, unknown>> | undefined
  /** The last id on the stream, this event's or an earlier one's. */
  readonly id: string
}

export type Heard = {
  readonly status: number
  readonly headers: Headers
  readonly messages: readonly Message[]
  /** `retry:` came before the first event. */
  readonly beginsWithRetry: boolean
  /** What was waited for has come. */
  readonly isComplete: boolean
}

type Asked = {
  readonly panels?: readonly string[]
  readonly structured?: boolean
  readonly view?: 'lines' | 'blocks'
  readonly lastEventId?: string
  readonly headers?: Readonly<Record<string, string>>
}

const MAX_BODY_BYTES = 32 * 1024 * 1024

type Init = { readonly method?: string; readonly headers?: Readonly<Record<string, string>> }

const tokenOf = ({ token }: Target) => (token === null ? {} : { 'X-API-Token': token })

export function request(target: Target, address: string, init: Init = {}): Promise<Response> {
  const signal = AbortSignal.timeout(target.timeoutMs)
  const { method = 'GET', headers = {} } = init
  return send(fetch, address, { method, signal }, headers, tokenOf(target))
}

/** The document in an answer, within the limits. */
export async function documentIn(target: Target, response: Response): Promise<unknown> {
  const { timeoutMs } = target
  return JSON.parse(await bodyText(response, MAX_BODY_BYTES, AbortSignal.timeout(timeoutMs)))
}

export const streamAddress = ({ url }: Target, asked: Asked = {}): string => addresses(url, asked).stream
export const resyncAddress = ({ url }: Target): string => addresses(url).resync

function jsonOf(text: string): Message['data'] {
  try {
    const data: unknown = JSON.parse(text)
    return typeof data === 'object' && data !== null ? (data as Message['data']) : undefined
  } catch {
    return undefined // the check `schema` reports it
  }
}

/** Reads the stream until `isDone`, its end, or the time limit. */
export async function listen(
  target: Target,
  asked: Asked,
  isDone: (messages: readonly Message[], comments: number) => boolean,
  limitMs: number = target.timeoutMs,
): Promise<Heard> {
  const messages: Message[] = []
  let comments = 0
  let beginsWithRetry = false
  const parser = createSseParser({
    onEvent: ({ event, data, id }) => messages.push({ event, text: data, data: jsonOf(data), id }),
    onComment: () => {
      comments++
    },
    onRetry: () => {
      beginsWithRetry ||= messages.length === 0
    },
  })
  const life = new AbortController()
  const timer = setTimeout(() => life.abort(), limitMs)
  const { lastEventId } = asked
  const headers = {
    Accept: 'text/event-stream',
    'Accept-Encoding': 'identity',
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
    ...asked.headers,
  }
  let response: Response | undefined
  let bytes = 0
  try {
    response = await send(
      fetch,
      streamAddress(target, asked),
      { signal: life.signal },
      headers,
      tokenOf(target),
    )
    for await (const piece of pieces(response, life.signal)) {
      bytes += piece.length
      if (response.status === 200) parser.push(piece)
      if (bytes > MAX_BODY_BYTES || isDone(messages, comments)) break
    }
  } catch (error) {
    // The time limit is an answer too: the check says what did not come.
    if (!life.signal.aborted) throw error
    if (response === undefined) throw new Error(`no answer within ${limitMs} ms`)
  } finally {
    clearTimeout(timer)
    life.abort()
  }
  const { status, headers: answered } = response
  return { status, headers: answered, messages, beginsWithRetry, isComplete: isDone(messages, comments) }
}
