// What goes to the server: the question, the way back to a stream that has a name, the stop.
import type { Begin, ClientOptions } from './contract.js'

export type Requests = {
  /** Asks; of a stream that has a name, for what follows the last event seen. */
  ask(
    seen: { readonly streamId: string | null; readonly lastSequence: number },
    signal: AbortSignal,
  ): Promise<Response>
  /** Asks for the answer at once, where streams are not switched on for this caller. */
  askWhole(signal: AbortSignal): Promise<Response>
  stop(streamId: string): Promise<Response>
}

const ID_BYTES = 16
const STREAM = 'text/event-stream'

/** `crypto.randomUUID` is not there on pages that came over plain HTTP. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** One answer's requests: all its questions have the same idempotency key. */
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
    stop: streamId =>
      request(one(streamId), { method: 'DELETE', headers: own(), redirect: 'error', keepalive: true }),
  }
}
