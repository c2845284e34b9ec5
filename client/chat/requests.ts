// The requests of one answer: ask, resume, stop.
import type { Begin, ClientOptions } from './contract.js'

export type Requests = {
  /** Asks; with a stream id, resumes after the last event received. */
  ask(
    seen: { readonly streamId: string | null; readonly lastSequence: number },
    signal: AbortSignal,
  ): Promise<Response>
  /** Asks for the whole answer, when streams are switched off for this caller. */
  askWhole(signal: AbortSignal): Promise<Response>
  stop(streamId: string, signal: AbortSignal): Promise<void>
}

const ID_BYTES = 16
const STREAM = 'text/event-stream'

/** Pages over plain HTTP have no `crypto.randomUUID`. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** All requests of one answer have the same idempotency key. */
export function createRequests(begin: Begin, client: ClientOptions): Requests {
  const { baseUrl = '', prefix = '/api/v2/bali-zero', method = 'POST' } = client
  const base = `${baseUrl.replace(/\/$/, '')}${prefix}`
  const address = `${base}/chat-stream`
  const request = client.fetch ?? fetch
  const key = freshKey()
  const own = (): Readonly<Record<string, string>> =>
    typeof client.headers === 'function' ? client.headers() : (client.headers ?? {})
  const one = (streamId: string): string => `${address}/${encodeURIComponent(streamId)}`
  const question = 'question' in begin ? begin.question : { query: '' }
  const common = (signal: AbortSignal) => ({ cache: 'no-store', redirect: 'error', signal }) as const
  const post = (to: string, accept: string, signal: AbortSignal): Promise<Response> =>
    request(to, {
      ...common(signal),
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key, Accept: accept, ...own() },
      body: JSON.stringify(question),
    })

  return {
    ask: ({ streamId, lastSequence }, signal) => {
      if (streamId === null && method === 'POST') return post(address, STREAM, signal)
      const headers = { Accept: STREAM, ...own() }
      if (streamId !== null) {
        return request(`${one(streamId)}?after=${lastSequence}`, { ...common(signal), headers })
      }
      const members = Object.entries(question).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ])
      return request(`${address}?${new URLSearchParams(members)}`, {
        ...common(signal),
        headers: { 'Idempotency-Key': key, ...headers },
      })
    },
    askWhole: signal => post(`${base}/chat`, 'application/json', signal),
    stop: async (streamId, signal) => {
      const response = await request(one(streamId), {
        method: 'DELETE',
        headers: own(),
        redirect: 'error',
        keepalive: true,
        signal,
      })
      await response.body?.cancel()
    },
  }
}
