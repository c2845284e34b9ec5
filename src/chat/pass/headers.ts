// Which headers go on between a caller and a backend. Lists of what passes, so that what is new on either side stays out.
import type { IncomingHttpHeaders } from 'node:http'
import type { ForwardedKey } from '../admission.js'
import { type Backend, keyHeaders } from '../backends/backend.js'
import type { Headers } from '../ports.js'
import { passedOn } from '../request.js'
import type { EdgeHeaders } from '../upstream/edge.js'

const VALUE = /^[\x20-\x7e]{1,1000}$/

/** Whose account is billed is the matter of the key, so these go with the caller's own key alone. */
const OF_ACCOUNT: ReadonlySet<string> = new Set(['openai-organization', 'openai-project'])
/** What an API's client says about the API, never who its caller is. */
const OF_API = /^(?:anthropic|openai)-[a-z0-9-]{1,60}$|^x-stainless-[a-z0-9-]{1,60}$/

export type Asker = {
  readonly headers: IncomingHttpHeaders
  readonly requestId: string
  readonly forwardedKey: ForwardedKey | null
  /** See Admission. */
  readonly isSecret: (text: string) => boolean
}

/** Null: this backend takes no key of a caller, and the caller came with one. */
export function headersToBackend(
  { headers, requestId, forwardedKey, isSecret }: Asker,
  backend: Backend,
  accept: string,
): Headers | null {
  if (forwardedKey !== null && !backend.acceptsCallerKey) return null
  const ofApi = Object.entries(headers).filter(
    (entry): entry is [string, string] =>
      OF_API.test(entry[0]) &&
      typeof entry[1] === 'string' &&
      VALUE.test(entry[1]) &&
      !isSecret(entry[1]) &&
      (forwardedKey !== null || !OF_ACCOUNT.has(entry[0])),
  )
  const { traceparent, tracestate } = passedOn(headers)
  const type = headers['content-type']
  return {
    ...Object.fromEntries(ofApi),
    ...(type !== undefined && VALUE.test(type) ? { 'content-type': type } : {}),
    ...(traceparent === null ? {} : { traceparent }),
    ...(tracestate === null ? {} : { tracestate }),
    accept,
    // Events and counts are read from the bytes as they are.
    'accept-encoding': 'identity',
    'x-request-id': requestId,
    ...(forwardedKey === null ? keyHeaders(backend) : { [forwardedKey.header]: forwardedKey.value }),
  }
}

const TO_CALLER: ReadonlySet<string> = new Set([
  ...['content-type', 'retry-after', 'retry-after-ms', 'x-should-retry', 'content-disposition'],
  ...['openai-processing-ms', 'openai-version', 'openai-model'],
])
const LIMITS = /^(?:x-|anthropic-)?ratelimit-[a-z0-9-]{1,60}$/

function passable(value: EdgeHeaders[string]): string | null {
  return typeof value === 'string' && VALUE.test(value) ? value : null
}

/** The backend's own id of its answer. */
export function upstreamRequestId(headers: EdgeHeaders): Headers {
  const id = passable(headers['x-request-id'] ?? headers['request-id'])
  return id === null ? {} : { 'x-upstream-request-id': id }
}

/** No cookie, no key, no account, nothing of one connection. */
export function headersToCaller(headers: EdgeHeaders): Headers {
  const passed = Object.entries(headers).flatMap(([name, given]): [string, string][] => {
    const value = passable(given)
    return value !== null && (TO_CALLER.has(name) || LIMITS.test(name)) ? [[name, value]] : []
  })
  return { ...Object.fromEntries(passed), ...upstreamRequestId(headers) }
}
