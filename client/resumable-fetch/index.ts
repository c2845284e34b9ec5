// g6-stream/resumable-fetch: a `fetch` for the SDKs of models, in browser and Node. Its answers survive lost connections.
//
// Each question gets an idempotency key. A connection that breaks before the answer's head is made again with the same key, so the server joins the
// running answer and nothing is paid twice; one that breaks later is resumed after the last whole event. docs/clients.md describes it.
import { follow, isEventStream, STREAM } from './follow.js'
import type { Fetch, ResumableOptions, ResumeOptions } from './options.js'
import { createPace } from './pace.js'

export type { Fetch, ResumableOptions, ResumeOptions } from './options.js'
export { ResumeError } from './options.js'

/** What may be repeated: the server joins a question with a known key to its answer. Anything else might be paid twice. */
const REPEATABLE = /\/(completions|responses|messages|streams\/[^/?]+)(\?|$)/

/** Where an answer is resumed; null: at another origin, which must not get the caller's key. */
function addressOf(id: string, { headers }: Response, asked: URL): string | null {
  // A proxy may serve /v1 under a path of its own, which the server's Location does not know.
  const { pathname } = asked
  const at = pathname.lastIndexOf('/v1/')
  const path = at === -1 ? (headers.get('location') ?? 'data:') : `${pathname.slice(0, at)}/v1/streams/${id}`
  const url = new URL(path, asked)
  return url.origin === asked.origin ? url.href : null
}

/** A `fetch` for an SDK: `new OpenAI({ baseURL, apiKey, fetch: resumableFetch() })`. */
export function resumableFetch(options: ResumableOptions = {}): Fetch {
  const request: Fetch = options.fetch ?? ((input, init) => fetch(input, init))
  return async (input, init = {}) => {
    const given: Partial<Request> = input instanceof Request ? input : {}
    const headers = new Headers(init.headers ?? given.headers)
    const signal = init.signal ?? given.signal
    if (/post/i.test(init.method ?? given.method ?? '') && !headers.has('idempotency-key'))
      headers.set('Idempotency-Key', crypto.getRandomValues(new Uint32Array(4)).join('-'))
    const url = given.url ?? String(input)
    // A body that is a stream is gone once it is sent.
    const canRepeat = REPEATABLE.test(url) && typeof (init.body ?? '') === 'string'
    const pace = createPace(options)
    let response: Response | undefined
    while (response === undefined) {
      try {
        response = await request(given.clone?.() ?? input, { ...init, headers })
      } catch (error) {
        if (!canRepeat || !(await pace.wait(signal, 0))) throw error
      }
    }
    const id = response.headers.get('x-stream-id')
    // A redirect may have led to another server, which must not get the caller's key.
    if (response.status !== 200 || id === null || response.redirected || !isEventStream(response))
      return response
    const address = addressOf(id, response, new URL(url, response.url || undefined))
    if (address === null) return response
    options.onStream?.(id)
    return new Response(follow(response, { id, url: address, headers, signal }, request, options), response)
  }
}

/**
 * Continues an answer whose id was kept, for example after a reload: an event stream from its beginning, or from `lastEventId`. 204: nothing is left of
 * it. 404: the server does not know it, or not as the caller's.
 */
resumableFetch.resume = (id: string, options: ResumeOptions = {}): Promise<Response> => {
  const headers = new Headers(options.headers)
  headers.set('Accept', STREAM)
  if (options.lastEventId !== undefined) headers.set('Last-Event-ID', options.lastEventId)
  return resumableFetch(options)(
    `${String(options.baseUrl ?? '/v1').replace(/\/$/, '')}/streams/${encodeURIComponent(id)}`,
    { headers, signal: options.signal ?? null },
  )
}
