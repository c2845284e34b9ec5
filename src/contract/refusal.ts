// A request that was turned away, and by which guard. The server writes one line of the log for each.
import { HttpError } from './errors.js'

/**
 * Why a request was refused; the label of `g6_sse_http_rejected_connections_total{reason}`. `connection`: the connection was
 * closed for what it is or has pending, not for a request.
 */
export type RejectReason =
  | 'auth'
  | 'ip'
  | 'ua'
  | 'rate'
  | 'cap'
  | 'host'
  | 'origin'
  | 'shed'
  | 'draining'
  | 'connection'
/** Guards of the chat relay alone, whose refusals that metric does not count. */
export type ChatGuard =
  | 'chat_flag'
  | 'chat_origin'
  | 'chat_auth'
  | 'chat_model'
  | 'chat_rate'
  | 'chat_cap'
  | 'chat_audit'
  | 'chat_backend'
  | 'chat_fleet'
export type Guard = RejectReason | ChatGuard

export class Refusal<G extends Guard = Guard> extends HttpError {
  constructor(
    readonly guard: G,
    ...rest: ConstructorParameters<typeof HttpError>
  ) {
    super(...rest)
  }
}

const SOONEST_SEC = 3
const LATEST_SEC = 8

/**
 * `Retry-After`, seconds, of refusals that end when other clients leave. Many are refused at once; with one number for all they
 * would come back at once. `random`: 0 up to 1.
 */
export function busyRetrySec(random: () => number = Math.random): number {
  return SOONEST_SEC + Math.floor(random() * (LATEST_SEC - SOONEST_SEC + 1))
}

export function busyHeaders(random?: () => number): { readonly 'Retry-After': string } {
  return { 'Retry-After': String(busyRetrySec(random)) }
}
